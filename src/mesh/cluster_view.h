// How the cluster is, for people: what `hansa cluster status` shows (seats.md 3). Pure.
//
// Words are made here, so that what a person reads and what a program reads agree.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/value.h"
#include "mesh/cluster_reading.h"

namespace hansa {

struct MemberView {
    MemberId id = 0;
    std::string host;  // or "member 8e9e05c52164694d"
    std::string domain;
    std::string url;  // where it serves clients
    bool is_learner = false;
    bool leads = false;
    bool answers = false;
    std::string silence;                       // why it does not
    std::optional<std::uint64_t> behind = {};  // the leader, in raft entries
    std::uint64_t bytes = 0;                   // of its database file
    std::uint64_t bytes_used = 0;              // of them
    std::string version;                       // of etcd
};

struct PenaltyView {
    std::string host;
    std::uint32_t strikes = 0;
    WallTime until;
};

// A copy of the whole store that a host keeps (copies.h).
struct CopyView {
    std::string host;
    WallTime at;
    Milliseconds age{0};
    std::uint64_t epoch = 0;
    Revision revision = 0;
    std::uint64_t bytes = 0;
};

struct ClusterView {
    enum class Health {
        healthy,
        changing,   // the steward is at work
        degraded,   // something is wrong, and the store is written to
        read_only,  // no majority of the voters
    };

    std::string host;
    WallTime at;
    Health health = Health::healthy;
    std::vector<std::string> reasons;  // why it is not healthy, the worst first
    std::optional<WallTime> read_only_since;

    std::vector<MemberView> members;  // voters first, then by host
    std::size_t voters = 0;
    std::size_t answering = 0;  // of the voters
    // Voters that may be lost while the store is still written to; below 0: so many too few.
    std::int64_t can_lose = 0;
    std::string tolerance;  // the same, in words
    std::string remedy;     // for an operator who wants more than to wait; empty: none is known

    Revision revision = 0;
    std::uint64_t bytes = 0;
    std::uint64_t bytes_used = 0;

    std::optional<SeatSettings> settings;  // empty: nobody has stored any
    bool knows_seats = false;              // what follows was read, now or once
    bool gives_seats = false;              // false: only its own machine reaches this store
    std::size_t wanted = 0;                // seats, as many as there are peers for
    std::vector<std::string> fewer;        // why these are not as many as asked for
    std::size_t open = 0;                  // seats that nobody can take now
    std::vector<std::string> causes;       // of that

    std::optional<StewardRecord> steward;
    std::optional<SeatIntent> intent;  // with names in place of uuids
    std::vector<std::string> alarms;   // of etcd
    std::vector<PenaltyView> penalties;
    std::vector<CopyView> copies;  // the newest of each host that has one, the newest first
};

// Of a reading that has none_known: that, and what the agent waits for.
std::string none_known(const ClusterReading& reading);

ClusterView view_of(const ClusterReading& reading);
Value to_value(const ClusterView& view);
std::string_view name_of(ClusterView::Health health);

// What follows when operators ask for so many seats: "3 to 5 voters: the steward adds 2", and what
// stands against it.
struct Forecast {
    std::string says;
    std::vector<std::string> warnings;
};
Forecast forecast(const ClusterReading& reading, std::size_t ideal);

}  // namespace hansa
