// A store of members that obeys at once, for tests of decisions about seats: what decide() asks
// for is done, and time passes only where a test says so.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "mesh/seat_plan.h"
#include "mesh/seat_step.h"

namespace hansa::testing {

class SeatTable {
 public:
    explicit SeatTable(std::size_t ideal) { facts_.ideal = ideal; }

    // Joins as a peer that is well; the first one founds.
    void join(const std::string& name, std::string_view domain = "") {
        SeatApplicant peer;
        peer.uuid = peer.name = name;
        peer.domain = domain_steps(domain);
        facts_.peers.push_back(peer);
        facts_.conditions[name] = {true, true, now_, now_, 0};
        if (facts_.members.empty()) {
            add_member(name, false);
            lead(name);
        }
    }

    void add_member(const std::string& name, bool is_learner) {
        SeatMember member;
        member.id = ++ids_;
        member.uuid = name;
        member.is_learner = is_learner;
        member.started = true;
        member.raft_index = 100;
        member.reached_by = 9;
        facts_.members.push_back(member);
    }

    void lead(const std::string& name) {
        facts_.leader = facts_.find_member_of(name)->id;
        facts_.me = facts_.steward = name;
    }

    void fall_silent(const std::string& name) {
        facts_.conditions[name] = {true, false, now_, now_, 1};
    }
    void answer(const std::string& name) { facts_.conditions[name] = {true, true, now_, now_, 1}; }

    void pass(Duration time) { now_ += time; }

    SeatStep look() {
        facts_.readable = true;
        facts_.wall = Milliseconds{1'000'000} + duration_cast<Milliseconds>(now_ - Instant{});
        facts_.memory = remember(facts_, timing_, now_);
        return decide(facts_, timing_, now_);
    }

    // Does what is decided, until nothing is; a line per call. `most`: calls.
    std::vector<std::string> run(int most = 20) {
        std::vector<std::string> done;
        for (int steps = 0; steps < 100 && std::cmp_less(done.size(), most); ++steps) {
            const SeatStep step = look();
            if (step.what == SeatStep::Do::nothing) break;
            if (std::string line = obey(step); !line.empty()) done.push_back(line);
        }
        return done;
    }

    // The same, with so much time in all; looks once a second.
    std::vector<std::string> run_for(Duration time) {
        std::vector<std::string> done;
        for (const Instant end = now_ + time; now_ < end; now_ += Seconds{1})
            for (std::string& line : run()) done.push_back(std::move(line));
        return done;
    }

    std::string obey(const SeatStep& step) {
        switch (step.what) {
            case SeatStep::Do::write: facts_.book = *step.book; return {};
            case SeatStep::Do::campaign: facts_.steward = facts_.me; return "campaign";
            case SeatStep::Do::resign: facts_.steward.clear(); return "resign";
            case SeatStep::Do::move_leader: {
                const std::string heir = facts_.find_member(step.target)->uuid;
                lead(heir);
                return "lead " + heir;
            }
            case SeatStep::Do::call:
                return admit(*step.order, facts_, timing_, now_) ? call(*step.order) : "refused";
            case SeatStep::Do::nothing: break;
        }
        return {};
    }

    std::vector<std::string> voters() const {
        std::vector<std::string> names;
        for (const SeatMember& member : facts_.members)
            if (!member.is_learner) names.push_back(member.uuid);
        std::sort(names.begin(), names.end());
        return names;
    }

    SeatFacts& facts() { return facts_; }
    SeatApplicant& peer(const std::string& name) {
        return const_cast<SeatApplicant&>(*facts_.find_peer(name));
    }
    SeatMember& member(const std::string& name) {
        return const_cast<SeatMember&>(*facts_.find_member_of(name));
    }
    const SeatTiming& timing() const { return timing_; }
    Instant now() const { return now_; }

    bool learners_start = true;

 private:
    std::string call(const SeatOrder& order) {
        const std::string line = std::string{name_of(order.call)} + " " + order.uuid;
        if (order.call == SeatCall::add_learner) {
            add_member(order.uuid, true);
            facts_.members.back().started = learners_start;
        } else if (order.call == SeatCall::promote) {
            member(order.uuid).is_learner = false;
        } else {
            std::erase_if(facts_.members,
                          [&](const SeatMember& one) { return one.id == order.member; });
        }
        return line;
    }

    SeatFacts facts_;
    SeatTiming timing_;
    Instant now_ = Instant{Seconds{1000}};
    MemberId ids_ = 0;
};

}  // namespace hansa::testing
