// What becomes of the exports of a peer that is not there (graph.md 4.5). Pure.
//
// They go stale when its lease has ended: kept and enforced, but shown as stale. After a grace
// they expire and are no longer collected. A peer that returns is current at once. While the
// store is away nothing expires, and for a while after it came back neither: the peer may be
// alive and well, and as cut off as we are.
#pragma once

#include <optional>

#include "base/time.h"

namespace hansa {

enum class Life { current, stale, expired };

struct LifeTimes {
    Seconds grace{600};
    Seconds settling{30};  // after the store came back; a lease's ttl at least
};

struct LifeFacts {
    std::optional<Instant> gone_since;   // empty: its leased record is there
    std::optional<Instant> store_since;  // answers since; empty: away
    bool expired = false;                // has expired earlier
};

Life judge(const LifeFacts& facts, Instant now, const LifeTimes& times);

// When to judge again although nothing happened; empty: never.
std::optional<Instant> next_judgement(const LifeFacts& facts, Instant now, const LifeTimes& times);

}  // namespace hansa
