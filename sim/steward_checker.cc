#include "steward_checker.h"

#include <algorithm>

namespace hansa {
namespace {

std::size_t quorum_of(std::size_t voters) {
    return voters / 2 + 1;
}

}  // namespace

void StewardChecker::violated(const std::string& what) {
    if (violation_.empty()) violation_ = "at " + world_.age() + ": " + what;
}

Duration StewardChecker::noticing() const {
    const SeatTiming& timing = world_.options.timing;
    return timing.beat * (timing.misses + 4) + timing.tick * 3;
}

bool StewardChecker::is_down_for(std::size_t host, Duration time) const {
    const auto since = history_.down_since(host);
    return since && world_.now - *since >= time;
}

bool StewardChecker::has_steward_for(Duration time) const {
    const SimSeatMember* leader = etcd_.leader();
    return leader && etcd_.can_commit() && etcd_.steward() &&
           etcd_.steward()->host == leader->host && world_.now - history_.leads_since() >= time;
}

void StewardChecker::before_call(const SimCall& call) {
    const SeatOrder& order = call.order;
    const SimSeatMember* target = etcd_.find(order.member);
    purpose_ = history_.intent() ? history_.intent()->purpose : SeatPurpose::tidy;
    if (call.is_late) return;
    check_fence(call);
    const bool begins = etcd_.voters() % 2 == 1;
    switch (order.call) {
        case SeatCall::add_learner:
            if (begins) check_budget(order);
            if (begins && purpose_ == SeatPurpose::grow) check_growth();
            if (purpose_ == SeatPurpose::swap) check_swap(order);
            check_penalty(order);
            return;
        case SeatCall::promote:
            if (target) check_wish(*target);
            return;
        case SeatCall::remove:
            if (!target || target->is_learner) return;
            if (begins) check_budget(order);
            check_removal(*target);
            if (begins) check_successor(*target);
            return;
        case SeatCall::undo: return;
    }
}

void StewardChecker::after_call(const SimCall& call) {
    if (!call.answer || call.is_late) return;
    const SeatOrder& order = call.order;
    const auto host = world_.host_of(order.uuid);
    if (order.call == SeatCall::undo && purpose_ != SeatPurpose::tidy && host)
        undone_[*host] = history_.ordered_at(order).value_or(world_.now);
    const bool is_half = order.call == SeatCall::remove && purpose_ == SeatPurpose::replace;
    if (order.call == SeatCall::add_learner || is_half) return;
    changes_.push_back(world_.now);
    while (world_.now - changes_.front() >= world_.options.timing.window) changes_.pop_front();
}

void StewardChecker::check_fence(const SimCall& call) {
    const std::string what = std::string{name_of(call.order.call)} + " of " + call.order.uuid;
    if (!history_.holds_key(call.from))
        violated("fencing: " + what + " by " + world_.hosts[call.from].uuid +
                 ", which is not the steward");
    if (!history_.stands(call.order))
        violated("fencing: " + what + " does not stand in the book any more");
    if (!history_.is_the_list(call.order.digest))
        violated("fencing: " + what + " was ordered for another list");
}

// An even number would need as many for a majority and could lose no more.
void StewardChecker::check_growth() {
    std::size_t fit = 0;
    for (std::size_t i = 0; i < world_.hosts.size(); ++i) {
        const SimHost& host = world_.hosts[i];
        const SimSeatMember* member = etcd_.find_on(i);
        fit += host.registered && host.wish != SeatWish::no && is_well(i) &&
               (!member || member->is_learner);
    }
    if (fit < 2) violated("4: a seat is added and nobody is there for the one after it");
}

// Only what would have been better for long enough already, with whomever, moves a seat.
void StewardChecker::check_swap(const SeatOrder& order) {
    const SeatTiming& timing = world_.options.timing;
    const auto id = history_.intent()->removes.empty()
                        ? std::nullopt
                        : member_of_text(history_.intent()->removes[0]);
    const SimSeatMember* leaver = id ? etcd_.find(*id) : nullptr;
    if (!leaver || history_.was_odd(leaver->id)) return;
    const SimHost& leaves = world_.hosts[leaver->host];
    const bool must_go = !leaves.registered || leaves.wish == SeatWish::no ||
                         world_.now - leaves.wish_since < timing.tick * 4;
    if (!must_go && !is_better_since(timing.settle * 8 / 10))
        violated("4: a seat moves to " + order.uuid + ", and nobody who would hold it better has " +
                 "been there for " + readable(timing.settle));
}

// Somebody has been there for so long with whom, instead of one voter, the seats are spread better.
bool StewardChecker::is_better_since(Duration time) const {
    std::vector<SeatPeer> peers;
    std::set<std::string> seats;
    for (const SimHost& host : world_.hosts)
        peers.push_back({host.uuid, host.domain, host.wish, host.weight, {}, {}});
    for (const SimSeatMember& member : etcd_.members())
        if (!member.is_learner) seats.insert(world_.hosts[member.host].uuid);
    const auto is_better_with = [&](const std::string& comer) {
        return std::any_of(seats.begin(), seats.end(), [&](const std::string& leaver) {
            std::set<std::string> others = seats;
            others.erase(leaver);
            others.insert(comer);
            return spread_of(peers, others) < spread_of(peers, seats);
        });
    };
    for (std::size_t i = 0; i < world_.hosts.size(); ++i) {
        const SimHost& host = world_.hosts[i];
        const Instant there = std::max(history_.back_since(i), host.wish_since);
        if (!host.registered || host.wish == SeatWish::no || etcd_.find_on(i)) continue;
        if (is_well(i) && world_.now - there >= time && is_better_with(host.uuid)) return true;
    }
    return false;
}

void StewardChecker::check_wish(const SimSeatMember& learner) {
    const SimHost& host = world_.hosts[learner.host];
    if (host.wish == SeatWish::no && world_.now - host.wish_since > world_.options.timing.tick * 4)
        violated("18: " + host.uuid + " wants no seat and is promoted");
}

void StewardChecker::check_removal(const SimSeatMember& leaver) {
    const std::string& who = world_.hosts[leaver.host].uuid;
    std::size_t well = 0;
    const SimSeatMember* silent = nullptr;
    for (const SimSeatMember& member : etcd_.members()) {
        if (member.is_learner || member.id == leaver.id) continue;
        if (is_well(member.host))
            ++well;
        else
            silent = &member;
    }
    if (well < quorum_of(etcd_.voters() - 1))
        violated("9: " + who + " is to go, and " + std::to_string(well) + " of " +
                 std::to_string(etcd_.voters() - 1) + " others are well");
    const bool is_there =
        !history_.down_since(leaver.host) &&
        world_.now - std::max(history_.back_since(leaver.host), last_cut_) > noticing();
    if (silent && is_there && purpose_ == SeatPurpose::shrink && !history_.was_odd(leaver.id))
        violated("5: " + who + " gives its seat up while " + world_.hosts[silent->host].uuid +
                 " does not answer");
}

// Where the seat stays open nothing is won, and the chance is lost that its holder comes back.
void StewardChecker::check_successor(const SimSeatMember& leaver) {
    const auto& intent = history_.intent();
    const bool is_dead = is_down_for(leaver.host, world_.options.timing.evict / 2);
    if (!intent || !is_dead || history_.was_odd(leaver.id)) return;
    const bool is_taken = purpose_ == SeatPurpose::replace && !intent->adds.empty();
    if (etcd_.voters() <= history_.wanted() && !is_taken && intent->removes.size() < 2)
        violated("6: " + world_.hosts[leaver.host].uuid + " is dead and nobody takes its seat");
}

void StewardChecker::check_budget(const SeatOrder& order) {
    const SeatTiming& timing = world_.options.timing;
    const auto recent = std::count_if(changes_.begin(), changes_.end(), [&](Instant at) {
        return world_.now - at < timing.window - clock_skew_max * 2;
    });
    if (static_cast<std::size_t>(recent) + 1 > timing.budget)
        violated("7: " + std::string{name_of(order.call)} + " of " + order.uuid + " after " +
                 std::to_string(recent) + " changes within " + readable(timing.window));
}

void StewardChecker::check_penalty(const SeatOrder& order) {
    const auto undone = undone_.find(world_.host_of(order.uuid).value_or(world_.hosts.size()));
    if (undone == undone_.end()) return;
    const Duration since = world_.now - undone->second;
    if (since < world_.options.timing.penalty(1) - clock_skew_max * 2)
        violated("3: " + order.uuid + " failed as a learner only " + readable(since) + " ago");
}

bool StewardChecker::is_busy() const {
    return std::any_of(etcd_.members().begin(), etcd_.members().end(), [this](const auto& member) {
        return world_.hosts[member.host].etcd.is_busy();
    });
}

bool StewardChecker::is_undisturbed() const {
    return world_.cuts.empty() && etcd_.alarms().empty() && !is_busy() &&
           std::none_of(etcd_.members().begin(), etcd_.members().end(),
                        [](const auto& member) { return member.is_learner; });
}

// Its agent tells, so nobody need wait until it is dead.
void StewardChecker::check_lost(const std::function<bool()>& is_held_back) {
    const SimSeatMember* lost = nullptr;
    bool are_others_there = true;
    for (const SimSeatMember& member : etcd_.members()) {
        if (world_.hosts[member.host].data_lost && world_.hosts[member.host].agent_runs())
            lost = &member;
        else if (history_.down_since(member.host))
            are_others_there = false;
    }
    if (!lost || !are_others_there || history_.intent() || !is_undisturbed() ||
        !has_steward_for(noticing()) || is_held_back())
        lost_since_.reset();
    else if (!lost_since_)
        lost_since_ = world_.now;
    if (lost_since_ && world_.now - *lost_since_ > world_.options.timing.tick * 30)
        violated("4: " + world_.hosts[lost->host].uuid + " has lost its data and keeps its seat");
}

void StewardChecker::check_stand_in() {
    const SimSeatMember* leader = etcd_.leader();
    const bool can_help =
        std::any_of(etcd_.members().begin(), etcd_.members().end(), [&](const auto& member) {
            return !member.is_learner && leader && member.id != leader->id &&
                   !history_.down_since(member.host) &&
                   world_.now - history_.back_since(member.host) > noticing();
        });
    const bool is_alone = leader && etcd_.can_commit() && world_.cuts.empty() && !is_busy() &&
                          can_help && !world_.hosts[leader->host].agent_runs();
    if (!is_alone)
        alone_since_.reset();
    else if (!alone_since_)
        alone_since_ = world_.now;
    if (alone_since_ && world_.now - *alone_since_ > world_.options.timing.tick * 30)
        violated("nobody stands in for " + world_.hosts[leader->host].uuid);
}

void StewardChecker::after_step(const std::function<bool()>& is_held_back) {
    if (!world_.cuts.empty()) last_cut_ = world_.now;
    check_lost(is_held_back);
    check_stand_in();
}

}  // namespace hansa
