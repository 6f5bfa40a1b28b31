// Blocking work away from the loop, and the means to stop it.
#pragma once

#include <functional>
#include <memory>

#include "base/time.h"
#include "sys/loop.h"

namespace hansa {

// What running work sees of the outside. Made by Workers, one per task; usable from the worker
// that runs the task.
class Task {
 public:
    virtual ~Task() = default;
    virtual bool cancelled() const = 0;
    virtual Instant now() const = 0;

    // Sleeps for `duration`, less when cancelled. Simulated: costs simulated time only.
    virtual void sleep(Duration duration) = 0;

    // A descriptor that becomes readable on cancellation; -1 in a simulation, and when the process
    // has no descriptor left: then cancelled() must be asked from time to time.
    virtual int cancel_fd() const = 0;

    // Says that the task is about to wait for something slow (a child, a lock, the network), so
    // that the pool lets another thread take the next one. sleep() says so by itself.
    virtual void blocking() {}
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

    // Runs `work` on some worker, then `done` on the loop thread; also when cancelled before it
    // began. Loop thread only. The order of unrelated tasks is not defined. Destroying Workers
    // cancels and waits for what runs; what has not begun is dropped, and no `done` comes after.
    virtual std::shared_ptr<Cancel> run(Work work, Action done) = 0;
};

}  // namespace hansa
