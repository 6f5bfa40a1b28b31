#include "mesh/member_marker.h"

#include "data/json.h"
#include "data/members.h"
#include "data/texts.h"
#include "mesh/seat_timing.h"
#include "trust/claims.h"

namespace hansa {
namespace {

constexpr std::int64_t format_version = 1;
constexpr JsonLimits limits{8 << 10, 4};

}  // namespace

std::string encode(const MemberMarker& marker) {
    Value::Map map;
    const auto put = [&map](const char* name, Value value) {
        map.push_back({name, {}, std::move(value)});
    };
    put("v", Value::of_int(format_version));
    put("cluster", Value::of_text(marker.cluster));
    put("uuid", Value::of_text(marker.uuid));
    put("member", Value::of_text(text_of_member(marker.member)));
    put("client_urls", list_of_texts(marker.client_urls));
    put("peer_urls", list_of_texts(marker.peer_urls));
    if (!marker.timing.empty()) put("timing", Value::of_text(marker.timing));
    if (marker.epoch != 0) put("epoch", Value::of_int(static_cast<std::int64_t>(marker.epoch)));
    return to_json(Value::of_map(std::move(map)), JsonStyle::pretty) + "\n";
}

Result<MemberMarker> decode_member_marker(std::string_view text) {
    auto parsed = parse_json(text, limits);
    if (!parsed) return std::move(parsed).error();
    Members members(*parsed, "member");
    members.number("v", {format_version, format_version});
    MemberMarker marker;
    marker.cluster = members.text("cluster");
    marker.uuid = members.text("uuid");
    if (!is_uuid(marker.uuid)) members.refuse("has a \"uuid\" that is none");
    const auto id = member_of_text(members.text("member"));
    if (!id) members.refuse("has a \"member\" that is no id");
    marker.member = id.value_or(0);
    marker.client_urls = members.texts("client_urls");
    marker.peer_urls = members.texts("peer_urls");
    marker.epoch = static_cast<std::uint64_t>(members.number_or("epoch", {}, 0));
    if (marker.client_urls.empty() || marker.peer_urls.empty())
        members.refuse("has no URLs to listen at");
    marker.timing = members.text_if_any("timing");
    if (!marker.timing.empty() && !timing_named(marker.timing))
        members.refuse("has a \"timing\" that is unknown");
    if (auto finished = members.finish(); !finished) return std::move(finished).error();
    return marker;
}

MemberFate fate_of(const std::optional<MemberMarker>& marker, bool has_data,
                   const MemberOwner& owner) {
    if (!marker) return MemberFate::none;
    if (marker->uuid != owner.uuid) return MemberFate::other_host;
    if (!owner.cluster.empty() && marker->cluster != owner.cluster)
        return MemberFate::other_cluster;
    if (marker->member == 0 && !has_data) return MemberFate::unfounded;
    if (marker->epoch < owner.epoch) return MemberFate::outlived;
    return has_data ? MemberFate::serve : MemberFate::lost;
}

}  // namespace hansa
