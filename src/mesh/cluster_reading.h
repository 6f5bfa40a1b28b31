// What an agent can find out about its cluster when somebody asks: one reading of the store and of
// its members, from which views for people are made (cluster_view.h, peers_view.h). Plain data.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "mesh/electorate.h"
#include "mesh/seat_register.h"
#include "mesh/store.h"

namespace hansa {

struct MemberReading {
    MemberInfo info;
    std::optional<MemberStatus> status;  // empty: it did not answer
    std::string silence;                 // why not, for people
};

struct ClusterReading {
    std::string host;  // whose agent has read
    WallTime at;
    // Everything was read as of now. False: there is no majority, or it was not reached; what is
    // here one member had heard of, and may be stale.
    bool fresh = false;
    std::string trouble;                      // why it is not fresh, for people
    bool none_known = false;                  // no endpoint of the store, so nobody was asked
    std::optional<WallTime> read_only_since;  // as the agent noticed it

    Reading names, peers, seats;                 // below the prefixes of these names
    std::map<std::string, WallTime> gone_since;  // by host, of those whom the agent saw go
    std::vector<MemberReading> members;
    std::vector<StoreAlarm> alarms;

    // Of a steward in the agent that has read, just now; else its record counts.
    std::optional<StewardRecord> steward = {};
};

// Of the store, up to which everything in it was read.
Revision revision_of(const ClusterReading& reading);

// The same, decoded and put together.
struct ClusterFacts {
    SeatRegister known;
    SeatFacts seats;                             // without anybody's health
    std::vector<const MemberReading*> readings;  // of `seats.members`, in the same order
};
// Refers to `reading`, which must outlive it.
ClusterFacts facts_of(const ClusterReading& reading);

}  // namespace hansa
