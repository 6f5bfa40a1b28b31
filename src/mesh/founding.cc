#include "mesh/founding.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/text.h"
#include "data/json.h"
#include "data/members.h"
#include "mesh/seats.h"
#include "trust/claims.h"
#include "trust/keys.h"

namespace hansa {
namespace {

constexpr std::int64_t format_version = 1;
constexpr JsonLimits limits{4096, 3};

// Of equal hashes the uuids decide.
auto rank(const FounderWord& word) {
    return std::tuple(seat_hash(word.uuid), word.uuid);
}

}  // namespace

std::string founding_group(std::vector<std::string> addresses) {
    std::sort(addresses.begin(), addresses.end());
    return hex_encode(sha256(join(addresses, "\n"))).substr(0, 32);
}

std::string encode(const FounderWord& word) {
    Value::Map map;
    map.push_back({"v", {}, Value::of_int(format_version)});
    map.push_back({"uuid", {}, Value::of_text(word.uuid)});
    map.push_back({"host", {}, Value::of_text(word.host)});
    map.push_back({"group", {}, Value::of_text(word.group)});
    return to_json(Value::of_map(std::move(map)));
}

Result<FounderWord> decode_founder_word(std::string_view text) {
    auto parsed = parse_json(text, limits);
    if (!parsed) return std::move(parsed).error().during("a founder's word");
    Members members(*parsed, "a founder's word");
    members.number("v", {format_version, format_version});
    FounderWord word;
    word.uuid = members.text("uuid");
    if (!is_uuid(word.uuid)) members.refuse("has a \"uuid\" that is none");
    word.host = members.text("host");
    word.group = members.text("group");
    if (auto finished = members.finish(); !finished) return std::move(finished).error();
    return word;
}

FoundingStep decide_founding(const FounderWord& me,
                             const std::map<std::string, std::optional<FounderWord>>& heard) {
    using Do = FoundingStep::Do;
    std::vector<std::string> missing;
    std::set<std::string> uuids{me.uuid};
    bool is_smallest = true;
    const FounderWord* first = &me;
    for (const auto& [address, word] : heard) {
        if (!word) {
            missing.push_back(address);
            continue;
        }
        if (word->group != me.group)
            return {Do::refuse, word->host + " at " + address +
                                    " was given other --seeds: all that found together need the "
                                    "same list"};
        if (!uuids.insert(word->uuid).second)
            return {Do::refuse, word->host + " at " + address + " has the uuid of another host (" +
                                    word->uuid + "): one is a copy; remove its state"};
        if (rank(*word) < rank(*first)) {
            first = &*word;
            is_smallest = false;
        }
    }
    const std::size_t all = heard.size() + 1;
    if (!missing.empty())
        return {Do::wait, "waits for " + join(missing, ", ") + ": " + std::to_string(uuids.size()) +
                              " of " + std::to_string(all) + " hosts are here"};
    if (!is_smallest) return {Do::wait, "all are here, and " + first->host + " founds"};
    return {Do::found, "all " + std::to_string(all) + " hosts are here, and this one founds"};
}

}  // namespace hansa
