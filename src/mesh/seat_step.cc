#include "mesh/seat_step.h"

#include <algorithm>

#include "base/text.h"
#include "mesh/seat_plan.h"

namespace hansa {
namespace {

using Do = SeatStep::Do;
using What = SeatChange::What;

std::size_t quorum_of(std::size_t voters) {
    return voters / 2 + 1;
}

// What the order did to the list, if it was carried out.
std::optional<What> outcome(const SeatOrder& order, SeatPurpose purpose, const SeatFacts& facts) {
    const SeatMember* member = facts.find_member(order.member);
    switch (order.call) {
        case SeatCall::add_learner: return std::nullopt;  // a learner is no change yet
        case SeatCall::promote:
            if (member && !member->is_learner) return What::seated;
            return std::nullopt;
        case SeatCall::undo:
            if (!member) return What::undone;
            return std::nullopt;
        case SeatCall::remove:
            if (member) return std::nullopt;
            return purpose == SeatPurpose::replace ? What::replaced : What::unseated;
    }
    return std::nullopt;
}

// One decision of the steward.
class Steward {
 public:
    Steward(const SeatFacts& facts, const SeatTiming& timing, Instant now)
        : facts_(facts), timing_(timing), now_(now), view_(view(facts, timing, now)) {}

    SeatStep step() {
        if (auto account = settle_account()) return *account;
        if (view_.learner) return attend_learner();
        return pursue(plan(facts_, view_, timing_, now_));
    }

 private:
    SeatStep waits(int rule, std::string why) const { return {Do::nothing, rule, std::move(why)}; }

    SeatStep writes(int rule, std::string says, SeatBook book) const {
        return {Do::write, rule, std::move(says), false, std::move(book)};
    }

    // The book without what no longer counts.
    SeatBook fresh_book() const {
        SeatBook book = facts_.book;
        std::erase_if(book.changes, [&](const SeatChange& change) {
            return facts_.age(change, now_) >= timing_.window;
        });
        std::erase_if(book.penalties, [&](const SeatPenalty& penalty) {
            return facts_.age(penalty, now_) >=
                   timing_.penalty(penalty.strikes) + timing_.penalty_max;
        });
        return book;
    }

    // Rule 2: an order that was carried out is put down, and with an odd number of voters and no
    // learner its intent is done.
    std::optional<SeatStep> settle_account() const {
        if (!facts_.book.intent || !facts_.book.intent->order) return std::nullopt;
        const SeatIntent& intent = *facts_.book.intent;
        const auto what = outcome(*intent.order, intent.purpose, facts_);
        if (!what) return std::nullopt;
        SeatBook book = fresh_book();
        book.changes.push_back({++book.seq, *what, intent.order->uuid, facts_.wall});
        book.intent->order.reset();
        if (view_.is_odd() && !view_.learner) book.intent.reset();
        return writes(
            2,
            std::string{name_of(intent.order->call)} + " of " + target(*intent.order) + " is done",
            std::move(book));
    }

    std::string target(const SeatOrder& order) const {
        if (!order.uuid.empty()) return facts_.name_of(order.uuid);
        return "member " + text_of_member(order.member);
    }

    SeatOrder order_about(SeatCall call, const SeatMember& member) const {
        return {call, member.uuid, member.id, digest_of(facts_.members)};
    }

    // Carries out what is ordered already, and for this purpose; else orders it.
    SeatStep command(int rule, SeatOrder order, SeatIntent intent) const {
        std::string says =
            std::string{name_of(order.call)} + " " + target(order) + ": " + intent.why;
        const auto& standing = facts_.book.intent;
        if (standing && standing->order == order && standing->purpose == intent.purpose)
            return {Do::call, rule, std::move(says), false, {}, std::move(order)};
        SeatBook book = fresh_book();
        if (order.call == SeatCall::undo && intent.purpose != SeatPurpose::tidy &&
            !is_ordered(SeatCall::undo, order.member))
            strike(book, order.uuid);
        intent.order = std::move(order);
        intent.seq = ++book.seq;
        intent.allowed = timing_.learner_deadline(facts_.store_bytes);
        intent.at = facts_.wall;
        book.intent = std::move(intent);
        return writes(rule, "intends to " + says, std::move(book));
    }

