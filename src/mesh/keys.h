// Where things stand in the store: the names of keys, made and read.
//
//     /hansa/v1/cluster                     id of the cluster, when it was founded
//     /hansa/v1/names/HOST                  whose name it is; claimed by create-if-absent
//     /hansa/v1/peers/HOST                  leased: the peer is alive
//     /hansa/v1/exports/HOST/@manifest      which generation of HOST's exports is announced
//     /hansa/v1/exports/HOST/KIND/NAME      one exported resource
//     /hansa/v1/identities/HOST             which key HOST's signatures are made with; not leased
//     /hansa/v1/revocations                 whom the cluster's authority has taken back
//     /hansa/v1/seats/book                  what the steward intends, did and holds against whom
//     /hansa/v1/seats/settings              how many seats there should be, and their times
//     /hansa/v1/seats/steward               leased: whose agent carries changes of seats out
//     /hansa/v1/seats/voters                where the voters stand, for all who look for one
//     /hansa/v1/seats/copies/HOST           which copy of the whole store HOST keeps
//     /hansa/v1/seats/sightings/HOST        leased: whom the agent of a voter cannot reach
//     /hansa/v1/seats/leaving/HOST          a dead host is to be removed, so it wants no seat
//     /hansa/v1/kv/KEY                      a value of the kind `kv`
//
// Every segment in capitals is percent-encoded, so a name may hold any byte and no key has more
// parts than it should; '@' is never the product of that encoding. Reading is strict: a key that
// the functions below would not have made is garbage, and empty is answered. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/host.h"
#include "resource/id.h"

namespace hansa::keys {

// A key longer than this is garbage (bytes).
inline constexpr std::size_t length_max = 8192;

std::string cluster();
std::string names();  // prefixes end in '/'
std::string name_of(const HostName& host);
std::string peers();
std::string peer(const HostName& host);
std::string exports();
std::string exports_of(const HostName& host);
std::string manifest_of(const HostName& host);
std::string exported(const HostName& host, const ResourceId& id);
std::string identities();
std::string identity_of(const HostName& host);
std::string revocations();
std::string seats();  // a prefix
std::string seat_book();
std::string seat_settings();
std::string seat_steward();
std::string seat_voters();
std::string seat_copies();  // a prefix
std::string seat_copy(const HostName& host);
std::string seat_sightings();
std::string seat_sighting(const HostName& host);
std::string seat_leaving(const HostName& host);
std::string values();
std::string value_of(std::string_view key);

// A key below exports(): a record, or the manifest where `id` is empty.
struct ExportKey {
    std::string host;
    std::optional<ResourceId> id;
};
std::optional<ExportKey> parse_export(std::string_view key);

// The host of a key below names(), peers(), identities() or seat_copies(), or of a seat_leaving().
std::optional<HostName> parse_name(std::string_view key);
std::optional<HostName> parse_peer(std::string_view key);
std::optional<HostName> parse_identity(std::string_view key);
std::optional<HostName> parse_copy(std::string_view key);
std::optional<HostName> parse_leaving(std::string_view key);

// KEY of a key below values().
std::optional<std::string> parse_value(std::string_view key);

}  // namespace hansa::keys
