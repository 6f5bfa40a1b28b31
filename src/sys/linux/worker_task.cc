#include "sys/linux/worker_task.h"

#include <sys/eventfd.h>

#include <utility>

namespace hansa {

bool WorkerTask::perform(const std::function<void()>& on_blocking) {
    on_blocking_ = &on_blocking;
    work_(*this);
    on_blocking_ = nullptr;
    std::lock_guard lock(mutex_);
    event_.close();
    return announced_;
}

void WorkerTask::finish() {
    work_ = nullptr;  // here and not in perform(): what it captured may belong to the loop thread
    Action done = std::exchange(done_, nullptr);
    if (done) done();
}

void WorkerTask::cancel() {
    std::lock_guard lock(mutex_);
    if (cancelled_.exchange(true, std::memory_order_acq_rel)) return;
    if (event_) eventfd_write(event_.get(), 1);
    wake_.notify_all();
}

void WorkerTask::sleep(Duration duration) {
    blocking();
    std::unique_lock lock(mutex_);
    Instant start = now();
    bool endless = duration > Instant::max() - start - Seconds{1};
    // Condition variables of libstdc++ overflow on the largest instants; a year is for ever.
    Instant until = start + (endless ? Duration{Seconds{366LL * 86'400}} : duration);
    wake_.wait_until(lock, until, [this] { return cancelled(); });
}

int WorkerTask::cancel_fd() const {
    std::lock_guard lock(mutex_);
    if (!event_) event_ = Fd(eventfd(cancelled() ? 1 : 0, EFD_CLOEXEC | EFD_NONBLOCK));
    return event_.get();
}

void WorkerTask::blocking() {
    if (announced_) return;
    announced_ = true;
    (*on_blocking_)();
}

}  // namespace hansa
