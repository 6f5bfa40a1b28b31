#include "mesh/caretaker.h"

#include <algorithm>

namespace hansa {
namespace {

using Do = UpkeepStep::Do;

// For what a member does with its whole database, on a slow disk.
constexpr Duration work_limit_base = Seconds{30};
constexpr std::uint64_t work_bytes_per_second = 10'000'000;

}  // namespace

struct Caretaker::Comparison {
    UpkeepFacts facts;
    std::map<MemberId, StoreHash> hashes;
    std::size_t due = 0;
};

Caretaker::Caretaker(Ports ports, Action done) : ports_(ports), done_(std::move(done)) {}

void Caretaker::look(UpkeepFacts facts, std::map<MemberId, std::string> endpoints,
                     const SeatTiming& timing) {
    facts_ = std::move(facts);
    endpoints_ = std::move(endpoints);
    timing_ = timing;
    if (facts_.leads && !was_leading_) {
        memory_ = {};
        memory_.compared = memory_.defragmented = ports_.loop.clock().now();
    }
    was_leading_ = facts_.leads;
    // An id never comes back.
    std::erase_if(condemned_, [this](MemberId id) {
        return std::none_of(facts_.voters.begin(), facts_.voters.end(),
                            [id](const UpkeepVoter& voter) { return voter.id == id; });
    });
    if (!at_work_) decide();
}

void Caretaker::decide() {
    const Instant now = ports_.loop.clock().now();
    // Not each time anew: an alarm that nothing can be done about keeps nobody from other work.
    if (now - asked_ >= timing_.clear_again) alarms_.reset();
    facts_.alarms = alarms_;
    facts_.memory = memory_;
    const UpkeepStep step = next_upkeep(facts_, timing_, now);
    if (step.what == Do::compare && comparing_) return;
    if (step.what != Do::ask_alarms && step.what != Do::compare)
        tell(told_, step.says, step.is_alarm);
    if (step.what == Do::nothing) memory_ = remember(facts_, step, now);
    act(step);
}

void Caretaker::act(const UpkeepStep& step) {
    const auto done =
        lifeline_.guard([this, step](Answer<void> answer) { acted(step, std::move(answer)); });
    switch (step.what) {
        case Do::nothing: return;
        case Do::ask_alarms: return ask_alarms();
        case Do::compare: return compare(step.revision);
        case Do::compact:
            at_work_ = true;
            return ports_.electorate.compact(ask_leader(), step.revision, done);
        case Do::defragment:
            at_work_ = true;
            return ports_.electorate.defragment(ask(step.member, limit_for(step.member)), done);
        case Do::disarm:
            at_work_ = true;
            return ports_.electorate.disarm(ask_leader(), step.alarm, done);
    }
}

void Caretaker::ask_alarms() {
    at_work_ = true;
    ports_.electorate.alarms({ask_leader().endpoint, timing_.read},
                             lifeline_.guard([this](Answer<std::vector<StoreAlarm>> answer) {
                                 at_work_ = false;
                                 if (!answer || !facts_.leads) return;
                                 alarms_ = std::move(*answer.result);
                                 asked_ = ports_.loop.clock().now();
                                 decide();
                             }));
}

void Caretaker::compare(Revision revision) {
    comparing_ = true;
    auto comparison = std::make_shared<Comparison>();
    comparison->facts = facts_;
    const auto answered = [this, comparison] {
        if (--comparison->due == 0) compared(*comparison);
    };
    for (const UpkeepVoter& voter : facts_.voters) comparison->due += voter.answers ? 1 : 0;
    for (const UpkeepVoter& voter : comparison->facts.voters) {
        if (!voter.answers) continue;
        ports_.electorate.hash_kv(
            ask(voter.id, limit_for(voter.id)), revision,
            lifeline_.guard([comparison, id = voter.id, answered](Answer<StoreHash> answer) {
                if (answer) comparison->hashes.insert_or_assign(id, *answer.result);
                answered();
            }));
    }
}

void Caretaker::compared(const Comparison& comparison) {
    comparing_ = false;
    UpkeepFacts facts = comparison.facts;
    facts.memory = memory_;  // other deeds may have been done meanwhile
    UpkeepFinding finding = judge(facts, comparison.hashes, timing_, ports_.loop.clock().now());
    memory_ = std::move(finding.memory);
    condemned_.merge(finding.condemned);
    tell(found_, finding.says, finding.is_alarm);
}

// What was tried on a member counts, so that one that cannot do it keeps nobody else waiting.
void Caretaker::acted(const UpkeepStep& step, const Answer<void>& answer) {
    at_work_ = false;
    alarms_.reset();
    facts_.memory = memory_;
    const bool is_done = answer || answer.fault == MemberFault::revision_gone;
    if (is_done || step.what == Do::defragment)
        memory_ = remember(facts_, step, ports_.loop.clock().now());
    const std::string trouble = is_done ? std::string{} : answer.result.error().text;
    if (!trouble.empty() && trouble != trouble_)
        ports_.report.publish(happened::Refused{"upkeep", step.says + ": " + trouble});
    trouble_ = trouble;
    if (is_done) done_();
}

void Caretaker::tell(std::string& told, const std::string& says, bool is_alarm) {
    if (says == std::exchange(told, says) || says.empty()) return;
    if (is_alarm)
        ports_.report.publish(happened::Warned{"upkeep: " + says});
    else
        ports_.report.publish(happened::Noted{"upkeep: " + says});
}

Ask Caretaker::ask(MemberId member, Duration limit) const {
    const auto at = endpoints_.find(member);
    return {at == endpoints_.end() ? std::string{} : at->second, limit};
}

Ask Caretaker::ask_leader() const {
    for (const UpkeepVoter& voter : facts_.voters)
        if (voter.leads) return ask(voter.id, limit_for(voter.id));
    return {};
}

Duration Caretaker::limit_for(MemberId member) const {
    for (const UpkeepVoter& voter : facts_.voters)
        if (voter.id == member)
            return work_limit_base + Seconds{voter.bytes / work_bytes_per_second};
    return work_limit_base;
}

}  // namespace hansa