    bool is_ordered(SeatCall call, MemberId member) const {
        const auto& intent = facts_.book.intent;
        return intent && intent->order && intent->order->call == call &&
               intent->order->member == member;
    }

    void strike(SeatBook& book, const std::string& uuid) const {
        for (SeatPenalty& penalty : book.penalties) {
            if (penalty.uuid != uuid) continue;
            ++penalty.strikes;
            penalty.at = facts_.wall;
            return;
        }
        book.penalties.push_back({uuid, 1, facts_.wall});
    }

    // Rule 3.
    SeatStep attend_learner() const {
        const SeatMember& learner = *view_.learner;
        const std::string name = facts_.name_of(learner);
        const auto& intent = facts_.book.intent;
        const bool intended = intent && std::find(intent->adds.begin(), intent->adds.end(),
                                                  learner.uuid) != intent->adds.end();
        if (!intended)
            return command(
                3, order_about(SeatCall::undo, learner),
                {.purpose = SeatPurpose::tidy, .why = name + " is a learner that nobody intends"});

        const std::string lack = what_lacks(learner);
        const auto seen = facts_.memory.members.find(learner.id);
        const Duration age =
            seen == facts_.memory.members.end() ? Duration{0} : now_ - seen->second;
        const Milliseconds allowed = timing_.learner_deadline(facts_.store_bytes);
        SeatIntent next = *intent;
        if (lack.empty()) {
            if (!view_.dead.empty()) return remove_dead_first(next);
            next.why = name + " has caught up";
            return command(3, order_about(SeatCall::promote, learner), std::move(next));
        }
        if (age < allowed)
            return waits(3, "waits for " + name + ", a learner since " + readable(age) + ": it " +
                                lack + "; given up after " + readable(allowed));
        next.why = "as a learner it still " + lack + " after " + readable(age);
        return command(3, order_about(SeatCall::undo, learner), std::move(next));
    }

    // Empty: it can be promoted.
    std::string what_lacks(const SeatMember& learner) const {
        const SeatApplicant* peer = facts_.find_peer(learner.uuid);
        if (!peer || peer->wish == SeatWish::no) return "wants no seat any more";
        if (!peer->hindrance.empty()) return peer->hindrance;
        if (!learner.started) return "has not started";
        if (learner.raft_index == 0) return "does not tell how far it is";
        if (const auto lacking = behind_by(facts_, learner, timing_); lacking > 0)
            return "is " + counted(lacking, "entry") + " behind";
        // etcd promotes nobody who has less than nine tenths of its leader's log, however short.
        const SeatMember* leader = facts_.find_member(facts_.leader);
        if (leader && learner.raft_index * 10 < leader->raft_index * 9)
            return "has " + std::to_string(learner.raft_index) + " of " +
                   counted(leader->raft_index, "entry");
        const std::size_t needed = std::min<std::size_t>(2, view_.voters.size());
        if (learner.reached_by < needed)
            return "is reached by " + counted(learner.reached_by, "voter") + " of " +
                   std::to_string(needed);
        return {};
    }

    SeatStep remove_dead_first(SeatIntent next) const {
        const SeatMember& dead = *view_.dead[0];
        if (view_.well() < quorum_of(view_.voters.size() - 1))
            return waits(3, "waits: without " + facts_.name_of(dead) + ", which is dead, only " +
                                counted(view_.well(), "voter") + " would be well");
        next.purpose = SeatPurpose::replace;
        next.why = facts_.name_of(dead) + " is dead";
        return command(3, order_about(SeatCall::remove, dead), std::move(next));
    }

