// What should be changed about the seats, whoever carries it out (seats.md 3, rules 4 to 6). Pure.
//
// A plan follows from what stands in the member list, not from how it came to be: with an even
// number of voters something is half done, whatever was intended, and the plan makes the number
// odd again. So a steward that takes over in the midst of a change, or finds a list that nobody
// intended, goes on where the last one ended.
//
// Etcd adds nobody, learners neither, unless all voters are connected (measured on 3.4.23). So a
// dead voter is removed before its successor is added, and only when there is one. A voter that has
// lost its data cannot come back as what it was, and may be its own successor.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "mesh/seat_facts.h"

namespace hansa {

// The facts, weighed.
struct SeatView {
    SeatChoice choice;
    std::vector<const SeatMember*> voters;
    const SeatMember* learner = nullptr;
    std::vector<const SeatMember*> dead;     // voters without contact for `evict`, or lost ones
    std::vector<const SeatMember*> unwell;   // voters that are not healthy, and not dead yet
    std::vector<const SeatMember*> behind;   // voters that lack more than a learner may
    std::vector<std::string> newcomers;      // chosen and no voters yet, the best first
    std::vector<const SeatMember*> surplus;  // voters that are not chosen, the worst first
    bool spread_better = false;              // the choice, than the voters that there are

    bool is_odd() const { return voters.size() % 2 == 1; }
    std::size_t well() const { return voters.size() - dead.size() - unwell.size(); }
    bool is_dead(const SeatMember& voter) const;
    bool is_behind(const SeatMember& voter) const;
};

struct SeatPlan {
    int rule = 7;                                 // of seats.md 3
    std::string why;                              // for people
    std::optional<SeatPurpose> purpose = {};      // empty: nothing is to be done now
    std::vector<std::string> adds = {};           // uuids
    std::vector<const SeatMember*> removes = {};  // voters; before the additions where dead
};

// Refers to `facts`, which must outlive it.
SeatView view(const SeatFacts& facts, const SeatTiming& timing, Instant now);

// By how many entries of the log, if that is more than a learner may lack that is to be promoted;
// else 0. Who does not tell lacks all.
std::uint64_t behind_by(const SeatFacts& facts, const SeatMember& member, const SeatTiming& timing);

// REQUIRES: no learner.
SeatPlan plan(const SeatFacts& facts, const SeatView& view, const SeatTiming& timing, Instant now);

// Whom to observe: the members, and those that might be given a seat next.
std::vector<std::string> whom_to_observe(const SeatFacts& facts, const SeatTiming& timing,
                                         Instant now);

// What this process now remembers: to be called with every reading, before anything is decided.
SeatMemory remember(const SeatFacts& facts, const SeatTiming& timing, Instant now);

}  // namespace hansa
