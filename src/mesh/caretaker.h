// Carries out, one deed at a time, what next_upkeep() decides (upkeep.h).
//
// Owned by the steward, which lets it look after every reading of the members. Loop thread only;
// never blocks. Costs nothing while there is nothing to do but the comparison of hashes, for which
// each voter reads its whole database once.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mesh/lifeline.h"
#include "mesh/upkeep.h"
#include "report/report.h"
#include "sys/loop.h"

namespace hansa {

class Caretaker {
 public:
    struct Ports {
        Loop& loop;
        Electorate& electorate;
        Report& report;
    };

    // Every port must outlive it. `done` is called after each deed: what is there is to be read
    // afresh.
    Caretaker(Ports ports, Action done);

    // With facts that were just read; their `alarms` and `memory` are filled in here. `endpoints`:
    // where each voter serves clients.
    void look(UpkeepFacts facts, std::map<MemberId, std::string> endpoints,
              const SeatTiming& timing);

    // A voter is being worked on, so that it may answer late, or an alarm is being looked into:
    // nothing is to be decided about seats.
    bool is_at_work() const { return at_work_; }

    // Who holds other data than most, as far as this process found.
    const std::set<MemberId>& condemned() const { return condemned_; }

 private:
    struct Comparison;

    void decide();
    void act(const UpkeepStep& step);
    void ask_alarms();
    void compare(Revision revision);
    void compared(const Comparison& comparison);
    void acted(const UpkeepStep& step, const Answer<void>& answer);
    void tell(std::string& told, const std::string& says, bool is_alarm);
    Ask ask(MemberId member, Duration limit) const;
    Ask ask_leader() const;
    Duration limit_for(MemberId member) const;

    const Ports ports_;
    const Action done_;
    UpkeepFacts facts_;
    UpkeepMemory memory_;
    std::optional<std::vector<StoreAlarm>> alarms_;
    Instant asked_;  // for them
    bool was_leading_ = false;
    std::map<MemberId, std::string> endpoints_;
    SeatTiming timing_;
    std::set<MemberId> condemned_;
    bool at_work_ = false;
    bool comparing_ = false;
    std::string told_;   // of what is done
    std::string found_;  // by comparing
    std::string trouble_;
    Lifeline lifeline_;
};

}  // namespace hansa
