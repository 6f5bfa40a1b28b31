// What a host keeps about its member of the store beside that member's data, and what follows from
// the two when its agent begins (seats.md 4, "Lost or wiped data directory").
//
// etcd takes whatever lies in its directory for its own: an empty one for that of a member which
// has acknowledged nothing (measured on 3.4.23), a copy for that of the member which was copied. So
// it is started only where a marker of this host, of its cluster and epoch vouches for the data.
// Pure; daemon/seat_holder.h carries it out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mesh/seat_book.h"

namespace hansa {

// What stands in member.json.
struct MemberMarker {
    std::string cluster;  // id of ours, not of etcd
    std::string uuid;     // of this host; also the member's name
    MemberId member = 0;  // 0: of a store that it founded, and not yet known
    std::vector<std::string> client_urls;
    std::vector<std::string> peer_urls;
    std::string timing{};     // of the cluster (seat_timing.h); empty: the usual one
    std::uint64_t epoch = 0;  // of the cluster, when it became a member
    friend bool operator==(const MemberMarker&, const MemberMarker&) = default;
};
std::string encode(const MemberMarker& marker);
Result<MemberMarker> decode_member_marker(std::string_view text);

// Whose directory it is, as the host itself knows.
struct MemberOwner {
    std::string uuid;
    std::string cluster = {};  // id; empty: it belongs to none yet
    std::uint64_t epoch = 0;   // of the cluster, the highest that this host has seen
};

enum class MemberFate {
    none,           // it is no member; data without a marker is not looked at
    other_host,     // the marker is of another host: nothing there is used or touched
    other_cluster,  // the same, of another cluster
    unfounded,      // it was to found a store and ended before there was one: the marker goes
    outlived,       // of an epoch that is over: the data is put aside
    lost,           // the data is gone: never started; the member is to be taken out of the store
    serve,          // etcd is started with what is there
};
MemberFate fate_of(const std::optional<MemberMarker>& marker, bool has_data,
                   const MemberOwner& owner);

}  // namespace hansa
