// The loop of a simulation: a clock that stands still while actions run and jumps to the next
// timer when nothing else is due.
//
// One thread does everything, so a run is a function of the seeds that its ports were given. Owned
// by the test or simulation; must outlive every port and every handle made from it. Actions posted
// run in order; timers of one instant run in the order in which they were made.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>

#include "sys/loop.h"

namespace hansa {

// Counts from zero; wall time starts at 2026-01-01T00:00:00Z and runs alike.
class SimClock final : public Clock {
 public:
    Instant now() const override { return now_; }
    WallTime wall() const override;

 private:
    friend class SimLoop;
    Instant now_{};
};

class SimLoop final : public Loop {
 public:
    SimLoop() = default;
    ~SimLoop() override;  // what is still due is dropped
    SimLoop(const SimLoop&) = delete;

    const Clock& clock() const override { return clock_; }
    void post(Action action) override;
    [[nodiscard]] Held after(Duration delay, Action action) override;

    // Runs one action: what was posted first, else the next timer, at its time. False when
    // nothing is due, now or later.
    bool step();

    // Runs until nothing is left, at most `limit` of simulated time: then false.
    bool run_until_idle(Duration limit);

    // Runs until `done` holds (asked between actions). False when it did not within `limit`; all
    // of that has passed then.
    bool run_until(const std::function<bool()>& done, Duration limit);

    // Lets exactly that much time pass.
    void run_for(Duration duration);

 private:
    struct TimerKey {
        Instant due;
        std::uint64_t number;
        friend auto operator<=>(const TimerKey&, const TimerKey&) = default;
    };
    class Timer;

    // Due at `end` or before it.
    bool something_due(Instant end) const;
    void pass_until(Instant end);

    SimClock clock_;
    std::deque<Action> posted_;
    std::map<TimerKey, Action> timers_;
    std::uint64_t timers_made_ = 0;
    std::uint64_t steps_at_instant_ = 0;
};

}  // namespace hansa
