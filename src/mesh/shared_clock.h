// How far this host's clock is from that of the steward's host, by what the steward tells of its
// own time (ClockTelling). Pure; one per agent, on its loop.
//
// A telling is late by what it took to be committed and to come here, and never early. So the least
// late of the latest counts, and the offset that follows is too large by its way here: some
// milliseconds, or a fifth of a second from far away. Only differences of monotonic time are kept,
// so a clock of this host that is set shows at once; one of the steward's that is set back shows
// when the tellings of before have gone, which is five of them.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "base/time.h"
#include "mesh/seat_records.h"

namespace hansa {

class SharedClock {
 public:
    // Has just come. One of another host's clock than before begins anew.
    void heard(const ClockTelling& told, Instant now);

    // By how much this host's clock, which says `wall`, is ahead; empty: too little was heard.
    std::optional<Milliseconds> offset(WallTime wall, Instant now) const;

    const std::string& host() const { return host_; }  // whose clock; empty: nobody's yet

 private:
    struct Heard {
        Instant at;
        Duration lead;  // of the other wall clock over our monotonic one, at least
    };
    std::string host_;
    std::deque<Heard> heard_;
};

// What is told of `measured` by whoever has told `told`: tenths of a second, and another one only
// when it is off by more than a quarter, since each telling costs a write to the store. Pure.
Milliseconds told_offset(std::optional<Milliseconds> told, Milliseconds measured);

}  // namespace hansa
