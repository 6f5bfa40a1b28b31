#include "seat_upkeep.h"

#include <algorithm>

namespace hansa {
namespace {

using Do = UpkeepStep::Do;

}  // namespace

UpkeepCounts& UpkeepCounts::operator+=(const UpkeepCounts& other) {
    rewritten += other.rewritten;
    cleared += other.cleared;
    condemned += other.condemned;
    return *this;
}

SimCaretaker::SimCaretaker(SeatWorld& world, SimEtcd& etcd, std::size_t host)
    : world_(world), etcd_(etcd), host_(host) {}

void SimCaretaker::forget() {
    memory_ = {};
    alarms_.reset();
    was_leading_ = false;
    works_on_.reset();
    tried_.clear();
    condemned_.clear();
}

bool SimCaretaker::is_busy(MemberId id) const {
    const SimSeatMember* member = etcd_.find(id);
    return member && world_.hosts[member->host].etcd.is_busy();
}

// The call ends with the work, or when the member does.
bool SimCaretaker::is_at_work() {
    if (works_on_ && !is_busy(*works_on_)) works_on_.reset();
    return works_on_.has_value();
}

bool SimCaretaker::answers(const SimSeatMember& member) const {
    const SimHost& there = world_.hosts[member.host];
    return there.etcd_runs() && !there.etcd.is_busy() && world_.linked(host_, member.host);
}

void SimCaretaker::fill(const SeatFacts& facts, bool leads, bool is_calm) {
    facts_ = {};
    facts_.leads = leads;
    facts_.is_steward = facts.steward == facts.me;
    facts_.is_calm = is_calm && !facts.book.intent;
    for (const SimSeatMember& member : etcd_.members()) {
        const SimHost& there = world_.hosts[member.host];
        facts_.is_calm &= !member.is_learner && facts.condition(there.uuid).healthy;
        if (member.is_learner) continue;
        UpkeepVoter voter{member.id, there.uuid, member.id == facts.leader};
        if (answers(member)) {
            voter.answers = true;
            voter.complains = !etcd_.alarms().empty();
            voter.bytes = there.etcd.bytes;
            voter.bytes_used = etcd_.bytes_used();
            voter.revision = static_cast<Revision>(there.etcd.index);
        }
        facts_.voters.push_back(std::move(voter));
    }
}

void SimCaretaker::look(const SeatFacts& facts, bool leads, bool is_calm) {
    fill(facts, leads, is_calm);
    if (etcd_.alarms().empty() || !leads) tried_.clear();
    if (leads && !was_leading_) {
        memory_ = {};
        memory_.compared = memory_.defragmented = world_.now;
    }
    was_leading_ = leads;
    std::erase_if(condemned_, [this](MemberId id) { return !etcd_.find(id); });
    while (decide(facts)) {
    }
}

// True: there is more to decide at once.
bool SimCaretaker::decide(const SeatFacts& seats) {
    const SeatTiming& timing = world_.options.timing;
    if (world_.now - asked_ >= timing.clear_again) alarms_.reset();
    facts_.alarms = alarms_;
    facts_.memory = memory_;
    const UpkeepStep step = next_upkeep(facts_, timing, world_.now);
    switch (step.what) {
        case Do::nothing: break;
        case Do::ask_alarms:
            alarms_ = etcd_.alarms();
            asked_ = world_.now;
            return true;
        case Do::compare: compare(); return false;
        case Do::compact:
            if (!etcd_.compact(host_)) return false;
            break;
        case Do::defragment:
            check_order(step, seats);
            etcd_.defragment(host_, step.member);
            works_on_ = step.member;
            tried_.insert(step.member);
            ++counts_.rewritten;
            break;
        case Do::disarm:
            if (!etcd_.disarm(host_, step.alarm.member)) return false;
            ++counts_.cleared;
            break;
    }
    memory_ = remember(facts_, step, world_.now);
    if (step.what != Do::nothing) alarms_.reset();
    return false;
}

void SimCaretaker::compare() {
    std::map<MemberId, StoreHash> hashes;
    for (const SimSeatMember& member : etcd_.members()) {
        if (member.is_learner || !answers(member)) continue;
        const bool is_odd = world_.hosts[member.host].etcd.is_odd;
        hashes[member.id] = {is_odd ? 1000 + static_cast<std::uint32_t>(member.id) : 7, 1};
    }
    UpkeepFinding finding = judge(facts_, hashes, world_.options.timing, world_.now);
    memory_ = std::move(finding.memory);
    for (const MemberId id : finding.condemned) {
        const SimHost& there = world_.hosts[etcd_.find(id)->host];
        counts_.condemned += condemned_.insert(id).second;
        if (!there.etcd.is_odd) violation_ = there.uuid + " holds what most do and is condemned";
    }
}

// That its file is written anew would gain something.
bool SimCaretaker::could_use(const SimSeatMember& member) const {
    const std::uint64_t bytes = world_.hosts[member.host].etcd.bytes;
    const bool would_gain = etcd_.alarms().empty()
                                ? bytes >= defragment_bytes_min && etcd_.bytes_used() <= bytes / 2
                                : bytes > etcd_.bytes_used();
    return !member.is_learner && would_gain && answers(member) && !tried_.contains(member.id);
}

// An earlier steward's work may still be going on while this one clears an alarm.
void SimCaretaker::check_order(const UpkeepStep& step, const SeatFacts& seats) {
    const bool is_for_room = etcd_.alarms().empty();
    const SimSeatMember* leader = etcd_.leader();
    for (const SimSeatMember& member : etcd_.members()) {
        const std::string& uuid = world_.hosts[member.host].uuid;
        if (is_busy(member.id) && (is_for_room || works_on_ == member.id))
            violation_ = "the files of two members are written anew, of " + uuid + " too";
        if (is_for_room && member.is_learner)
            violation_ = "a file is written anew while " + uuid + " learns";
        if (leader && step.member == leader->id && member.id != leader->id && could_use(member))
            violation_ = "the leader's file is written anew before that of " + uuid;
    }
    if (is_for_room && seats.book.intent)
        violation_ = "a file is written anew while a change of seats is open";
}

}  // namespace hansa
