// Blocking work away from the loop, and the means to stop it.
#pragma once

#include <functional>
#include <memory>

#include "base/time.h"
#include "sys/loop.h"

namespace hansa {

// What running work sees of the outside. Made by Workers, one per task; usable from the worker
// that runs the task. The deadline is the earlier of all that apply.
class Task {
 public:
    virtual ~Task() = default;
    virtual bool cancelled() const = 0;
    virtual Instant now() const = 0;

    // Sleeps for `duration`, less when cancelled. Simulated: costs simulated time only.
    virtual void sleep(Duration duration) = 0;

    // A descriptor that becomes readable on cancellation; -1 in a simulation.
    virtual int cancel_fd() const = 0;
};

// How the owner of a task stops it. Copies mean the same task.
class Cancel {
 public:
    virtual ~Cancel() = default;
    virtual void cancel() = 0;  // any thread; once or often
};

// An elastic pool: a thread is made when all are busy, up to a limit, and ends when idle.
class Workers {
 public:
    using Work = std::function<void(Task&)>;

    virtual ~Workers() = default;

    // Runs `work` on some worker, then `done` on the loop thread. Loop thread only. The order of
    // unrelated tasks is not defined. Destroying Workers cancels and waits.
    virtual std::shared_ptr<Cancel> run(Work work, Action done) = 0;
};

}  // namespace hansa
