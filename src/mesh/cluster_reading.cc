#include "mesh/cluster_reading.h"

#include <algorithm>

#include "mesh/keys.h"

namespace hansa {

// The oldest: what came after it may be missing.
Revision revision_of(const ClusterReading& reading) {
    return std::min({reading.names.revision, reading.peers.revision, reading.seats.revision});
}

ClusterFacts facts_of(const ClusterReading& reading) {
    ClusterFacts facts;
    facts.known.replace(keys::names(), reading.names);
    facts.known.replace(keys::peers(), reading.peers);
    facts.known.replace(keys::seats(), reading.seats);
    facts.known.fill(facts.seats, 0);
    facts.seats.readable = reading.fresh;
    facts.seats.wall = duration_cast<Milliseconds>(reading.at.time_since_epoch());
    for (const MemberReading& each : reading.members) {
        const MemberInfo& info = each.info;
        SeatMember member;
        member.id = info.id;
        member.uuid = owner_of(facts.seats.peers, info.name, info.peer_urls);
        member.is_learner = info.is_learner;
        member.started = info.started;
        member.peer_urls = info.peer_urls;
        member.client_urls = info.client_urls;
        if (each.status) {
            member.raft_index = each.status->raft_index;
            facts.seats.store_bytes = std::max(facts.seats.store_bytes, each.status->bytes);
            if (each.status->leader != 0) facts.seats.leader = each.status->leader;
        }
        facts.seats.members.push_back(std::move(member));
        facts.readings.push_back(&each);
    }
    return facts;
}

}  // namespace hansa
