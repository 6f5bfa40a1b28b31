#include "mesh/keys.h"

#include "base/text.h"

namespace hansa::keys {
namespace {

constexpr std::string_view cluster_key = "/hansa/v1/cluster";
constexpr std::string_view names_prefix = "/hansa/v1/names/";
constexpr std::string_view peers_prefix = "/hansa/v1/peers/";
constexpr std::string_view exports_prefix = "/hansa/v1/exports/";
constexpr std::string_view identities_prefix = "/hansa/v1/identities/";
constexpr std::string_view revocations_key = "/hansa/v1/revocations";
constexpr std::string_view seats_prefix = "/hansa/v1/seats/";
constexpr std::string_view copies_prefix = "/hansa/v1/seats/copies/";
constexpr std::string_view sightings_prefix = "/hansa/v1/seats/sightings/";
constexpr std::string_view leaving_prefix = "/hansa/v1/seats/leaving/";
constexpr std::string_view values_prefix = "/hansa/v1/kv/";
constexpr std::string_view manifest_segment = "@manifest";

std::string joined(std::string_view prefix, std::string_view segment) {
    return std::string{prefix} += percent_encode(segment);
}

// What stands behind the prefix; empty when the key does not belong there.
std::optional<std::string_view> below(std::string_view prefix, std::string_view key) {
    if (key.size() > length_max || !key.starts_with(prefix)) return std::nullopt;
    return key.substr(prefix.size());
}

std::optional<std::string> parse_segment(std::string_view segment) {
    if (segment.empty()) return std::nullopt;
    return percent_decode(segment);
}

std::optional<HostName> parse_host(std::optional<std::string_view> segment) {
    if (!segment) return std::nullopt;
    const auto text = parse_segment(*segment);
    if (!text) return std::nullopt;
    auto host = HostName::parse(*text);
    if (!host) return std::nullopt;
    return std::move(*host);
}

}  // namespace

std::string cluster() {
    return std::string{cluster_key};
}

std::string names() {
    return std::string{names_prefix};
}

std::string name_of(const HostName& host) {
    return joined(names_prefix, host.text());
}

std::string peers() {
    return std::string{peers_prefix};
}

std::string peer(const HostName& host) {
    return joined(peers_prefix, host.text());
}

std::string exports() {
    return std::string{exports_prefix};
}

std::string exports_of(const HostName& host) {
    return joined(exports_prefix, host.text()) += '/';
}

std::string manifest_of(const HostName& host) {
    return exports_of(host) += manifest_segment;
}

std::string exported(const HostName& host, const ResourceId& id) {
    std::string key = exports_of(host);
    key += percent_encode(id.kind);
    key += '/';
    key += percent_encode(id.name);
    return key;
}

std::string identities() {
    return std::string{identities_prefix};
}

std::string identity_of(const HostName& host) {
    return joined(identities_prefix, host.text());
}

std::string revocations() {
    return std::string{revocations_key};
}

std::string seats() {
    return std::string{seats_prefix};
}

std::string seat_book() {
    return seats() + "book";
}

std::string seat_settings() {
    return seats() + "settings";
}

std::string seat_steward() {
    return seats() + "steward";
}

std::string seat_voters() {
    return seats() + "voters";
}

std::string seat_copies() {
    return std::string{copies_prefix};
}

std::string seat_copy(const HostName& host) {
    return joined(copies_prefix, host.text());
}

std::string seat_sightings() {
    return std::string{sightings_prefix};
}

std::string seat_sighting(const HostName& host) {
    return joined(sightings_prefix, host.text());
}

std::string seat_leaving(const HostName& host) {
    return joined(leaving_prefix, host.text());
}

std::string values() {
    return std::string{values_prefix};
}

std::string value_of(std::string_view key) {
    return joined(values_prefix, key);
}

std::optional<ExportKey> parse_export(std::string_view key) {
    const auto rest = below(exports_prefix, key);
    if (!rest) return std::nullopt;
    const std::size_t host_end = rest->find('/');
    if (host_end == std::string_view::npos) return std::nullopt;
    const auto host = parse_host(rest->substr(0, host_end));
    if (!host) return std::nullopt;

    const std::string_view tail = rest->substr(host_end + 1);
    if (tail == manifest_segment) return ExportKey{host->text(), std::nullopt};
    const std::size_t kind_end = tail.find('/');
    if (kind_end == std::string_view::npos) return std::nullopt;
    auto kind = parse_segment(tail.substr(0, kind_end));
    auto name = parse_segment(tail.substr(kind_end + 1));
    if (!kind || !name) return std::nullopt;
    return ExportKey{host->text(), ResourceId{std::move(*kind), std::move(*name)}};
}

std::optional<HostName> parse_name(std::string_view key) {
    return parse_host(below(names_prefix, key));
}

std::optional<HostName> parse_peer(std::string_view key) {
    return parse_host(below(peers_prefix, key));
}

std::optional<HostName> parse_identity(std::string_view key) {
    return parse_host(below(identities_prefix, key));
}

std::optional<HostName> parse_copy(std::string_view key) {
    return parse_host(below(copies_prefix, key));
}

std::optional<HostName> parse_leaving(std::string_view key) {
    return parse_host(below(leaving_prefix, key));
}

std::optional<std::string> parse_value(std::string_view key) {
    const auto segment = below(values_prefix, key);
    if (!segment) return std::nullopt;
    return parse_segment(*segment);
}

}  // namespace hansa::keys
