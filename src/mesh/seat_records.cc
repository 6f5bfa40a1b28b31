#include "mesh/seat_records.h"

#include <algorithm>

#include "base/text.h"
#include "data/json.h"
#include "data/members.h"
#include "data/texts.h"
#include "trust/claims.h"

namespace hansa {
namespace {

constexpr std::int64_t format_version = 1;
constexpr JsonLimits limits{8 << 10, 4};
constexpr JsonLimits voters_limits{64 << 10, 6};
constexpr std::size_t missing_max = 64;
constexpr std::size_t members_max = 64;  // of a store, by far
constexpr std::size_t says_max = 1024;   // bytes
constexpr std::int64_t time_max = (std::int64_t{1} << 53) - 1;

void put(Value::Map& map, std::string name, Value value) {
    map.push_back({std::move(name), {}, std::move(value)});
}

Value::Map begun() {
    Value::Map map;
    put(map, "v", Value::of_int(format_version));
    return map;
}

std::string uuid_in(Members& members) {
    std::string uuid = members.text("uuid");
    if (!is_uuid(uuid)) members.refuse("has a \"uuid\" that is none");
    return uuid;
}

Result<VoterPlace> decode_voter(const Value& value) {
    Members members(value, "voter");
    VoterPlace voter;
    voter.host = members.text("host");
    voter.domain = members.text_if_any("domain");
    voter.urls = members.texts("urls");
    if (voter.urls.empty()) members.refuse("has no \"urls\"");
    if (auto finished = members.finish(); !finished) return std::move(finished).error();
    if (auto good = check_domain(voter.domain); !good) return std::move(good).error();
    return voter;
}

Result<ClockTelling> decode_clock(const Value& value) {
    Members members(value, "clock");
    ClockTelling clock{members.text("host"), Milliseconds{members.number("at", {0, time_max})}};
    if (auto finished = members.finish(); !finished) return std::move(finished).error();
    return clock;
}

}  // namespace

std::string encode(const VotersRecord& record) {
    Value::List list;
    for (const VoterPlace& voter : record.voters) {
        Value::Map map;
        put(map, "host", Value::of_text(voter.host));
        if (!voter.domain.empty()) put(map, "domain", Value::of_text(voter.domain));
        put(map, "urls", list_of_texts(voter.urls));
        list.push_back(Value::of_map(std::move(map)));
    }
    Value::Map map = begun();
    put(map, "voters", Value::of_list(std::move(list)));
    if (!record.keepers.empty()) put(map, "keepers", list_of_texts(record.keepers));
    if (record.clock) {
        Value::Map clock;
        put(clock, "host", Value::of_text(record.clock->host));
        put(clock, "at", Value::of_int(record.clock->at.count()));
        put(map, "clock", Value::of_map(std::move(clock)));
    }
    return to_json(Value::of_map(std::move(map)));
}

std::string encode(const SeatSettings& settings) {
    Value::Map map = begun();
    put(map, "ideal", Value::of_int(static_cast<std::int64_t>(settings.ideal)));
    put(map, "timing", Value::of_text(settings.timing));
    return to_json(Value::of_map(std::move(map)));
}

std::string encode(const StewardRecord& record) {
    Value::Map map = begun();
    put(map, "uuid", Value::of_text(record.uuid));
    put(map, "name", Value::of_text(record.name));
    if (!record.says.empty()) put(map, "says", Value::of_text(printable(record.says, says_max)));
    if (record.is_alarm) put(map, "alarm", Value::of_bool(true));
    put(map, "at", Value::of_int(record.at.count()));
    return to_json(Value::of_map(std::move(map)));
}

std::string encode(const Sighting& sighting) {
    Value::Map map = begun();
    put(map, "uuid", Value::of_text(sighting.uuid));
    Value::List missing;
    for (const std::string& uuid : sighting.missing) missing.push_back(Value::of_text(uuid));
    put(map, "missing", Value::of_list(std::move(missing)));
    put(map, "lost", Value::of_bool(sighting.lost));
    Value::List condemned;
    for (const MemberId id : sighting.condemned)
        condemned.push_back(Value::of_text(text_of_member(id)));
    if (!condemned.empty()) put(map, "condemned", Value::of_list(std::move(condemned)));
    return to_json(Value::of_map(std::move(map)));
}

std::string encode(const LeavingRecord& record) {
    Value::Map map = begun();
    put(map, "uuid", Value::of_text(record.uuid));
    put(map, "by", Value::of_text(record.by));
    put(map, "since", Value::of_text(record.since));
    return to_json(Value::of_map(std::move(map)));
}

Result<SeatSettings> decode_seat_settings(std::string_view text) {
    auto parsed = parse_json(text, limits);
    if (!parsed) return std::move(parsed).error().during("settings of seats");
    Members members(*parsed, "settings of seats");
    members.number("v", {format_version, format_version});
    SeatSettings settings;
    settings.ideal = static_cast<std::size_t>(
        members.number("ideal", {1, static_cast<std::int64_t>(seats_max)}));
    if (settings.ideal % 2 == 0) members.refuse("has an \"ideal\" that is even");
    settings.timing = members.text("timing");
    if (auto known = timing_named(settings.timing); !known)
        members.refuse("has a \"timing\" that is unknown");
    if (auto finished = members.finish(); !finished) return std::move(finished).error();
    return settings;
}

Result<StewardRecord> decode_steward(std::string_view text) {
    auto parsed = parse_json(text, limits);
    if (!parsed) return std::move(parsed).error().during("steward");
    Members members(*parsed, "steward");
    members.number("v", {format_version, format_version});
    StewardRecord record;
    record.uuid = uuid_in(members);
    record.name = members.text("name");
    record.says = members.text_if_any("says");
    record.is_alarm = members.flag("alarm", false);
    record.at = Milliseconds{members.number_or("at", {0, time_max}, 0)};
    if (auto finished = members.finish(); !finished) return std::move(finished).error();
    return record;
}

Result<LeavingRecord> decode_leaving(std::string_view text) {
    auto parsed = parse_json(text, limits);
    if (!parsed) return std::move(parsed).error().during("leaving");
    Members members(*parsed, "leaving");
    members.number("v", {format_version, format_version});
    LeavingRecord record;
    record.uuid = uuid_in(members);
    record.by = members.text("by");
    record.since = members.text("since");
    if (auto finished = members.finish(); !finished) return std::move(finished).error();
    return record;
}

Result<Sighting> decode_sighting(std::string_view text) {
    auto parsed = parse_json(text, limits);
    if (!parsed) return std::move(parsed).error().during("sighting");
    Members members(*parsed, "sighting");
    members.number("v", {format_version, format_version});
    Sighting sighting;
    sighting.uuid = uuid_in(members);
    const std::vector<std::string> missing = members.texts("missing");
    if (missing.size() > missing_max) members.refuse("misses more members than there can be");
    if (!std::all_of(missing.begin(), missing.end(), is_uuid))
        members.refuse("misses somebody whose uuid is none");
    sighting.missing = {missing.begin(), missing.end()};
    sighting.lost = members.flag("lost", false);
    const std::vector<std::string> condemned = members.texts("condemned");
    if (condemned.size() > missing_max) members.refuse("condemns more members than there can be");
    for (const std::string& name : condemned) {
        const auto id = member_of_text(name);
        if (!id) members.refuse("condemns a member whose id is none");
        sighting.condemned.insert(id.value_or(0));
    }
    if (auto finished = members.finish(); !finished) return std::move(finished).error();
    return sighting;
}

Result<VotersRecord> decode_voters(std::string_view text) {
    auto parsed = parse_json(text, voters_limits);
    if (!parsed) return std::move(parsed).error().during("voters");
    Members members(*parsed, "voters");
    members.number("v", {format_version, format_version});
    const Value* list = members.any("voters");
    if (!list || !list->is_list()) return Error{Code::invalid, "voters: \"voters\" is no list"};
    if (list->list().size() > members_max)
        members.refuse("lists more voters than a store can have");
    VotersRecord record;
    record.keepers = members.texts("keepers");
    if (record.keepers.size() > members_max) members.refuse("names more keepers than are needed");
    if (!std::all_of(record.keepers.begin(), record.keepers.end(), is_uuid))
        members.refuse("names a keeper whose uuid is none");
    const Value* clock = members.any("clock");
    if (auto finished = members.finish(); !finished) return std::move(finished).error();
    if (clock) {
        auto told = decode_clock(*clock);
        if (!told) return std::move(told).error().during("voters");
        record.clock = std::move(*told);
    }
    for (const Value& entry : list->list()) {
        auto voter = decode_voter(entry);
        if (!voter) return std::move(voter).error().during("voters");
        record.voters.push_back(std::move(*voter));
    }
    return record;
}

}  // namespace hansa
