// One task of LinuxWorkers: what its worker sees as Task and its owner as Cancel.
//
// Shared by owner, queue and worker; safe from every thread. The eventfd for cancel_fd() is made
// only when asked for and is closed when the work has ended.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "sys/linux/clock.h"
#include "sys/linux/fd.h"
#include "sys/task.h"

namespace hansa {

class WorkerTask final : public Task, public Cancel {
 public:
    WorkerTask(Workers::Work work, Action done) : work_(std::move(work)), done_(std::move(done)) {}

    // Worker side. `on_blocking` is called at most once, when the work announces that it waits.
    // Returns whether it did.
    bool perform(const std::function<void()>& on_blocking);

    // Loop side, after perform().
    void finish();

    void cancel() override;

    bool cancelled() const override { return cancelled_.load(std::memory_order_acquire); }
    Instant now() const override { return LinuxClock().now(); }
    void sleep(Duration duration) override;
    int cancel_fd() const override;
    void blocking() override;

 private:
    Workers::Work work_;
    Action done_;
    const std::function<void()>* on_blocking_ = nullptr;
    bool announced_ = false;
    std::atomic<bool> cancelled_ = false;

    mutable std::mutex mutex_;
    std::condition_variable wake_;  // of sleep(), with mutex_
    mutable Fd event_;              // guarded by mutex_
};

}  // namespace hansa
