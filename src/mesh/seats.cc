#include "mesh/seats.h"

#include <algorithm>
#include <map>
#include <span>
#include <tuple>

#include "base/text.h"

namespace hansa {
namespace {

// A peer on its way through the ranking.
struct Ranked {
    const SeatPeer* peer;
    bool is_newcomer;
    bool is_follower;
    bool is_indifferent;
    std::uint64_t hash;
    // Of each level, outermost first: how many of the same domain come before it.
    std::vector<std::size_t> turns;

    // (c) to (h): the smaller, the better.
    auto merits() const {
        return std::tie(is_newcomer, is_follower, is_indifferent, peer->weight, peer->stable_since,
                        hash, peer->uuid);
    }
};

// By the turns from `level` inwards, then by merit. Turns of outer levels do not matter to peers
// of one domain: they are the same for whoever takes the next one.
bool precedes(const Ranked& a, const Ranked& b, std::size_t level) {
    const auto inner = [&](const Ranked& one) { return std::span(one.turns).subspan(level); };
    const auto ours = inner(a), theirs = inner(b);
    if (!std::equal(ours.begin(), ours.end(), theirs.begin(), theirs.end()))
        return std::lexicographical_compare(ours.begin(), ours.end(), theirs.begin(), theirs.end());
    return a.merits() < b.merits();
}

std::size_t depth_of(const std::vector<SeatPeer>& peers) {
    std::size_t depth = 0;
    for (const SeatPeer& peer : peers) depth = std::max(depth, peer.domain.size());
    return depth;
}

// Of the first `levels` steps; missing ones are empty, and so shared.
std::vector<std::string> outer_domain(const SeatPeer& peer, std::size_t levels) {
    std::vector<std::string> steps = peer.domain;
    steps.resize(levels);
    return steps;
}

void take_turns(std::vector<Ranked>& all, std::size_t level) {
    std::map<std::vector<std::string>, std::vector<Ranked*>> domains;
    for (Ranked& one : all) domains[outer_domain(*one.peer, level + 1)].push_back(&one);
    for (auto& [_, members] : domains) {
        std::sort(members.begin(), members.end(),
                  [&](const Ranked* a, const Ranked* b) { return precedes(*a, *b, level + 1); });
        for (std::size_t i = 0; i < members.size(); ++i) members[i]->turns[level] = i;
    }
}

std::vector<Ranked> ranked(const std::vector<SeatPeer>& peers, const std::set<std::string>& current,
                           const std::string& leader) {
    const std::size_t depth = depth_of(peers);
    std::vector<Ranked> all;
    for (const SeatPeer& peer : peers)
        if (peer.wish != SeatWish::no && peer.unfit.empty())
            all.push_back({&peer, !current.contains(peer.uuid), peer.uuid != leader,
                           peer.wish != SeatWish::prefer, seat_hash(peer.uuid),
                           std::vector<std::size_t>(depth)});
    for (std::size_t level = depth; level > 0; --level) take_turns(all, level - 1);
    std::sort(all.begin(), all.end(),
              [](const Ranked& a, const Ranked& b) { return precedes(a, b, 0); });
    return all;
}

std::string name_of(const std::vector<std::string>& domain) {
    std::vector<std::string> steps = domain;
    std::erase(steps, "");
    return steps.empty() ? "where no domain is named" : join(steps, ",");
}

// Why `one`, which is as good as any by itself, comes after `last`, who got the last seat.
std::string why_after(const Ranked& one, const Ranked& last) {
    for (std::size_t level = 0; level < one.turns.size(); ++level)
        if (one.turns[level] > last.turns[level])
            return name_of(outer_domain(*one.peer, level + 1)) + " has its share of " +
                   counted(one.turns[level], "seat");
    if (one.is_newcomer != last.is_newcomer) return "those that have seats keep them";
    if (one.is_follower != last.is_follower) return "the leader keeps its seat";
    if (one.is_indifferent != last.is_indifferent) return "others prefer a seat";
    if (one.peer->weight != last.peer->weight) return "others weigh less";
    if (one.peer->stable_since != last.peer->stable_since) return "others are stable for longer";
    return "by lot: others have smaller hashes";
}

std::string why_seated(const Ranked& one) {
    const std::string place = one.peer->domain.empty() ? "" : " for " + name_of(one.peer->domain);
    if (!one.is_newcomer) return one.is_follower ? "keeps its seat" + place : "leads" + place;
    return (one.is_indifferent ? "is the best of those that are left" : "prefers a seat") + place;
}

}  // namespace

std::size_t seats_wanted(std::size_t ideal, std::size_t registered) {
    const std::size_t most = std::min(ideal, registered);
    return most < 3 ? 1 : (most - 1) / 2 * 2 + 1;
}

SeatChoice choose(std::size_t ideal, const std::vector<SeatPeer>& peers,
                  const std::set<std::string>& current, const std::string& leader) {
    const auto may_hold = [](const SeatPeer& peer) { return peer.wish != SeatWish::no; };
    SeatChoice choice;
    choice.wanted = seats_wanted(
        ideal, static_cast<std::size_t>(std::count_if(peers.begin(), peers.end(), may_hold)));

    const std::vector<Ranked> all = ranked(peers, current, leader);
    const std::size_t given = std::min(choice.wanted, all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        const bool seated = i < given;
        if (seated) choice.seats.push_back(all[i].peer->uuid);
        choice.verdicts.push_back(
            {all[i].peer->uuid, seated,
             seated ? why_seated(all[i]) : why_after(all[i], all[given - 1])});
    }
    for (const SeatPeer& peer : peers) {
        if (!may_hold(peer))
            choice.verdicts.push_back({peer.uuid, false, "wants no seat"});
        else if (!peer.unfit.empty())
            choice.verdicts.push_back({peer.uuid, false, peer.unfit});
    }
    std::sort(choice.verdicts.begin(), choice.verdicts.end(),
              [](const SeatVerdict& a, const SeatVerdict& b) { return a.uuid < b.uuid; });
    return choice;
}

std::vector<std::string> ranking(const std::vector<SeatPeer>& peers,
                                 const std::set<std::string>& current, const std::string& leader) {
    std::vector<std::string> uuids;
    for (const Ranked& one : ranked(peers, current, leader)) uuids.push_back(one.peer->uuid);
    return uuids;
}

Spread spread_of(const std::vector<SeatPeer>& peers, const std::set<std::string>& seats) {
    Spread spread;
    for (std::size_t level = 0; level < depth_of(peers); ++level) {
        std::map<std::vector<std::string>, std::size_t> domains;
        for (const SeatPeer& peer : peers)
            if (seats.contains(peer.uuid)) ++domains[outer_domain(peer, level + 1)];
        std::vector<std::size_t>& counts = spread.emplace_back();
        for (const auto& [_, count] : domains) counts.push_back(count);
        std::sort(counts.begin(), counts.end(), std::greater<>());
    }
    return spread;
}

std::vector<std::string> domain_steps(std::string_view text) {
    return text.empty() ? std::vector<std::string>{} : split(text, ',');
}

std::uint64_t seat_hash(std::string_view uuid) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char byte : uuid) {
        hash ^= static_cast<unsigned char>(byte);
        hash *= 0x100000001b3;
    }
    hash ^= hash >> 31;
    hash *= 0x9e3779b97f4a7c15;
    return hash ^ (hash >> 29);
}

}  // namespace hansa
