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

bool may_hold(const SeatPeer& peer) {
    return peer.wish != SeatWish::no;
}

std::size_t wanted_among(std::size_t ideal, const std::vector<SeatPeer>& peers) {
    const auto registered = std::count_if(peers.begin(), peers.end(), may_hold);
    return seats_wanted(ideal, static_cast<std::size_t>(registered));
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

// Orders by the first `levels` steps, without a copy.
int compare_domains(const SeatPeer& a, const SeatPeer& b, std::size_t levels) {
    static const std::string missing;
    for (std::size_t i = 0; i < levels; ++i) {
        const std::string& ours = i < a.domain.size() ? a.domain[i] : missing;
        const std::string& theirs = i < b.domain.size() ? b.domain[i] : missing;
        if (const int order = ours.compare(theirs); order != 0) return order;
    }
    return 0;
}

void take_turns(std::vector<Ranked>& all, std::size_t level) {
    std::sort(all.begin(), all.end(), [&](const Ranked& a, const Ranked& b) {
        const int order = compare_domains(*a.peer, *b.peer, level + 1);
        return order != 0 ? order < 0 : precedes(a, b, level + 1);
    });
    for (std::size_t i = 0; i < all.size(); ++i) {
        const bool begins =
            i == 0 || compare_domains(*all[i - 1].peer, *all[i].peer, level + 1) != 0;
        all[i].turns[level] = begins ? 0 : all[i - 1].turns[level] + 1;
    }
}

std::vector<Ranked> ranked(const std::vector<SeatPeer>& peers, const std::set<std::string>& current,
                           const std::string& leader) {
    const std::size_t depth = depth_of(peers);
    std::vector<Ranked> all;
    for (const SeatPeer& peer : peers)
        if (may_hold(peer) && peer.unfit.empty())
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
    SeatChoice choice;
    choice.wanted = wanted_among(ideal, peers);
    for (const Ranked& one : ranked(peers, current, leader))
        (choice.open() > 0 ? choice.seats : choice.spares).push_back(one.peer->uuid);
    return choice;
}

std::vector<SeatVerdict> explain_choice(std::size_t ideal, const std::vector<SeatPeer>& peers,
                                        const std::set<std::string>& current,
                                        const std::string& leader) {
    std::vector<SeatVerdict> verdicts;
    const std::vector<Ranked> all = ranked(peers, current, leader);
    const std::size_t given = std::min(wanted_among(ideal, peers), all.size());
    for (std::size_t i = 0; i < all.size(); ++i)
        verdicts.push_back({all[i].peer->uuid, i < given,
                            i < given ? why_seated(all[i]) : why_after(all[i], all[given - 1])});
    for (const SeatPeer& peer : peers) {
        if (!may_hold(peer))
            verdicts.push_back({peer.uuid, false, "wants no seat"});
        else if (!peer.unfit.empty())
            verdicts.push_back({peer.uuid, false, peer.unfit});
    }
    std::sort(verdicts.begin(), verdicts.end(),
              [](const SeatVerdict& a, const SeatVerdict& b) { return a.uuid < b.uuid; });
    return verdicts;
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
