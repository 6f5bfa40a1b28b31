// What the steward does for the store besides seats, as a decision: the next deed, or none, and why
// (seats.md 3, "Upkeep by the steward"). Pure; the caretaker carries it out.
//
//   space alarm    etcd takes no writes while its file is as large as its quota. All history is
//                  compacted away, the file of every voter written anew that has room in it, then
//                  the alarm cleared. Whoever is beside the leader does that, with the steward's
//                  key or without: nobody could be given the key, and no change of seats could go
//                  on, while nothing is written.
//   comparison     the voters' hashes of one revision. Who holds other data than a strict majority
//                  of all voters does, several times in a row, is condemned: its seat is given to
//                  another (seat_plan.h). Without such a majority people are told.
//   room           a file that is large and half free is written anew, one voter at a time, the
//                  leader last, while all are well and no change of seats is open.
//
// History is compacted by etcd itself, see servers/etcd_config.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mesh/electorate.h"
#include "mesh/seat_timing.h"

namespace hansa {

// A smaller file is left alone, whatever is free in it.
inline constexpr std::uint64_t defragment_bytes_min = std::uint64_t{64} << 20;

struct UpkeepVoter {
    MemberId id = 0;
    std::string name;  // for people
    bool leads = false;
    bool answers = false;    // its status is known now; else nothing below means anything
    bool complains = false;  // there is an alarm
    std::uint64_t bytes = 0;
    std::uint64_t bytes_used = 0;
    Revision revision = 0;
};

// What this process did and saw. One that begins anew waits longer, never shorter.
struct UpkeepMemory {
    // A space alarm that is being cleared.
    struct Clearing {
        bool compacted = false;
        std::set<MemberId> defragmented;  // or tried
        friend bool operator==(const Clearing&, const Clearing&) = default;
    };
    std::optional<Clearing> clearing;
    std::optional<Instant> cleared;         // the last one was
    std::uint64_t used_when_cleared = 0;    // bytes, of the fullest voter
    Instant compared;                       // last, or when this began
    bool is_doubtful = false;               // that comparison did not end well
    std::map<MemberId, std::uint32_t> odd;  // findings in a row
    std::uint32_t torn = 0;                 // comparisons in a row without a majority
    Instant defragmented;                   // last, or when this began
};

struct UpkeepFacts {
    bool leads = false;       // the member beside us does
    bool is_steward = false;  // and the steward's key is ours
    bool is_calm = false;     // all voters are well, and no change of seats is open
    std::vector<UpkeepVoter> voters;
    std::optional<std::vector<StoreAlarm>> alarms;  // empty: not asked for yet
    UpkeepMemory memory;
};

struct UpkeepStep {
    enum class Do {
        nothing,
        ask_alarms,
        compact,     // up to `revision`
        defragment,  // `member`
        disarm,      // `alarm`
        compare,     // all that answer, at `revision`
    };
    Do what = Do::nothing;
    std::string says = {};  // for people; empty: nothing worth a word
    bool is_alarm = false;  // an operator must look
    MemberId member = 0;
    Revision revision = 0;
    StoreAlarm alarm = {};
};

UpkeepStep next_upkeep(const UpkeepFacts& facts, const SeatTiming& timing, Instant now);

// What is remembered once the step was tried, well or not.
UpkeepMemory remember(const UpkeepFacts& facts, const UpkeepStep& step, Instant now);

// A comparison, and what follows from it. `hashes`: of those that answered.
struct UpkeepFinding {
    UpkeepMemory memory;
    std::set<MemberId> condemned;  // by this one
    std::string says = {};         // for people; empty: nothing
    bool is_alarm = false;
};
UpkeepFinding judge(const UpkeepFacts& facts, const std::map<MemberId, StoreHash>& hashes,
                    const SeatTiming& timing, Instant now);

}  // namespace hansa
