#include "mesh/seat_plan.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/text.h"

namespace hansa {
namespace {

bool is_voter(const SeatFacts& facts, const std::string& uuid) {
    const SeatMember* member = facts.find_member_of(uuid);
    return member && !member->is_learner;
}

std::string penalty_left(const SeatFacts& facts, const std::string& uuid, const SeatTiming& timing,
                         Instant now) {
    for (const SeatPenalty& penalty : facts.book.penalties) {
        const Duration left = timing.penalty(penalty.strikes) - facts.age(penalty, now);
        if (penalty.uuid == uuid && left > Duration{0})
            return "is in the penalty box for another " + readable(left);
    }
    return {};
}

// A seat is given only where it may also be taken back within the window.
std::string restlessness(const SeatFacts& facts, const std::string& uuid, const SeatTiming& timing,
                         Instant now) {
    std::size_t roles = 0;
    for (const SeatChange& change : facts.book.changes)
        roles += change.uuid == uuid && change.what != SeatChange::What::undone &&
                 facts.age(change, now) < timing.window;
    if (roles + 2 <= timing.roles) return {};
    return "changed its role " + counted(roles, "time") + " within " + readable(timing.window);
}

// Whether who answers, but for too short a time to be healthy, passes, and who was not asked yet.
enum class Probation { unfit, passes };

bool is_on_probation(const Condition& condition, const SeatTiming& timing, Instant now) {
    return !condition.observed ||
           (!condition.healthy && now - condition.silent_since < timing.beat * timing.misses);
}

std::string unfit_of_other(const SeatFacts& facts, const SeatApplicant& peer,
                           const SeatTiming& timing, Instant now, Probation probation) {
    const Condition condition = facts.condition(peer.uuid);
    if (!peer.is_alive) return "is not there";
    const bool passes = probation == Probation::passes && is_on_probation(condition, timing, now);
    if (!condition.observed && !passes) return "is not observed yet";
    if (!condition.healthy && !passes)
        return "is not healthy since " + readable(now - condition.since);
    if (condition.flaps >= timing.flaps)
        return "was unhealthy " + counted(condition.flaps, "time") + " within " +
               readable(timing.window);
    if (std::string why = penalty_left(facts, peer.uuid, timing, now); !why.empty()) return why;
    return restlessness(facts, peer.uuid, timing, now);
}

std::vector<SeatPeer> candidates(const SeatFacts& facts, const SeatTiming& timing, Instant now,
                                 Probation probation = Probation::unfit) {
    std::vector<SeatPeer> found;
    for (const SeatApplicant& peer : facts.peers) {
        const Condition condition = facts.condition(peer.uuid);
        // Who is not known to be well has been so for no time at all.
        const Instant stable_since = condition.healthy ? condition.since : now;
        SeatPeer candidate{peer.uuid,   peer.domain,  peer.wish,
                           peer.weight, stable_since, peer.hindrance};
        if (is_voter(facts, peer.uuid)) {
            if (condition.is_dead(timing.evict, now)) candidate.unfit = "is dead";
            const SeatMember& member = *facts.find_member_of(peer.uuid);
            if (member.is_condemned) candidate.unfit = "holds other data than most voters";
            if (member.is_lost) candidate.unfit = "has lost its data";
        } else if (candidate.unfit.empty()) {
            candidate.unfit = unfit_of_other(facts, peer, timing, now, probation);
        }
        found.push_back(std::move(candidate));
    }
    return found;
}

std::set<std::string> voter_uuids(const SeatFacts& facts) {
    std::set<std::string> uuids;
    for (const SeatMember& member : facts.members)
        if (!member.is_learner && !member.uuid.empty()) uuids.insert(member.uuid);
    return uuids;
}

std::string leader_uuid(const SeatFacts& facts) {
    const SeatMember* leader = facts.find_member(facts.leader);
    return leader ? leader->uuid : std::string{};
}

void sort_voters(SeatView& view, const SeatFacts& facts, const SeatTiming& timing, Instant now) {
    for (const SeatMember& member : facts.members) {
        if (member.is_learner) {
            view.learner = &member;
            continue;
        }
        view.voters.push_back(&member);
        const Condition condition = facts.condition(member.uuid);
        const auto seen = facts.memory.members.find(member.id);
        // It left, or was removed by an operator, so perhaps nobody observes it.
        const bool is_unknown = !facts.find_peer(member.uuid) && !condition.observed &&
                                seen != facts.memory.members.end() &&
                                now - seen->second >= timing.evict;
        if (member.is_lost || is_unknown || condition.is_dead(timing.evict, now))
            view.dead.push_back(&member);
        else if (!condition.healthy)
            view.unwell.push_back(&member);
        if (behind_by(facts, member, timing) > 0) view.behind.push_back(&member);
    }
}

// Worst first: the condemned, who may not stay; then who is behind, since without the others each
// write would wait for it; then who comes last in the ranking.
void find_surplus(SeatView& view) {
    const std::set<std::string> seats(view.choice.seats.begin(), view.choice.seats.end());
    const std::vector<std::string>& spares = view.choice.spares;
    const auto place = [&](const SeatMember* member) {
        return std::find(spares.begin(), spares.end(), member->uuid) - spares.begin();
    };
    for (const SeatMember* voter : view.voters)
        if (!seats.contains(voter->uuid) && !view.is_dead(*voter)) view.surplus.push_back(voter);
    const auto badness = [&](const SeatMember* member) {
        return std::tuple(member->is_condemned, view.is_behind(*member), place(member),
                          member->id);
    };
    std::sort(
        view.surplus.begin(), view.surplus.end(),
        [&](const SeatMember* a, const SeatMember* b) { return badness(b) < badness(a); });
}

std::string names_of(const SeatFacts& facts, const std::vector<const SeatMember*>& members) {
    std::vector<std::string> names;
    for (const SeatMember* member : members) names.push_back(facts.name_of(*member));
    return join(names, ", ");
}

SeatPlan waits(int rule, std::string why) {
    return {rule, "waits: " + std::move(why)};
}

std::string why_unwell(const SeatFacts& facts, const SeatView& view) {
    return names_of(facts, view.unwell) +
           " does not answer, and etcd adds members only while all voters are connected";
}

const SeatMember* lost_of(const SeatView& view) {
    for (const SeatMember* member : view.dead)
        if (member->is_lost) return member;
    return nullptr;
}

SeatPlan plan_for_dead(const SeatFacts& facts, const SeatView& view) {
    const std::string who = names_of(facts, view.dead);
    const std::size_t count = view.voters.size();
    const auto goes = [&](std::vector<const SeatMember*> removes, const std::string& why) {
        return SeatPlan{4, why, SeatPurpose::shrink, {}, std::move(removes)};
    };
    // Without the dead one the others need no more of them for a majority, and can lose one more.
    if (!view.is_odd())
        return goes({view.dead[0]}, who + " is dead, and " + counted(count, "voter") +
                                        " is no better than one less");
    if (count > view.choice.wanted && !view.surplus.empty())
        return goes({view.dead[0], view.surplus[0]},
                    who + " is dead and one seat more is too many");
    if (count > view.choice.wanted && view.dead.size() > 1)
        return goes({view.dead[0], view.dead[1]}, who + " are dead and too many");
    if (const SeatMember* lost = lost_of(view); lost && view.newcomers.empty())
        return {4,
                facts.name_of(*lost) + " has lost its data and begins anew",
                SeatPurpose::replace,
                {lost->uuid},
                {lost}};
    if (view.newcomers.empty())
        return {6, "keeps " + who + ", which is dead: there is nobody to take the seat"};
    if (!view.unwell.empty()) return waits(4, why_unwell(facts, view));
    if (view.dead.size() > 1)
        return goes({view.dead[0], view.dead[1]},
                    who + " are dead, and etcd adds nobody while they are members");
    const std::string& successor = view.newcomers[0];
    return {4,
            who + " is dead; " + facts.name_of(successor) + " takes the seat",
            SeatPurpose::replace,
            {successor},
            {view.dead[0]}};
}

SeatPlan plan_to_grow(const SeatFacts& facts, const SeatView& view) {
    const std::size_t missing = view.is_odd() ? 2 : 1;
    const std::string counts = std::to_string(view.voters.size()) + " of " +
                               counted(view.choice.wanted, "seat") + " taken";
    if (view.newcomers.empty()) return waits(4, counts + ", and no other peer is fit for one");
    if (view.newcomers.size() < missing)
        return waits(4, counts + ", and only " + facts.name_of(view.newcomers[0]) +
                            " is fit: an even number would not help");
    if (!view.unwell.empty()) return waits(4, why_unwell(facts, view));
    return {4,
            counts,
            SeatPurpose::grow,
            {view.newcomers.begin(), view.newcomers.begin() + static_cast<std::ptrdiff_t>(missing)},
            {}};
}

SeatPlan plan_to_shrink(const SeatFacts& facts, const SeatView& view, const SeatTiming& timing,
                        Instant now) {
    const std::string counts =
        counted(view.voters.size(), "voter") + " for " + counted(view.choice.wanted, "seat");
    if (!view.unwell.empty())
        return waits(5, counts + ", and " + names_of(facts, view.unwell) + " does not answer");
    for (const std::string& uuid : view.choice.seats)
        if (is_voter(facts, uuid) && uuid != facts.me &&
            now - facts.condition(uuid).since < timing.steady)
            return waits(5, counts + ", and " + facts.name_of(uuid) + " is back only since " +
                                readable(now - facts.condition(uuid).since));
    const std::size_t many = std::min<std::size_t>(view.is_odd() ? 2 : 1, view.surplus.size());
    if (many == 0) return waits(5, counts);
    return {5,
            counts,
            SeatPurpose::shrink,
            {},
            {view.surplus.begin(), view.surplus.begin() + static_cast<std::ptrdiff_t>(many)}};
}

SeatPlan plan_to_swap(const SeatFacts& facts, const SeatView& view, const SeatTiming& timing,
                      Instant now) {
    const SeatMember* leaver = view.surplus[0];
    const SeatApplicant* peer = facts.find_peer(leaver->uuid);
    const bool must_go =
        leaver->is_condemned || !peer || peer->wish == SeatWish::no || !peer->hindrance.empty();
    const std::string what =
        facts.name_of(view.newcomers[0]) + " instead of " + facts.name_of(*leaver);
    if (!must_go && !view.spread_better) return {7, "every seat is well placed"};
    if (!must_go) {
        const Instant since = facts.memory.better_since.value_or(now);
        if (now - since < timing.settle)
            return waits(4, what + " would be spread better, but only since " +
                                readable(now - since) + "; acts after " + readable(timing.settle));
    }
    if (!view.unwell.empty()) return waits(4, why_unwell(facts, view));
    return {4,
            what + (must_go ? ", which may not stay" : ", to be spread better"),
            SeatPurpose::swap,
            {view.newcomers[0]},
            {leaver}};
}

// Nobody else is fit, so it is its own successor, with the data of the others.
SeatPlan plan_to_renew(const SeatFacts& facts, const SeatView& view) {
    if (!view.unwell.empty()) return waits(4, why_unwell(facts, view));
    const SeatMember* member = view.surplus[0];
    return {4,
            facts.name_of(*member) + " holds other data than most voters and begins anew",
            SeatPurpose::replace,
            {member->uuid},
            {member}};
}

}  // namespace

bool SeatView::is_dead(const SeatMember& voter) const {
    return std::find(dead.begin(), dead.end(), &voter) != dead.end();
}

bool SeatView::is_behind(const SeatMember& voter) const {
    return std::find(behind.begin(), behind.end(), &voter) != behind.end();
}

std::uint64_t behind_by(const SeatFacts& facts, const SeatMember& member,
                        const SeatTiming& timing) {
    const SeatMember* leader = facts.find_member(facts.leader);
    const std::uint64_t head = leader ? leader->raft_index : 0;
    return member.raft_index + timing.learner_gap <= head ? head - member.raft_index : 0;
}

SeatView view(const SeatFacts& facts, const SeatTiming& timing, Instant now) {
    const std::vector<SeatPeer> peers = candidates(facts, timing, now);
    const std::set<std::string> current = voter_uuids(facts);
    const std::string leader = leader_uuid(facts);
    SeatView view;
    view.choice = choose(facts.ideal, peers, current, leader);
    sort_voters(view, facts, timing, now);
    find_surplus(view);
    for (const std::string& uuid : view.choice.seats)
        if (!current.contains(uuid)) view.newcomers.push_back(uuid);
    const std::set<std::string> seats(view.choice.seats.begin(), view.choice.seats.end());
    view.spread_better =
        seats.size() == view.voters.size() && spread_of(peers, seats) < spread_of(peers, current);
    return view;
}

SeatPlan plan(const SeatFacts& facts, const SeatView& view, const SeatTiming& timing, Instant now) {
    if (!view.dead.empty()) return plan_for_dead(facts, view);
    if (view.voters.size() < view.choice.wanted) return plan_to_grow(facts, view);
    if (view.voters.size() > view.choice.wanted) return plan_to_shrink(facts, view, timing, now);
    if (!view.surplus.empty() && !view.newcomers.empty())
        return plan_to_swap(facts, view, timing, now);
    if (!view.surplus.empty() && view.surplus[0]->is_condemned) return plan_to_renew(facts, view);
    if (!view.surplus.empty())
        return waits(4, facts.name_of(*view.surplus[0]) +
                            " should give its seat up, and no other peer is fit for it");
    return {7, "all " + counted(view.voters.size(), "seat") + " are taken"};
}

std::vector<std::string> whom_to_observe(const SeatFacts& facts, const SeatTiming& timing,
                                         Instant now) {
    std::set<std::string> observed;
    for (const SeatMember& member : facts.members)
        if (!member.uuid.empty()) observed.insert(member.uuid);
    // As many again as there are seats, so that a whole set of successors is known to be well.
    const auto peers = candidates(facts, timing, now, Probation::passes);
    const SeatChoice choice = choose(facts.ideal, peers, voter_uuids(facts), leader_uuid(facts));
    observed.insert(choice.seats.begin(), choice.seats.end());
    const std::size_t spares = std::min(choice.spares.size(), choice.wanted + 2);
    for (std::size_t i = 0; i < spares; ++i) observed.insert(choice.spares[i]);
    return {observed.begin(), observed.end()};
}

SeatMemory remember(const SeatFacts& facts, const SeatTiming& timing, Instant now) {
    const SeatMemory& before = facts.memory;
    if (!facts.readable) return before;
    const auto since = [now](const auto& seen, const auto& key) {
        const auto found = seen.find(key);
        return found == seen.end() ? now : found->second;
    };
    SeatMemory memory;
    for (const SeatMember& member : facts.members) {
        memory.members[member.id] = since(before.members, member.id);
        if (!member.is_learner) memory.voters.push_back(member.id);
    }
    std::sort(memory.voters.begin(), memory.voters.end());
    memory.voters_since = before.voters_since;
    // At first sight of a list that nobody changed of late, there is nothing to keep a pace from.
    const bool is_untouched = before.voters.empty() && facts.book.changes.empty();
    if (memory.voters != before.voters && !is_untouched) memory.voters_since = now;
    for (const SeatChange& change : facts.book.changes)
        memory.changes[change.seq] = since(before.changes, change.seq);
    for (const SeatPenalty& penalty : facts.book.penalties) {
        const std::pair key{penalty.uuid, penalty.strikes};
        memory.penalties[key] = since(before.penalties, key);
    }
    if (view(facts, timing, now).spread_better)
        memory.better_since = before.better_since.value_or(now);
    return memory;
}

}  // namespace hansa