    SeatStep pursue(const SeatPlan& plan) const {
        const bool is_open = facts_.book.intent.has_value();
        if (!plan.purpose) {
            if (!is_open || !view_.is_odd()) return waits(plan.rule, plan.why);
            SeatBook book = fresh_book();
            book.intent.reset();
            return writes(2, "gives up its intent; " + plan.why, std::move(book));
        }
        if (auto slower = hold_back(plan)) return *slower;
        SeatIntent intent{0, *plan.purpose, plan.why, plan.adds, {}, {}, {}};
        for (const SeatMember* member : plan.removes)
            intent.removes.push_back(text_of_member(member->id));
        // A swap adds first, so that healthy voters never become fewer than they should be.
        if (!plan.removes.empty() && plan.purpose != SeatPurpose::swap)
            return remove(plan, *plan.removes[0], std::move(intent));
        return command(plan.rule,
                       {SeatCall::add_learner, plan.adds[0], 0, digest_of(facts_.members)},
                       std::move(intent));
    }

    // Rule 7: pace and budget. What is half done is finished, at its pace, unless even that takes
    // twice the budget.
    std::optional<SeatStep> hold_back(const SeatPlan& plan) const {
        std::size_t recent = 0;
        // Also after a change that nobody put down, because its order was replaced meanwhile.
        Duration pause = timing_.pace;
        if (facts_.memory.voters_since) pause = now_ - *facts_.memory.voters_since;
        for (const SeatChange& change : facts_.book.changes) {
            pause = std::min(pause, age_seen(change));
            // Its change ends with the successor.
            recent += change.what != What::replaced && facts_.age(change, now_) < timing_.window;
        }
        const bool is_pair = view_.is_odd() && plan.purpose != SeatPurpose::replace;
        const std::size_t allowed = timing_.budget * (view_.is_odd() ? 1 : 2);
        if (recent + (is_pair ? 2 : 1) > allowed)
            return SeatStep{Do::nothing, 7,
                            "stops: " + counted(recent, "change") + " within " +
                                readable(timing_.window) +
                                " is all that is allowed; wanted: " + plan.why,
                            true};
        const bool is_successor = !view_.is_odd() && plan.removes.empty() &&
                                  !facts_.book.changes.empty() &&
                                  facts_.book.changes.back().what == What::replaced;
        if (!is_successor && pause < timing_.pace)
            return waits(7, "waits another " + readable(timing_.pace - pause) + ": " + plan.why);
        return std::nullopt;
    }

    // By this process alone: the pace is kept whatever the clocks of others say.
    Duration age_seen(const SeatChange& change) const {
        const auto seen = facts_.memory.changes.find(change.seq);
        return seen == facts_.memory.changes.end() ? Duration{0} : now_ - seen->second;
    }

    // Rule 4 for the dead, rule 5 for the living.
    SeatStep remove(const SeatPlan& plan, const SeatMember& leaver, SeatIntent intent) const {
        const bool is_dead = view_.is_dead(leaver);
        const std::size_t left = view_.well() - (is_dead ? 0 : 1);
        const std::size_t quorum = quorum_of(view_.voters.size() - 1);
        if (!is_dead && up_to_date_without(leaver) < quorum)
            return waits(plan.rule, "waits: without " + facts_.name_of(leaver) +
                                        " each write would wait for " + slowest_but(leaver));
        if (left < quorum)
            return waits(plan.rule, "waits: without " + facts_.name_of(leaver) + " only " +
                                        counted(left, "voter") + " would be well, and " +
                                        std::to_string(quorum) + " are needed");
        const SeatOrder order = order_about(SeatCall::remove, leaver);
        SeatStep step = command(plan.rule, order, std::move(intent));
        if (step.what != Do::call || leaver.id != facts_.leader) return step;
        return hand_over(plan.rule, leaver);
    }

    std::size_t up_to_date_without(const SeatMember& leaver) const {
        return static_cast<std::size_t>(std::count_if(
            view_.voters.begin(), view_.voters.end(),
            [&](const SeatMember* voter) { return voter != &leaver && !view_.is_behind(*voter); }));
    }

