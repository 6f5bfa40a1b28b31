// The machine's own clocks: CLOCK_MONOTONIC for waiting, CLOCK_REALTIME for people and records.
#pragma once

#include "base/time.h"

namespace hansa {

class LinuxClock final : public Clock {
 public:
    Instant now() const override {
        return std::chrono::time_point_cast<Nanoseconds>(std::chrono::steady_clock::now());
    }
    WallTime wall() const override {
        return std::chrono::time_point_cast<Nanoseconds>(std::chrono::system_clock::now());
    }
};

// Whether something keeps the wall clock right, as far as the kernel was told (adjtimex(2)).
bool clock_is_synchronised();

}  // namespace hansa
