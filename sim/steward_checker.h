// Holds what stewards ask for against the rules of seats.md section 3, also where etcd, a
// transaction or a second look would keep the harm away: each rule is to be kept for itself. What
// then becomes of the fleet is SeatChecker's.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>

#include "seat_agent.h"
#include "seat_history.h"

namespace hansa {

class StewardChecker {
 public:
    StewardChecker(const SeatWorld& world, const SimEtcd& etcd, const SeatHistory& history)
        : world_(world), etcd_(etcd), history_(history) {}

    void before_call(const SimCall& call);
    void after_call(const SimCall& call);
    // `is_held_back`: something that only time may lift keeps the steward from what it wants.
    void after_step(const std::function<bool()>& is_held_back);

    // Empty: all is well.
    const std::string& violation() const { return violation_; }

 private:
    void violated(const std::string& what);
    void check_fence(const SimCall& call);
    void check_growth();
    void check_swap(const SeatOrder& order);
    void check_budget(const SeatOrder& order);
    void check_penalty(const SeatOrder& order);
    void check_wish(const SimSeatMember& learner);
    void check_removal(const SimSeatMember& leaver);
    void check_successor(const SimSeatMember& leaver);
    void check_lost(const std::function<bool()>& is_held_back);
    void check_stand_in();

    bool is_down_for(std::size_t host, Duration time) const;
    bool is_well(std::size_t host) const { return !is_down_for(host, noticing()); }
    bool is_busy() const;  // some member's file is written anew
    bool is_undisturbed() const;
    bool is_better_since(Duration time) const;
    // Somebody leads and its agent is the steward, for so long.
    bool has_steward_for(Duration time) const;
    // By then an absence is known to the steward, whatever was on its way.
    Duration noticing() const;

    const SeatWorld& world_;
    const SimEtcd& etcd_;
    const SeatHistory& history_;
    std::string violation_;
    SeatPurpose purpose_ = SeatPurpose::grow;  // of the call that is being made
    std::deque<Instant> changes_;              // that count, within the window
    std::map<std::size_t, Instant> undone_;    // by host
    Instant last_cut_{};                       // of any line
    std::optional<Instant> lost_since_;        // a voter without its data that could be replaced
    std::optional<Instant> alone_since_;       // a leader without its agent, and somebody to help
};

}  // namespace hansa
