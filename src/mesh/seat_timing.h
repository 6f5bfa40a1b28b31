// The times by which seats change, as two profiles: `default` for real use, `fast` (tenths) for
// tests and drills. A cluster has one, kept in its store, since all its members must agree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace hansa {

struct SeatTiming {
    std::string name = "default";

    // Health: who observes a peer asks it once a beat.
    Milliseconds beat{1000};
    std::uint32_t misses = 3;      // in a row: unhealthy
    Milliseconds recover{10'000};  // without a miss: healthy
    std::uint32_t flaps = 5;       // times unhealthy within `window`: not to be given a seat

    // The steward.
    Milliseconds tick{1000};
    Milliseconds read{2000};            // of the member list, linearizable; then quorum is lost
    Milliseconds evict{60'000};         // without contact: a voter is dead
    Milliseconds settle{60'000};        // a better-spread set is better for so long
    Milliseconds steady{10'000};        // all others healthy before a live voter is removed
    Milliseconds pace{6000};            // between changes; etcd itself insists on 5 s
    Milliseconds window{600'000};       // for `budget`, `flaps` and `roles`
    std::size_t budget = 10;            // changes within `window`
    std::size_t roles = 3;              // that a peer changes within `window`
    Milliseconds learner_base{30'000};  // to become ready, plus the time to copy the store
    std::uint64_t learner_bytes_per_second = 20'000'000;
    std::uint64_t learner_gap = 1000;    // raft entries behind the leader, at most
    Milliseconds penalty_first{60'000};  // doubles with every further strike
    Milliseconds penalty_max{3'600'000};
    Milliseconds steward_lease{5000};
    Milliseconds tell_clock{60'000};  // what time it is by the steward's clock, to all

    // Upkeep (upkeep.h).
    Milliseconds compare{30'000};      // between two comparisons of what voters hold
    Milliseconds compare_again{8000};  // after one that found a difference, or nothing at all
    std::uint32_t compare_proofs = 3;  // findings in a row before a member is condemned
    Milliseconds defragment{60'000};   // between two members
    Milliseconds clear_again{20'000};  // after a space alarm was cleared, before it is again

    // Copies of the store (copies.h).
    Milliseconds copy_soon{60'000};       // to five times that: after something has changed
    Milliseconds copy_every{86'400'000};  // the newest one is no older
    Milliseconds copy_again{3'600'000};   // half of that at least: after one that failed

    // Of etcd itself.
    Milliseconds heartbeat{100};
    Milliseconds election{1000};

    // For a learner of a store of that size.
    Milliseconds learner_deadline(std::uint64_t store_bytes) const;
    // After so many strikes, one at least.
    Milliseconds penalty(std::uint32_t strikes) const;
};

const SeatTiming& default_timing();
// Etcd's health interval of 5 s is no option of it, so additions wait for that here too.
const SeatTiming& fast_timing();

// Code::invalid names both profiles.
Result<SeatTiming> timing_named(std::string_view name);

}  // namespace hansa
