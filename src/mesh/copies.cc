#include "mesh/copies.h"

#include <algorithm>
#include <tuple>

#include "data/json.h"
#include "data/members.h"
#include "mesh/seats.h"
#include "trust/claims.h"

namespace hansa {
namespace {

constexpr std::int64_t format_version = 1;
constexpr JsonLimits limits{1 << 10, 2};
constexpr std::int64_t number_max = (std::int64_t{1} << 53) - 1;

}  // namespace

std::vector<std::string> choose_keepers(const SeatFacts& facts) {
    using Rank = std::tuple<bool, std::uint64_t, std::string>;
    std::vector<Rank> ranks;
    for (const SeatApplicant& peer : facts.peers) {
        if (!peer.is_alive || !peer.hindrance.empty()) continue;
        const bool is_member = facts.find_member_of(peer.uuid) != nullptr;
        ranks.emplace_back(is_member, seat_hash(peer.uuid), peer.uuid);
    }
    std::sort(ranks.begin(), ranks.end());
    ranks.resize(std::min(ranks.size(), keepers_wanted));
    std::vector<std::string> keepers;
    for (Rank& rank : ranks) keepers.push_back(std::move(std::get<std::string>(rank)));
    return keepers;
}

std::string encode(const CopyRecord& record) {
    Value::Map map;
    const auto put = [&map](const char* name, Value value) {
        map.push_back({name, {}, std::move(value)});
    };
    put("v", Value::of_int(format_version));
    put("uuid", Value::of_text(record.uuid));
    put("at", Value::of_int(record.at.count()));
    put("epoch", Value::of_int(static_cast<std::int64_t>(record.epoch)));
    put("revision", Value::of_int(record.revision));
    put("bytes", Value::of_int(static_cast<std::int64_t>(record.bytes)));
    return to_json(Value::of_map(std::move(map)));
}

Result<CopyRecord> decode_copy(std::string_view text) {
    auto parsed = parse_json(text, limits);
    if (!parsed) return std::move(parsed).error().during("copy");
    Members members(*parsed, "copy");
    members.number("v", {format_version, format_version});
    CopyRecord record;
    record.uuid = members.text("uuid");
    if (!is_uuid(record.uuid)) members.refuse("has a \"uuid\" that is none");
    record.at = Milliseconds{members.number("at", {0, number_max})};
    record.epoch = static_cast<std::uint64_t>(members.number("epoch", {0, number_max}));
    record.revision = members.number("revision", {0, number_max});
    record.bytes = static_cast<std::uint64_t>(members.number("bytes", {0, number_max}));
    if (auto finished = members.finish(); !finished) return std::move(finished).error();
    return record;
}

}  // namespace hansa
