#include "mesh/seat_timing.h"

#include <algorithm>

#include "base/text.h"

namespace hansa {

Milliseconds SeatTiming::learner_deadline(std::uint64_t store_bytes) const {
    return learner_base + Milliseconds{store_bytes * 1000 / learner_bytes_per_second};
}

Milliseconds SeatTiming::penalty(std::uint32_t strikes) const {
    Milliseconds box = penalty_first;
    for (std::uint32_t i = 1; i < strikes && box < penalty_max; ++i) box *= 2;
    return std::min(box, penalty_max);
}

const SeatTiming& default_timing() {
    static const SeatTiming timing;
    return timing;
}

const SeatTiming& fast_timing() {
    static const SeatTiming timing = [] {
        SeatTiming fast;
        fast.name = "fast";
        for (Milliseconds* time :
             {&fast.beat, &fast.recover, &fast.tick, &fast.read, &fast.evict, &fast.settle,
              &fast.steady, &fast.pace, &fast.window, &fast.penalty_first, &fast.penalty_max,
              &fast.compare, &fast.compare_again, &fast.defragment, &fast.clear_again,
              &fast.copy_soon, &fast.copy_every, &fast.copy_again, &fast.tell_clock})
            *time /= 10;
        fast.steward_lease = Seconds{1};  // etcd leases last whole seconds
        // An etcd that begins with a snapshot loses its first word to the leader more often than
        // not and says it again after 5 s and two elections (measured with 3.4.23).
        fast.learner_base = Seconds{10};
        fast.heartbeat = Milliseconds{20};
        fast.election = Milliseconds{200};
        return fast;
    }();
    return timing;
}

Result<SeatTiming> timing_named(std::string_view name) {
    for (const SeatTiming* timing : {&default_timing(), &fast_timing()})
        if (timing->name == name) return *timing;
    return Error{Code::invalid, "timing \"" + printable(name, 40) +
                                    "\" is unknown; it must be \"default\" or \"fast\""};
}

}  // namespace hansa
