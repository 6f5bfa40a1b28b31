#include "seat_checker.h"

#include <algorithm>

namespace hansa {
namespace {

// What a late call left behind is mended within this, once somebody can.
constexpr Duration mending = Seconds{30};
// And a full store takes writes again within this, by one agent.
constexpr Duration clearing = Seconds{60};

}  // namespace

SeatCounts& SeatCounts::operator+=(const SeatCounts& other) {
    calls += other.calls;
    refused += other.refused;
    late += other.late;
    seated += other.seated;
    unseated += other.unseated;
    undone += other.undone;
    quorum_lost += other.quorum_lost;
    steps += other.steps;
    alarms += other.alarms;
    return *this;
}

void SeatChecker::violated(const std::string& what) {
    if (violation_.empty()) violation_ = "at " + world_.age() + ": " + what;
}

bool SeatChecker::is_live(const SimSeatMember& member) const {
    const SimHost& host = world_.hosts[member.host];
    const SimSeatMember* leader = etcd_.leader();
    return host.agent_runs() && host.etcd_runs() && !host.etcd.is_busy() && leader &&
           world_.linked(leader->host, member.host);
}

bool SeatChecker::is_known_live(const SimSeatMember& member) const {
    const auto since = live_since_.find(member.host);
    return since != live_since_.end() &&
           world_.now - since->second >= world_.options.timing.tick * 3;
}

std::size_t SeatChecker::live_voters() const {
    return static_cast<std::size_t>(std::count_if(
        etcd_.members().begin(), etcd_.members().end(),
        [this](const auto& member) { return !member.is_learner && is_live(member); }));
}

void SeatChecker::before_call(const SimCall& call) {
    ++counts_.calls;
    counts_.late += call.is_late;
    const SeatOrder& order = call.order;
    if (!history_.ordered_at(order))
        violated("6: " + std::string{name_of(order.call)} + " of " + order.uuid +
                 " was not written before");
    could_elect_ = etcd_.can_elect();
    const SimSeatMember* target = etcd_.find(order.member);
    target_was_live_ = target && is_known_live(*target);
    target_was_learner_ = target && target->is_learner;
    target_was_odd_ = target && history_.was_odd(target->id);
    target_host_ = target ? target->host : world_.host_of(order.uuid).value_or(0);
    const SimHost& host = world_.hosts[target_host_];
    target_may_stay_ = target && host.registered && host.wish != SeatWish::no && !host.data_lost;
    const auto away = away_since_.find(target_host_);
    const bool is_away = target && !is_live(*target) && away != away_since_.end();
    target_away_since_ = is_away ? std::optional(away->second) : std::nullopt;
    rest_lags_ = target && !target->is_learner && lags_without(*target);
}

// Between the last look and the call as much may be written as a steward lets anybody lack, and
// more.
bool SeatChecker::lags_without(const SimSeatMember& leaver) const {
    const std::uint64_t gap = world_.options.timing.learner_gap * 4;
    std::size_t up_to_date = 0;
    for (const SimSeatMember& member : etcd_.members())
        up_to_date += !member.is_learner && member.id != leaver.id &&
                      world_.hosts[member.host].etcd.index + gap > etcd_.head();
    return up_to_date < (etcd_.voters() - 1) / 2 + 1;
}

void SeatChecker::check_pace(const SimCall& call) {
    const bool begins = call.order.call == SeatCall::add_learner ||
                        (call.order.call == SeatCall::remove && !target_was_learner_);
    if (!begins || call.is_late || !change_ended_) return;
    const bool has_learner = std::any_of(etcd_.members().begin(), etcd_.members().end(),
                                         [](const auto& member) { return member.is_learner; });
    if (call.order.call == SeatCall::add_learner ? was_first_half_ : has_learner) return;
    if (world_.now - *change_ended_ < world_.options.timing.pace)
        violated("7: a change begins only " + readable(world_.now - *change_ended_) +
                 " after another");
}

void SeatChecker::check_removal(const SimCall& call) {
    if (call.order.call != SeatCall::remove || !target_was_live_ || call.is_late) return;
    // Who holds other data goes even so (docs/decisions/021); the majority is looked at below.
    if (target_was_odd_) return;
    const std::size_t left = etcd_.voters();  // it is gone already
    if (live_voters() < left / 2 + 2 && left + 1 <= history_.wanted())
        violated("9: " + call.order.uuid + " was live and removed, " +
                 std::to_string(live_voters()) + " of " + std::to_string(left) + " are live");
    if (rest_lags_)
        violated("9: " + call.order.uuid + " was live and removed, and the rest lacks too much");
    if (!etcd_.leader()) violated("5: a live leader was removed before it handed over");
}

void SeatChecker::after_call(const SimCall& call) {
    if (!call.answer) {
        ++counts_.refused;
        return;
    }
    check_pace(call);
    check_removal(call);
    check_eviction(call);
    check_promotion(call);
    last_call_ = world_.now;
    if (call.is_late) late_at_ = world_.now;
    if (could_elect_ && !etcd_.can_elect())
        violated("a call took the majority away: " + std::string{name_of(call.order.call)} +
                 " of " + call.order.uuid);
    const SimHost& host = world_.hosts[target_host_];
    if (call.order.call == SeatCall::add_learner && !call.is_late && host.wish == SeatWish::no &&
        world_.now - host.wish_since > world_.options.timing.tick * 4)
        violated("18: " + host.uuid + " wants no seat and is added");

    const bool was_voter = call.order.call == SeatCall::remove && !target_was_learner_;
    if (call.order.call == SeatCall::promote) ++counts_.seated;
    if (was_voter) ++counts_.unseated;
    if (call.order.call == SeatCall::undo) ++counts_.undone;
    // What came late, or was done by hand, stands in no book: nobody can allow for it.
    if (call.order.call == SeatCall::add_learner)
        if (const SimSeatMember* added = etcd_.find_on(target_host_)) added_.insert(added->id);
    const bool is_seated =
        call.order.call == SeatCall::promote && added_.contains(call.order.member);
    if ((is_seated || was_voter) && !call.is_late) note_role(target_host_);
    if (call.order.call != SeatCall::add_learner) change_ended_ = world_.now;
    was_first_half_ =
        was_voter && history_.intent() && history_.intent()->purpose == SeatPurpose::replace;
}

// Whoever is only away for a while keeps its seat, unless there are too many.
void SeatChecker::check_eviction(const SimCall& call) {
    if (call.order.call != SeatCall::remove || call.is_late || !target_away_since_) return;
    if (!target_may_stay_ || target_was_odd_ || etcd_.voters() + 1 > history_.wanted()) return;
    const SeatTiming& timing = world_.options.timing;
    // Who had no line to it counts from then, even if others still had one.
    const Instant since =
        std::min(*target_away_since_,
                 history_.apart_since(call.from, target_host_).value_or(*target_away_since_));
    // Its last sign was a beat or more before, and came from there by another way perhaps.
    if (world_.now - since < timing.evict * 8 / 10)
        violated("4: " + call.order.uuid + " was away for " + readable(world_.now - since) +
                 " only and is removed");
}

// One vote more would make the dead one's count for more.
void SeatChecker::check_promotion(const SimCall& call) {
    if (call.order.call != SeatCall::promote || call.is_late) return;
    const SeatTiming& timing = world_.options.timing;
    const Duration known_after = timing.evict + timing.tick * 20;
    if (world_.now - history_.leads_since() <= known_after) return;  // a new steward counts anew
    const auto is_away = [&](const SimSeatMember& member) {
        return !member.is_learner && member.host != target_host_ &&
               history_.down_since(member.host).has_value();
    };
    for (const SimSeatMember& member : etcd_.members())  // and a second witness with it
        if (!is_away(member) && world_.now - history_.back_since(member.host) <= known_after)
            return;
    for (const SimSeatMember& member : etcd_.members()) {
        if (!is_away(member)) continue;
        if (world_.now - *history_.down_since(member.host) > known_after)
            violated("3: " + call.order.uuid + " is promoted while " +
                     world_.hosts[member.host].uuid + " is dead");
    }
}

void SeatChecker::note_role(std::size_t host) {
    std::deque<Instant>& changes = roles_[host];
    changes.push_back(world_.now);
    // Two clocks may differ, and so what counts as within the window.
    const Duration window = world_.options.timing.window - clock_skew_max * 2;
    while (world_.now - changes.front() >= window) changes.pop_front();
    if (changes.size() > world_.options.timing.roles)
        violated("12: " + world_.hosts[host].uuid + " changed its role " +
                 std::to_string(changes.size()) + " times");
}

void SeatChecker::check_learner() {
    const SimSeatMember* leader = etcd_.leader();
    const auto learner = std::find_if(etcd_.members().begin(), etcd_.members().end(),
                                      [](const auto& member) { return member.is_learner; });
    const bool has_steward = leader && etcd_.can_commit() && etcd_.steward() &&
                             etcd_.steward()->host == leader->host &&
                             world_.hosts[leader->host].agent_runs();
    // Who is ready may have to wait for a dead voter to go, and that for the others to be well.
    const bool all_there =
        world_.cuts.empty() &&
        std::none_of(etcd_.members().begin(), etcd_.members().end(), [this](const auto& member) {
            return !member.is_learner && history_.down_since(member.host);
        });
    // A full store takes no book, and so no intent to undo it.
    if (learner == etcd_.members().end() || !has_steward || !etcd_.alarms().empty() || !all_there) {
        attended_ = 0;
    } else if (learner->id != attended_ || leader->host != attended_by_) {
        attended_ = learner->id;
        attended_by_ = leader->host;
        attended_since_ = world_.now;
    }
    const SeatTiming& timing = world_.options.timing;
    if (attended_ != 0 &&
        world_.now - attended_since_ >
            timing.learner_deadline(world_.options.store_bytes) + timing.tick * 10)
        violated("3: a learner past its deadline is not undone");
}

// By whoever is beside the leader, once it can.
void SeatChecker::check_alarm() {
    const SimSeatMember* leader = etcd_.leader();
    // Whoever stands still while its file is written anew is waited for.
    const bool waits =
        std::any_of(etcd_.members().begin(), etcd_.members().end(), [this](const auto& member) {
            const SimHost& host = world_.hosts[member.host];
            return host.etcd.is_busy() && host.paused;
        });
    const bool can_be = !etcd_.alarms().empty() && leader && etcd_.can_commit() && !waits &&
                        world_.hosts[leader->host].agent_runs();
    if (!can_be || leader->id != cleared_by_) {
        cleared_by_ = can_be ? leader->id : 0;
        cleared_since_ = world_.now;
    }
    if (cleared_by_ != 0 && world_.now - cleared_since_ > clearing)
        violated("a space alarm is not cleared");
}

void SeatChecker::after_step() {
    ++counts_.steps;
    counts_.quorum_lost += !etcd_.has_majority();
    if (!etcd_.violation().empty()) violated(etcd_.violation());
    for (const SimSeatMember& member : etcd_.members()) {
        if (is_live(member)) {
            const Instant since = live_since_.try_emplace(member.host, world_.now).first->second;
            if (world_.now - since >= world_.options.timing.recover * 2)
                away_since_.erase(member.host);
        } else {
            live_since_.erase(member.host);
            away_since_.try_emplace(member.host, world_.now);
        }
    }
    check_learner();
    check_alarm();
    const std::size_t voters = etcd_.voters();
    if (voters == 0) violated("2: no voters");
    if (etcd_.members().size() > voters + 1) violated("5: two learners");
    const bool may_be_even =
        history_.intent() ||
        (late_at_ && (world_.now - *late_at_ < mending || !etcd_.can_commit()));
    if (voters % 2 == 0 && !may_be_even)
        violated("3: " + std::to_string(voters) + " voters and no intent");
    if (late_at_ && voters % 2 == 1) late_at_.reset();
}

}  // namespace hansa
