// Time as the program uses it: instants for waiting, wall time for people and records.
#pragma once

#include <chrono>
#include <string>

namespace hansa {

using std::chrono::duration_cast;
using Nanoseconds = std::chrono::nanoseconds;
using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;
using Duration = Nanoseconds;

// Monotonic; comparable only within one process. A simulation counts from its own zero.
using Instant = std::chrono::time_point<std::chrono::steady_clock, Nanoseconds>;

// Wall clock, UTC. For log lines, records and certificates; never for waiting.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Nanoseconds>;

// Port. Safe to call from any thread.
class Clock {
 public:
    virtual ~Clock() = default;
    virtual Instant now() const = 0;
    virtual WallTime wall() const = 0;
};

// For people, three digits at most: "85 us", "1.2 ms", "4.5 s", "3 min", "2 h".
std::string readable(Duration duration);

// "2016-10-01T21:07:13.042Z"
std::string iso8601(WallTime time);

}  // namespace hansa