    // REQUIRES: another one is behind.
    std::string slowest_but(const SeatMember& leaver) const {
        const SeatMember* slowest = nullptr;
        for (const SeatMember* voter : view_.behind)
            if (voter != &leaver && (!slowest || voter->raft_index < slowest->raft_index))
                slowest = voter;
        return facts_.name_of(*slowest) + ", which is " +
               counted(behind_by(facts_, *slowest, timing_), "entry") + " behind";
    }

    SeatStep hand_over(int rule, const SeatMember& leaver) const {
        for (const std::string& uuid : view_.choice.seats) {
            const SeatMember* heir = facts_.find_member_of(uuid);
            if (!heir || heir->is_learner || heir->id == leaver.id) continue;
            if (!facts_.condition(uuid).healthy) continue;
            return {Do::move_leader,
                    rule,
                    "hands leadership to " + facts_.name_of(uuid) + " before " +
                        facts_.name_of(leaver) + " gives its seat up",
                    false,
                    {},
                    {},
                    heir->id};
        }
        return waits(rule, "waits: nobody can take the leadership of " + facts_.name_of(leaver));
    }

    const SeatFacts& facts_;
    const SeatTiming& timing_;
    const Instant now_;
    const SeatView view_;
};

// The agent beside a leader is silent while its etcd goes on to lead: the first of the others that
// are well has it lead here instead.
SeatStep stand_in(const SeatFacts& facts, const SeatMember& leader, const SeatTiming& timing,
                  Instant now) {
    const Condition condition = facts.condition(leader.uuid);
    const std::string name = facts.name_of(leader);
    // Who answers and is not healthy yet is no reason: leadership would go to and fro.
    if (!condition.observed || condition.healthy ||
        now - condition.silent_since < timing.beat * timing.misses)
        return {Do::nothing, 7, name + " leads and is the steward"};
    const SeatMember* first = nullptr;
    for (const SeatMember& member : facts.members) {
        if (member.is_learner || member.id == leader.id) continue;
        if (!facts.condition(member.uuid).healthy) continue;
        if (!first || member.uuid < first->uuid) first = &member;
    }
    if (!first || first->uuid != facts.me)
        return {Do::nothing, 7,
                name + " leads but its agent is silent; " +
                    (first ? facts.name_of(*first) : "nobody") + " is to take over"};
    return {Do::move_leader, 7,  "takes leadership from " + name + ", whose agent is silent",
            false,           {}, {},
            first->id};
}

}  // namespace

SeatStep decide(const SeatFacts& facts, const SeatTiming& timing, Instant now) {
    if (!facts.readable)
        return {Do::nothing, 1,
                "quorum lost: no linearizable read within " + readable(timing.read) +
                    "; no seat is changed",
                true};
    const SeatMember* leader = facts.find_member(facts.leader);
    if (!leader) return {Do::nothing, 1, "waits: no leader is known"};
    const SeatMember* here = facts.find_member_of(facts.me);
    if (leader != here) {
        if (facts.steward == facts.me)
            return {Do::resign, 7, facts.name_of(*leader) + " leads, so it is to be the steward"};
        if (!here || here->is_learner) return {Do::nothing, 7, "holds no seat"};
        return stand_in(facts, *leader, timing, now);
    }
    if (facts.steward.empty()) return {Do::campaign, 7, "leads, so it is to be the steward"};
    if (facts.steward != facts.me)
        return {Do::nothing, 7,
                "waits: " + facts.name_of(facts.steward) + " still holds the steward's key"};
    return Steward(facts, timing, now).step();
}

Result<void> admit(const SeatOrder& order, const SeatFacts& facts, const SeatTiming& timing,
                   Instant now) {
    const SeatStep step = decide(facts, timing, now);
    if (step.what == Do::call && step.order == order) return {};
    return Error{Code::conflict, std::string{name_of(order.call)} +
                                     " is not what would be decided now: " + step.says};
}

}  // namespace hansa
