// Who is in the cluster, for people: what `hansa peers` shows. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/value.h"
#include "mesh/cluster_reading.h"

namespace hansa {

struct PeerView {
    enum class Seat { none, learner, voter };

    std::string name;
    std::string uuid;
    std::string address;  // where others reach a store there; empty: it has told none
    Seat seat = Seat::none;
    bool leads = false;
    std::string since;   // when it came, as its record says
    std::string domain;  // empty: none, or not known any more
    std::string version;
    std::optional<std::uint64_t> lag;  // behind the leader, in raft entries; of members
    // As it measures them itself; empty: it has not, or is gone.
    std::optional<Milliseconds> fsync_p99;
    std::optional<Milliseconds> clock_offset;
    bool is_alive = false;               // its leased record is there
    std::optional<WallTime> gone_since;  // as this agent noticed it; empty: it did not
};

// Whoever has joined and neither left nor been removed, by name.
std::vector<PeerView> peers_of(const ClusterReading& reading);

// {"peers": [{…}], …} with what the reading is worth.
Value to_value(const std::vector<PeerView>& peers, const ClusterReading& reading);

}  // namespace hansa
