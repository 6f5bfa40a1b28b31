#include "mesh/peers_view.h"

#include <algorithm>

#include "base/host_port.h"
#include "mesh/cluster_view.h"
#include "report/json.h"

namespace hansa {
namespace {

std::string host_in(const std::string& url) {
    const std::size_t scheme = url.find("://");
    const auto at = HostPort::parse(scheme == std::string::npos ? url : url.substr(scheme + 3));
    return at ? at->host : url;
}

// The living one's own words; of one that is gone they have gone with its record.
void add_record(PeerView& peer, const PeerRecord& record) {
    peer.is_alive = true;
    peer.version = record.version;
    if (record.seat) {
        peer.domain = record.seat->domain;
        if (!record.seat->peer_urls.empty()) peer.address = host_in(record.seat->peer_urls.front());
        peer.fsync_p99 = record.seat->fsync_p99;
        peer.clock_offset = record.seat->clock_offset;
    }
    if (peer.address.empty() && !record.urls.empty()) peer.address = host_in(record.urls.front());
}

void add_member(PeerView& peer, const ClusterFacts& facts, const SeatMember& member,
                const MemberReading& read) {
    const SeatMember* leader = facts.seats.find_member(facts.seats.leader);
    peer.seat = member.is_learner ? PeerView::Seat::learner : PeerView::Seat::voter;
    peer.leads = leader == &member;
    if (read.status && leader && leader->raft_index > 0)
        peer.lag = leader->raft_index - std::min(leader->raft_index, member.raft_index);
    if (peer.address.empty() && !member.peer_urls.empty())
        peer.address = host_in(member.peer_urls.front());
}

const char* name_of(PeerView::Seat seat) {
    switch (seat) {
        case PeerView::Seat::none: return "-";
        case PeerView::Seat::learner: return "learner";
        case PeerView::Seat::voter: return "voter";
    }
    return "-";
}

Value value_of(const PeerView& peer) {
    MapBuilder map;
    map.text("name", peer.name).text("uuid", peer.uuid).text("address", peer.address);
    map.text("seat", name_of(peer.seat)).truth("leads", peer.leads).text("since", peer.since);
    map.text("domain", peer.domain).text("version", peer.version);
    if (peer.lag) map.number("lag", *peer.lag);
    if (peer.fsync_p99) map.add("fsync_p99_ms", Value::of_int(peer.fsync_p99->count()));
    if (peer.clock_offset) map.add("clock_offset_ms", Value::of_int(peer.clock_offset->count()));
    map.truth("alive", peer.is_alive);
    if (peer.gone_since) map.text("gone_since", iso8601(*peer.gone_since));
    return map.build();
}

}  // namespace

std::vector<PeerView> peers_of(const ClusterReading& reading) {
    const ClusterFacts facts = facts_of(reading);
    std::vector<PeerView> peers;
    for (const auto& [host, name] : facts.known.names()) {
        PeerView peer;
        peer.name = host;
        peer.uuid = name.uuid;
        peer.since = name.since;
        const auto living = facts.known.peers().find(host);
        if (living != facts.known.peers().end() && living->second.uuid == name.uuid)
            add_record(peer, living->second);
        for (std::size_t i = 0; i < facts.seats.members.size(); ++i)
            if (facts.seats.members[i].uuid == name.uuid)
                add_member(peer, facts, facts.seats.members[i], *facts.readings[i]);
        const auto gone = reading.gone_since.find(host);
        if (!peer.is_alive && gone != reading.gone_since.end()) peer.gone_since = gone->second;
        peers.push_back(std::move(peer));
    }
    return peers;
}

Value to_value(const std::vector<PeerView>& peers, const ClusterReading& reading) {
    Value::List list;
    list.reserve(peers.size());
    for (const PeerView& peer : peers) list.push_back(value_of(peer));
    MapBuilder map;
    map.text("host", reading.host).text("time", iso8601(reading.at));
    map.truth("stale", !reading.fresh);
    if (reading.none_known) map.text("reason", none_known(reading));
    if (reading.read_only_since) map.text("read_only_since", iso8601(*reading.read_only_since));
    map.add("revision", Value::of_int(revision_of(reading)));
    map.add("peers", Value::of_list(std::move(list)));
    return map.build();
}

}  // namespace hansa
