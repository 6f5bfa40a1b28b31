// The machine's own clocks: CLOCK_MONOTONIC for waiting, CLOCK_REALTIME for people and records.
#pragma once

#include "base/time.h"

namespace hansa {

class LinuxClock final : public Clock {
 public:
    Instant now() const override {
        return std::chrono::time_point_cast<Nanoseconds>(std::chrono::steady_clock::now());
    }
    // For tests, which cannot set the machine's clock: HANSA_TEST_CLOCK_OFFSET in the environment
    // of this process, milliseconds, as it was when it first looked, is added.
    WallTime wall() const override;
};

// Whether something keeps the wall clock right, as far as the kernel was told (adjtimex(2)).
bool clock_is_synchronised();

}  // namespace hansa
