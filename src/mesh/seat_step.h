// What the agent of a voter should do about the seats now: one step, or nothing, and why.
// seats.md 3, "The steward", rules 1 to 7. Pure.
//
// The agent beside the raft leader holds the steward's key and carries steps out; the others only
// see to it that such an agent is there. A step is decided from fresh facts, once a tick and on
// every event. What changes the member list takes two: the order is written into the book, by a
// transaction that compares the steward's key and the book's revision; once it stands there the
// same decision gives the call, as long as the list has the order's digest. Nobody relies on being
// the only one: admit() is asked with facts read just before the call.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "mesh/seat_facts.h"

namespace hansa {

struct SeatStep {
    enum class Do {
        nothing,
        campaign,     // for the steward's key
        resign,       // remove the steward's key, which is ours
        write,        // `book`, if ours is the steward's key and the book is as it was read
        call,         // `order`, of the member that leads, after admit()
        move_leader,  // to `target`
    };
    Do what = Do::nothing;
    int rule = 7;           // the one of seats.md 3 that applied
    std::string says;       // a sentence for the operator
    bool is_alarm = false;  // an operator must look
    std::optional<SeatBook> book = {};
    std::optional<SeatOrder> order = {};
    MemberId target = 0;
};

// `facts.memory` must be what remember() made of these facts.
SeatStep decide(const SeatFacts& facts, const SeatTiming& timing, Instant now);

// Whether an order may still be carried out, by facts that were read just before the call, the book
// and the list among them. Code::conflict: something else would be decided now.
Result<void> admit(const SeatOrder& order, const SeatFacts& facts, const SeatTiming& timing,
                   Instant now);

}  // namespace hansa
