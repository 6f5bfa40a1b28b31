#include "seat_agent.h"

#include <algorithm>
#include <set>

#include "base/check.h"
#include "mesh/seat_plan.h"

namespace hansa {
namespace {

constexpr Milliseconds etcd_start{300};
constexpr int lease_ticks = 30;  // of a peer's record

}  // namespace

SimSeatAgent::SimSeatAgent(SeatWorld& world, SimEtcd& etcd, std::size_t number)
    : world_(world),
      etcd_(etcd),
      host_(number),
      health_(world.options.timing),
      caretaker_(world, etcd, number) {}

void SimSeatAgent::step(const std::vector<SimSeatAgent>& agents) {
    if (!host().agent_runs()) return;
    if (life_ != host().lives) begin_life();
    go_on_calling();
    if (world_.now < next_tick_) return;
    next_tick_ = world_.now + world_.options.timing.tick;
    const bool readable = etcd_.readable_from(host_);
    if (readable) host().lease_until = world_.now + world_.options.timing.tick * lease_ticks;
    tend_etcd();
    const SimSeatMember* here = etcd_.find_on(host_);
    if (!here || here->is_learner) {
        key_created_ = 0;
        return;
    }
    observe(agents);
    if (key_created_ != 0) etcd_.renew(host_, key_created_);
    const bool leads = readable && etcd_.leader()->host == host_;
    if (pending_) return;  // one step at a time
    read(leads);
    if (caretaker_.is_at_work()) return;
    last_ = decide(facts_, world_.options.timing, world_.now);
    if (!readable && last_.what != SeatStep::Do::nothing)
        violation_ = "1: " + host().uuid + " decides without a majority behind it: " + last_.says;
    if (facts_.readable) caretaker_.look(facts_, leads, last_.what == SeatStep::Do::nothing);
    if (!caretaker_.is_at_work()) act(last_);
}

void SimSeatAgent::begin_life() {
    life_ = host().lives;
    health_ = HealthBook(world_.options.timing);
    caretaker_.forget();
    facts_ = {};
    last_ = {};
    watched_.clear();
    pending_.reset();
    key_created_ = 0;
    next_tick_ = world_.now + world_.options.timing.tick * world_.random.below(100) / 100;
    judge_directory();
}

// As daemon/seat_holder.h: before etcd is started with what is there.
void SimSeatAgent::judge_directory() {
    SimHost& here = host();
    const bool has_data = here.etcd.data_of != 0;
    const MemberFate fate = fate_of(here.marker, has_data, {here.uuid, sim_cluster});
    is_member_ = fate == MemberFate::serve;
    here.data_lost = fate == MemberFate::lost;
}

// What is vouched for is served at once, store or no store. Everybody else's etcd starts only where
// the list has the host as somebody who has not started yet.
void SimSeatAgent::tend_etcd() {
    SimProcess& process = host().etcd;
    is_member_ = is_member_ && host().marker;  // or it was removed
    if (process.running || process.starts || host().lame) return;
    if (is_member_) judge_directory();
    if (is_member_) {
        process.data_of = process.data_of != 0 ? process.data_of : host().marker->member;
        process.starts = world_.now + etcd_start;
        return;
    }
    if (!etcd_.readable_from(host_)) return;
    const SimSeatMember* member = etcd_.find_on(host_);
    host().data_lost = member && member->started;
    if (member && !member->started) become(member->id);
}

// Whatever lies there is cleared away.
void SimSeatAgent::become(MemberId member) {
    host().marker = MemberMarker{sim_cluster, host().uuid, member, {}, {}};
    host().data_lost = false;
    host().etcd = {};
    host().etcd.data_of = member;
    host().etcd.starts = world_.now + etcd_start;
    is_member_ = true;
}

bool SimSeatAgent::hears(std::size_t subject) const {
    if (!world_.hosts[subject].agent_runs() || !world_.linked(host_, subject)) return false;
    const SimSeatMember* member = etcd_.find_on(subject);
    const SimHost& there = world_.hosts[subject];
    return !member || member->is_learner || (there.etcd_runs() && !there.etcd.is_busy());
}

// What the agents of all voters see, told to each other.
void SimSeatAgent::observe(const std::vector<SimSeatAgent>& agents) {
    const SimSeatMember* leading = etcd_.leader();
    const bool leads = leading && leading->host == host_;
    std::vector<std::string> subjects = watched_;
    if (!leads || subjects.empty()) {
        subjects.clear();
        for (const SimSeatMember& member : etcd_.members())
            subjects.push_back(world_.hosts[member.host].uuid);
    }
    health_.keep_only({subjects.begin(), subjects.end()});
    condemned_ = caretaker_.condemned();
    for (const SimSeatMember& observer : etcd_.members()) {
        if (observer.is_learner || !world_.hosts[observer.host].agent_runs()) continue;
        if (observer.host != host_ && !world_.passes(observer.host, host_)) continue;
        const auto& told = agents[observer.host].caretaker().condemned();
        condemned_.insert(told.begin(), told.end());
        for (const std::string& subject : subjects) {
            const std::size_t number = *world_.host_of(subject);
            if (number == observer.host) continue;
            health_.report(world_.hosts[observer.host].uuid, subject,
                           agents[observer.host].hears(number) ? Beat::heard : Beat::missed,
                           world_.now);
        }
    }
}

void SimSeatAgent::read(bool leads) {
    facts_.me = host().uuid;
    facts_.readable = etcd_.readable_from(host_);
    if (!facts_.readable) return;
    facts_.ideal = world_.ideal;
    facts_.leader = etcd_.leader()->id;
    facts_.store_bytes = world_.options.store_bytes;
    facts_.wall = Milliseconds{1'000'000'000} + host().clock_offset +
                  duration_cast<Milliseconds>(world_.now.time_since_epoch());
    facts_.steward.clear();
    if (const auto& key = etcd_.steward()) {
        facts_.steward = world_.hosts[key->host].uuid;
        if (key->host == host_ && key->created != key_created_) facts_.steward += " before";
    }
    read_members(leads);
    if (!leads) return;
    read_peers();
    book_revision_ = etcd_.book_revision();
    facts_.book = {};
    if (!etcd_.book().empty()) {
        auto book = decode_seat_book(etcd_.book());
        check(static_cast<bool>(book), "a book that was written can be read");
        facts_.book = std::move(*book);
    }
    facts_.memory = remember(facts_, world_.options.timing, world_.now);
    watched_ = whom_to_observe(facts_, world_.options.timing, world_.now);
}

void SimSeatAgent::read_members(bool leads) {
    facts_.members.clear();
    facts_.conditions.clear();
    for (const SimSeatMember& member : etcd_.members()) {
        const SimHost& there = world_.hosts[member.host];
        // Whose record is gone, of that nobody knows the owner any more.
        const std::string owner = there.registered ? there.uuid : std::string{};
        SeatMember read{member.id, owner, member.is_learner, member.started};
        read.is_condemned = condemned_.contains(member.id);
        const bool answers =
            there.etcd_runs() && !there.etcd.is_busy() && world_.linked(host_, member.host);
        read.raft_index = answers ? there.etcd.index : 0;
        read.is_lost = there.data_lost && there.agent_runs() && world_.linked(host_, member.host);
        for (const SimSeatMember& other : etcd_.members())
            read.reached_by += !other.is_learner && there.etcd_runs() &&
                               world_.hosts[other.host].agent_runs() &&
                               world_.linked(other.host, member.host);
        facts_.members.push_back(std::move(read));
        if (!owner.empty()) facts_.conditions[owner] = health_.condition(owner, world_.now);
    }
    if (!leads) return;
    for (const std::string& uuid : watched_)
        facts_.conditions[uuid] = health_.condition(uuid, world_.now);
}

void SimSeatAgent::read_peers() {
    facts_.peers.clear();
    for (const SimHost& there : world_.hosts) {
        if (!there.registered) continue;
        SeatApplicant peer;
        peer.uuid = peer.name = there.uuid;
        peer.domain = there.domain;
        peer.wish = there.wish;
        peer.weight = there.weight;
        peer.is_alive = world_.now < there.lease_until;
        facts_.peers.push_back(std::move(peer));
    }
}

void SimSeatAgent::act(const SeatStep& step) {
    switch (step.what) {
        case SeatStep::Do::nothing: return;
        case SeatStep::Do::campaign:
            if (etcd_.campaign(host_)) key_created_ = etcd_.steward()->created;
            return;
        case SeatStep::Do::resign:
            (void)etcd_.resign(host_, key_created_);
            key_created_ = 0;
            return;
        case SeatStep::Do::write:
            pending_ = Pending{{},           world_.now + moment(), false, encode(*step.book),
                               key_created_, book_revision_};
            return;
        case SeatStep::Do::move_leader: (void)etcd_.move_leader(host_, step.target); return;
        case SeatStep::Do::call: pending_ = Pending{*step.order, world_.now + moment()}; return;
    }
}

Duration SimSeatAgent::moment() {
    return world_.options.timing.tick * world_.random.below(60) / 100;
}

void SimSeatAgent::go_on_calling() {
    if (!pending_ || world_.now < pending_->due) return;
    const Pending now = *pending_;
    pending_.reset();
    if (now.book) {
        (void)etcd_.write_book(host_, now.key_created, now.book_revision, *now.book);
        return;
    }
    if (now.admitted) return send(now.order, world_.now - now.due > world_.options.timing.tick);
    // Everything is read once more, for time has passed since the decision.
    read(etcd_.readable_from(host_) && etcd_.leader()->host == host_);
    if (admit(now.order, facts_, world_.options.timing, world_.now))
        pending_ = Pending{now.order, world_.now + moment(), true};
}

void SimSeatAgent::send(const SeatOrder& order, bool is_late) {
    SimCall call{host_, order, is_late};
    before_call(call);
    if (order.call == SeatCall::add_learner)
        call.answer = etcd_.add_learner(host_, *world_.host_of(order.uuid));
    else if (order.call == SeatCall::promote)
        call.answer = etcd_.promote(host_, order.member);
    else
        call.answer = etcd_.remove(host_, order.member);
    after_call(call);
}

}  // namespace hansa
