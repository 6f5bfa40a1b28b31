#include "trust/revocation.h"

#include <algorithm>

#include "base/host.h"
#include "base/text.h"
#include "data/json.h"
#include "data/members.h"
#include "trust/extension.h"
#include "trust/keys.h"

namespace hansa {
namespace {

constexpr std::int64_t version = 1;
constexpr JsonLimits limits{revocations_bytes_max, 4};
constexpr std::string_view purpose = "hansa revocation list 1";
constexpr std::int64_t epoch_max =
    (std::int64_t{1} << 53) - 1;  // what every reader of JSON counts to
constexpr std::int64_t ms_max = INT64_MAX / 1'000'000;
constexpr std::size_t serial_digits_max = 80;

std::int64_t ms_of(WallTime time) {
    return std::chrono::floor<Milliseconds>(time.time_since_epoch()).count();
}

std::string statement_of(const RevocationList& list) {
    Statement statement{purpose};
    statement.add(list.cluster).add(list.epoch);
    statement.add(std::uint64_t{list.revoked.serials.size()});
    for (const std::string& serial : list.revoked.serials) statement.add(serial);
    statement.add(std::uint64_t{list.revoked.names.size()});
    for (const auto& [name, until] : list.revoked.names)
        statement.add(name).add(static_cast<std::uint64_t>(ms_of(until)));
    return statement.bytes();
}

bool is_serial(std::string_view text) {
    return !text.empty() && text.size() <= serial_digits_max && hex_decode(text);
}

Result<void> check_list(const RevocationList& list) {
    const auto& [serials, names] = list.revoked;
    const auto refused = [](const std::string& why) {
        return Error{Code::invalid, "revocation list " + why};
    };
    if (list.epoch > static_cast<std::uint64_t>(epoch_max))
        return refused("has an epoch above 2^53");
    if (serials.size() + names.size() > revocations_max)
        return refused("has " + counted(serials.size() + names.size(), "entry") + "; " +
                       std::to_string(revocations_max) + " at most");
    // Or verify_chain would not find them.
    if (std::adjacent_find(serials.begin(), serials.end(), std::greater_equal<>()) != serials.end())
        return refused("has serials that are not sorted, or one twice");
    for (const std::string& serial : serials)
        if (!is_serial(serial)) return refused("has a serial that is none");
    for (const auto& [name, until] : names) {
        if (auto good = HostName::parse(name); !good)
            return std::move(good).error().during("revocation list");
        if (ms_of(until) < 0) return refused("has a time before 1970");
    }
    return {};
}

Value value_of(const RevocationList& list) {
    Value::List serials;
    for (const std::string& serial : list.revoked.serials)
        serials.push_back(Value::of_text(serial));
    Value::Map names;
    for (const auto& [name, until] : list.revoked.names)
        names.push_back({name, {}, Value::of_int(ms_of(until))});
    Value::Map map;
    map.push_back({"v", {}, Value::of_int(version)});
    map.push_back({"cluster", {}, Value::of_text(list.cluster)});
    map.push_back({"epoch", {}, Value::of_int(static_cast<std::int64_t>(list.epoch))});
    map.push_back({"serials", {}, Value::of_list(std::move(serials))});
    map.push_back({"names", {}, Value::of_map(std::move(names))});
    return Value::of_map(std::move(map));
}

std::map<std::string, WallTime> read_names(Members& members) {
    const Value* value = members.any("names");
    std::map<std::string, WallTime> names;
    if (!value || !value->is_map()) {
        members.refuse("has no object \"names\"");
        return names;
    }
    Members times(*value, "\"names\"");
    for (const Value::Entry& entry : value->map())
        names[entry.key] = WallTime{Milliseconds{times.number(entry.key, {0, ms_max})}};
    if (auto read = times.finish(); !read) members.refuse("with " + read.error().text);
    return names;
}

struct Signed {
    RevocationList list;
    std::string chain;
    std::string signature;
};

Result<Signed> decode(std::string_view text) {
    auto parsed = parse_json(text, limits);
    if (!parsed) return std::move(parsed).error().during("revocation list");
    Members members(*parsed, "revocation list");
    members.number("v", {version, version});
    Signed read;
    read.list.cluster = members.text("cluster");
    read.list.epoch = static_cast<std::uint64_t>(members.number("epoch", {0, epoch_max}));
    read.list.revoked.serials = members.texts("serials");
    read.list.revoked.names = read_names(members);
    read.chain = members.text("chain");
    auto signature = base64_decode(members.text("sig"));
    if (!signature) members.refuse("has \"sig\" as text that is not base64");
    if (auto done = members.finish(); !done) return std::move(done).error();
    if (auto good = check_list(read.list); !good) return std::move(good).error();
    read.signature = *std::move(signature);
    return read;
}

}  // namespace

Result<std::string> sign_revocations(const RevocationList& list, const Authority& authority) {
    RevocationList ours = list;
    ours.cluster = authority.cluster();
    if (auto good = check_list(ours); !good) return std::move(good).error();
    Value value = value_of(ours);
    const std::string signature = authority.key().sign(statement_of(ours));
    value.map().push_back({"chain", {}, Value::of_text(authority.chain().front().pem())});
    value.map().push_back({"sig", {}, Value::of_text(base64_encode(signature))});
    std::string text = to_json(value);
    if (text.size() > revocations_bytes_max)
        return Error{Code::invalid, "revocation list takes " + counted(text.size(), "byte") + "; " +
                                        std::to_string(revocations_bytes_max) + " at most"};
    return text;
}

Result<RevocationList> read_revocations(std::string_view text, std::span<const Certificate> roots,
                                        WallTime now) {
    auto read = decode(text);
    if (!read) return std::move(read).error();
    auto chain = Certificate::chain_from_pem(read->chain);
    if (!chain) return std::move(chain).error().during("revocation list");
    const Certificate& signer = chain->front();
    const WallTime judged = std::min(now, signer.not_after() - Seconds{1});
    if (auto good = verify_chain(*chain, roots, judged, {}, ChainLeaf::authority); !good)
        return std::move(good).error().during("revocation list");
    auto cluster = openssl::cluster_of(signer);
    if (!cluster || *cluster != read->list.cluster)
        return Error{Code::denied, "revocation list of cluster " +
                                       printable(read->list.cluster, 80) +
                                       " was signed by no authority of it"};
    if (!signer.verifies(statement_of(read->list), read->signature))
        return Error{Code::denied, "revocation list was changed after it was signed"};
    return std::move(read->list);
}

RevocationList revoke_name(RevocationList list, const std::string& name, WallTime now) {
    // Never earlier than before: a clock that was set back must not readmit anybody.
    const auto at = std::chrono::floor<Milliseconds>(now);
    WallTime& until = list.revoked.names[name];
    until = std::max<WallTime>(until, at);
    ++list.epoch;
    return list;
}

RevocationList revoke_serial(RevocationList list, const std::string& serial) {
    auto& serials = list.revoked.serials;
    const auto at = std::lower_bound(serials.begin(), serials.end(), serial);
    if (at == serials.end() || *at != serial) serials.insert(at, serial);
    ++list.epoch;
    return list;
}

}  // namespace hansa
