#include "mesh/seat_facts.h"

#include <algorithm>

#include "base/text.h"
#include "mesh/endpoints.h"
#include "trust/keys.h"

namespace hansa {
namespace {

template <class Map, class Key>
Duration age_in(const Map& seen, const Key& key, Milliseconds at, Milliseconds wall, Instant now) {
    const auto found = seen.find(key);
    const Duration known = found == seen.end() ? Duration{0} : now - found->second;
    return std::max<Duration>(known, wall - at);
}

}  // namespace

const SeatApplicant* SeatFacts::find_peer(const std::string& uuid) const {
    for (const SeatApplicant& peer : peers)
        if (peer.uuid == uuid) return &peer;
    return nullptr;
}

const SeatMember* SeatFacts::find_member(MemberId id) const {
    for (const SeatMember& member : members)
        if (member.id == id) return &member;
    return nullptr;
}

const SeatMember* SeatFacts::find_member_of(const std::string& uuid) const {
    for (const SeatMember& member : members)
        if (!uuid.empty() && member.uuid == uuid) return &member;
    return nullptr;
}

// Whoever asks is well enough to ask.
Condition SeatFacts::condition(const std::string& uuid) const {
    if (uuid == me) return {true, true, Instant::min(), Instant::max(), 0};
    const auto found = conditions.find(uuid);
    return found == conditions.end() ? Condition{} : found->second;
}

std::string SeatFacts::name_of(const std::string& uuid) const {
    const SeatApplicant* peer = find_peer(uuid);
    return peer ? peer->name : uuid;
}

std::string SeatFacts::name_of(const SeatMember& member) const {
    return member.uuid.empty() ? "member " + text_of_member(member.id) : name_of(member.uuid);
}

Duration SeatFacts::age(const SeatChange& change, Instant now) const {
    return age_in(memory.changes, change.seq, change.at, wall, now);
}

Duration SeatFacts::age(const SeatPenalty& penalty, Instant now) const {
    return age_in(memory.penalties, std::pair{penalty.uuid, penalty.strikes}, penalty.at, wall,
                  now);
}

std::string owner_of(const std::vector<SeatApplicant>& peers, const std::string& name,
                     const std::vector<std::string>& peer_urls) {
    for (const SeatApplicant& peer : peers)
        if (share_url(peer.peer_urls, peer_urls)) return peer.uuid;
    for (const SeatApplicant& peer : peers)
        if (!name.empty() && (name == peer.name || name == peer.uuid)) return peer.uuid;
    return {};
}

std::string digest_of(const std::vector<SeatMember>& members) {
    std::vector<std::string> lines;
    for (const SeatMember& member : members)
        lines.push_back(text_of_member(member.id) + (member.is_learner ? " learner" : " voter"));
    std::sort(lines.begin(), lines.end());
    return hex_encode(sha256(join(lines, "\n")).substr(0, 16));
}

}  // namespace hansa
