#include "sys/linux/loop.h"

#include <signal.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "base/check.h"
#include "sys/linux/clock.h"

namespace hansa {

namespace asio = boost::asio;
using boost::system::error_code;
using Descriptor = asio::posix::stream_descriptor;

namespace {

// Timers of equal instants run in the order in which they were made.
struct TimerKey {
    Instant due;
    std::uint64_t number;
    friend auto operator<=>(const TimerKey&, const TimerKey&) = default;
};

using Timers = std::map<TimerKey, Action>;

// Shared with the handler that Asio holds: it may already be queued when the handle goes.
struct FdState {
    FdState(asio::io_context& context, Descriptor::wait_type wanted, Action on_ready)
        : descriptor(context), what(wanted), ready(std::move(on_ready)) {}

    Descriptor descriptor;
    Descriptor::wait_type what;
    Action ready;
    bool open = true;
};

void arm(const std::shared_ptr<FdState>& state) {
    state->descriptor.async_wait(state->what, [state](error_code error) {
        if (!state->open || error == asio::error::operation_aborted) return;
        state->ready();
        if (state->open) arm(state);
    });
}

class FdWatch final : public Subscription {
 public:
    explicit FdWatch(std::shared_ptr<FdState> state) : state_(std::move(state)) { arm(state_); }
    ~FdWatch() override {
        state_->open = false;
        state_->descriptor.release();  // cancels the wait; the descriptor is not ours to close
    }

 private:
    std::shared_ptr<FdState> state_;
};

struct SignalState {
    SignalState(asio::io_context& context, int number, Action action)
        : set(context, number), arrived(std::move(action)) {}

    asio::signal_set set;
    Action arrived;
    bool open = true;
};

void arm(const std::shared_ptr<SignalState>& state) {
    state->set.async_wait([state](error_code error, int) {
        if (!state->open || error) return;
        state->arrived();
        if (state->open) arm(state);
    });
}

class SignalWatch final : public Subscription {
 public:
    explicit SignalWatch(std::shared_ptr<SignalState> state) : state_(std::move(state)) {
        arm(state_);
    }
    ~SignalWatch() override {
        state_->open = false;
        state_->set.clear();
        state_->set.cancel();
    }

 private:
    std::shared_ptr<SignalState> state_;
};

}  // namespace

struct LinuxLoop::Core {
    asio::io_context context{1};  // one thread runs it, many post
    asio::executor_work_guard<asio::io_context::executor_type> stay{context.get_executor()};
    asio::steady_timer alarm{context};
    LinuxClock clock;

    Timers timers;
    std::uint64_t timers_made = 0;
    Instant alarm_at = Instant::max();  // what `alarm` waits for; max: nothing

    std::mutex mutex;
    std::vector<Action> posted;  // guarded by mutex

    void drain();
    void arm_alarm();
    void ring();
    void drop(const TimerKey& key);
};

class LinuxLoop::Timer final : public Subscription {
 public:
    Timer(Core& core, TimerKey key) : core_(core), key_(key) {}
    ~Timer() override { core_.drop(key_); }

 private:
    Core& core_;
    TimerKey key_;
};

// Runs one batch; what is posted meanwhile forms the next, so that timers and descriptors have
// their turn in between.
void LinuxLoop::Core::drain() {
    std::vector<Action> batch;
    {
        std::lock_guard lock(mutex);
        batch.swap(posted);
    }
    for (Action& action : batch) action();
}

// Brings the alarm to the first timer.
void LinuxLoop::Core::arm_alarm() {
    const Instant due = timers.empty() ? Instant::max() : timers.begin()->first.due;
    if (due == alarm_at) return;
    alarm_at = due;
    alarm.expires_at(due);  // cancels the wait there was
    if (timers.empty()) return;
    alarm.async_wait([this](error_code error) {
        if (error != asio::error::operation_aborted) ring();
    });
}

void LinuxLoop::Core::ring() {
    alarm_at = Instant::max();
    Instant now = clock.now();
    while (!timers.empty() && timers.begin()->first.due <= now) {
        Action action = std::move(timers.begin()->second);
        timers.erase(timers.begin());
        action();
    }
    arm_alarm();
}

// Most timers are deadlines of questions that are answered in time: an alarm left for them would
// wake this machine for nothing.
void LinuxLoop::Core::drop(const TimerKey& key) {
    if (timers.erase(key) > 0 && key.due == alarm_at) arm_alarm();
}

LinuxLoop::LinuxLoop() : core_(std::make_unique<Core>()) {
    ::signal(SIGPIPE, SIG_IGN);
}

LinuxLoop::~LinuxLoop() {
    std::vector<Action> dropped;
    {
        std::lock_guard lock(core_->mutex);
        dropped.swap(core_->posted);
    }
    Timers ended = std::exchange(core_->timers, {});
    dropped.clear();  // while handles captured by them can still be destroyed
    ended.clear();
}

const Clock& LinuxLoop::clock() const {
    return core_->clock;
}

void LinuxLoop::post(Action action) {
    bool first = false;
    {
        std::lock_guard lock(core_->mutex);
        first = core_->posted.empty();
        core_->posted.push_back(std::move(action));
    }
    if (first) asio::post(core_->context, [core = core_.get()] { core->drain(); });
}

Held LinuxLoop::after(Duration delay, Action action) {
    Core& core = *core_;
    Instant now = core.clock.now();
    bool endless = delay > Instant::max() - now;
    TimerKey key{endless ? Instant::max() : now + delay, ++core.timers_made};
    core.timers.emplace(key, std::move(action));
    core.arm_alarm();
    return std::make_unique<Timer>(core, key);
}

Held LinuxLoop::watch_fd(int fd, Action ready) {
    auto state = std::make_shared<FdState>(core_->context, Descriptor::wait_read, std::move(ready));
    state->descriptor.assign(fd);
    return std::make_unique<FdWatch>(std::move(state));
}

Held LinuxLoop::watch_writable(int fd, Action ready) {
    auto state =
        std::make_shared<FdState>(core_->context, Descriptor::wait_write, std::move(ready));
    state->descriptor.assign(fd);
    return std::make_unique<FdWatch>(std::move(state));
}

Held LinuxLoop::on_signal(int number, Action action) {
    return std::make_unique<SignalWatch>(
        std::make_shared<SignalState>(core_->context, number, std::move(action)));
}

void LinuxLoop::run() {
    core_->context.restart();
    core_->context.run();
}

void LinuxLoop::stop() {
    core_->context.stop();
}

bool LinuxLoop::step(Duration wait) {
    if (core_->context.stopped()) core_->context.restart();
    return core_->context.run_one_for(wait) > 0;
}

}  // namespace hansa
