// What the agent beside the leader does for the store besides seats: a model of mesh/caretaker.h
// that carries out what next_upkeep() and judge() say, and the checks of it.
//
// Checked: files are written anew one at a time, the leader's last, and for room only while no
// change of seats is open; only who really holds other data is condemned.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mesh/upkeep.h"
#include "seat_etcd.h"
#include "seat_world.h"

namespace hansa {

struct UpkeepCounts {
    std::uint64_t rewritten = 0;  // files
    std::uint64_t cleared = 0;    // alarms
    std::uint64_t condemned = 0;

    UpkeepCounts& operator+=(const UpkeepCounts& other);
};

class SimCaretaker {
 public:
    SimCaretaker(SeatWorld& world, SimEtcd& etcd, std::size_t host);

    // With what was just read; `is_calm`: nothing is to be done about seats.
    void look(const SeatFacts& facts, bool leads, bool is_calm);
    void forget();  // a new life of the agent

    bool is_at_work();
    const std::set<MemberId>& condemned() const { return condemned_; }

    const std::string& violation() const { return violation_; }
    const UpkeepCounts& counts() const { return counts_; }

 private:
    bool answers(const SimSeatMember& member) const;
    bool is_busy(MemberId member) const;
    void fill(const SeatFacts& facts, bool leads, bool is_calm);
    bool decide(const SeatFacts& facts);
    void compare();
    void check_order(const UpkeepStep& step, const SeatFacts& facts);
    bool could_use(const SimSeatMember& member) const;

    SeatWorld& world_;
    SimEtcd& etcd_;
    const std::size_t host_;
    UpkeepFacts facts_;
    UpkeepMemory memory_;
    std::optional<std::vector<StoreAlarm>> alarms_;
    Instant asked_;
    bool was_leading_ = false;
    std::optional<MemberId> works_on_;
    std::set<MemberId> tried_;  // while there is an alarm: not again if it ended meanwhile
    std::set<MemberId> condemned_;
    std::string violation_;
    UpkeepCounts counts_;
};

}  // namespace hansa
