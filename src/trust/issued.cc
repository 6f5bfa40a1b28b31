#include "trust/issued.h"

#include <algorithm>
#include <chrono>

#include "base/host.h"
#include "base/text.h"
#include "data/json.h"
#include "data/members.h"

namespace hansa {
namespace {

constexpr std::int64_t version = 1;
constexpr JsonLimits limits{1 << 20, 4};
constexpr std::int64_t seconds_max = INT64_MAX / 1'000'000'000;

std::int64_t seconds_of(WallTime time) {
    return std::chrono::floor<Seconds>(time.time_since_epoch()).count();
}

IssuedRecord::One read_one(const Value& value, Members& around) {
    if (!value.is_map()) {
        around.refuse("has a certificate that is no object");
        return {};
    }
    Members members(value, "certificate");
    IssuedRecord::One one;
    one.serial = members.text("serial");
    one.until = WallTime{Seconds{members.number("until", {0, seconds_max})}};
    one.member = members.flag("member", false);
    if (!hex_decode(one.serial)) members.refuse("has a serial that is none");
    if (auto read = members.finish(); !read) around.refuse("with " + read.error().text);
    return one;
}

}  // namespace

Result<IssuedRecord> with_issued(IssuedRecord record, const Certificate& leaf, WallTime now,
                                 const Revoked& revoked) {
    const auto claims = leaf.claims();
    if (!claims) return claims.error();
    std::erase_if(record.certificates,
                  [now](const IssuedRecord::One& one) { return one.until < now; });
    const bool is_held = std::any_of(
        record.certificates.begin(), record.certificates.end(), [&](const IssuedRecord::One& one) {
            return !std::binary_search(revoked.serials.begin(), revoked.serials.end(), one.serial);
        });
    if (is_held && record.uuid != claims->uuid)
        return Error{Code::denied, "the name " + record.name + " belongs to another host (uuid " +
                                       record.uuid +
                                       "); take that back first, with \"hansa peers " + "revoke " +
                                       record.name + "\", if this one replaces it"};
    record.uuid = claims->uuid;
    if (record.certificates.size() >= issued_max)
        return Error{Code::denied, record.name + " has " + std::to_string(issued_max) +
                                       " certificates that have not expired; take it back with "
                                       "\"hansa peers revoke\" if that is not your doing"};
    const bool member = leaf.may_serve_store();
    if (member && std::count_if(record.certificates.begin(), record.certificates.end(),
                                [](const IssuedRecord::One& one) { return one.member; }) >=
                      static_cast<std::ptrdiff_t>(issued_members_max))
        return Error{Code::denied, record.name + " has " + std::to_string(issued_members_max) +
                                       " certificates for the store that have not expired; its "
                                       "addresses change too often"};
    record.certificates.push_back(
        {leaf.serial(), WallTime{std::chrono::ceil<Seconds>(leaf.not_after())}, member});
    return record;
}

std::string encode(const IssuedRecord& record) {
    Value::List list;
    for (const IssuedRecord::One& one : record.certificates) {
        Value::Map map;
        map.push_back({"serial", {}, Value::of_text(one.serial)});
        map.push_back({"until", {}, Value::of_int(seconds_of(one.until))});
        if (one.member) map.push_back({"member", {}, Value::of_bool(true)});
        list.push_back(Value::of_map(std::move(map)));
    }
    Value::Map map;
    map.push_back({"v", {}, Value::of_int(version)});
    map.push_back({"name", {}, Value::of_text(record.name)});
    map.push_back({"uuid", {}, Value::of_text(record.uuid)});
    map.push_back({"certificates", {}, Value::of_list(std::move(list))});
    return to_json(Value::of_map(std::move(map))) + "\n";
}

Result<IssuedRecord> decode_issued(std::string_view text) {
    auto parsed = parse_json(text, limits);
    if (!parsed) return std::move(parsed).error().during("record of certificates");
    Members members(*parsed, "record of certificates");
    members.number("v", {version, version});
    IssuedRecord record;
    record.name = members.text("name");
    record.uuid = members.text("uuid");
    const Value* list = members.any("certificates");
    if (!list || !list->is_list()) members.refuse("has no list \"certificates\"");
    if (list && list->is_list())
        for (const Value& value : list->list())
            record.certificates.push_back(read_one(value, members));
    if (auto read = members.finish(); !read) return std::move(read).error();
    if (auto name = HostName::parse(record.name); !name)
        return std::move(name).error().during("record of certificates");
    return record;
}

RevocationList take_back(RevocationList list, const IssuedRecord& record, WallTime now) {
    const std::uint64_t next = list.epoch + 1;
    list = revoke_name(std::move(list), record.name, now);
    for (const IssuedRecord::One& one : record.certificates)
        if (one.until >= now) list = revoke_serial(std::move(list), one.serial);
    list.epoch = next;
    return list;
}

}  // namespace hansa
