// Looks after a store of one member that only its own machine reaches. Such a store has no seats to
// give, so it has no steward; it fills up like any other. The decisions are the same (upkeep.h).
//
// Owned by the agent that serves the store. Loop thread only. Asks the member how it is, and
// nothing else while all is well; begun anew it waits longer, never shorter.
#pragma once

#include <string>

#include "mesh/caretaker.h"

namespace hansa {

class SoleCare {
 public:
    // Every port must outlive it. `endpoint`: where the store serves clients. Looks at once.
    SoleCare(Caretaker::Ports ports, std::string endpoint);

 private:
    void look();
    void on_status(const MemberStatus& status);

    const Caretaker::Ports ports_;
    const std::string endpoint_;
    Caretaker caretaker_;
    Held timer_;
    Lifeline lifeline_;
};

}  // namespace hansa
