#include "sys/sim/loop.h"

#include <utility>

#include "base/check.h"

namespace hansa {
namespace {

constexpr Seconds wall_start{1'767'225'600};  // 2026-01-01T00:00:00Z

// So many actions without a tick of the clock are a loop that feeds itself.
constexpr std::uint64_t steps_at_instant_max = 50'000'000;

Instant later(Instant now, Duration delay) {
    if (delay <= Duration{0}) return now;
    return delay > Instant::max() - now ? Instant::max() : now + delay;
}

}  // namespace

class SimLoop::Timer final : public Subscription {
 public:
    Timer(SimLoop& loop, TimerKey key) : loop_(loop), key_(key) {}
    ~Timer() override { loop_.timers_.erase(key_); }

 private:
    SimLoop& loop_;
    TimerKey key_;
};

WallTime SimClock::wall() const {
    return WallTime{wall_start} + now_.time_since_epoch();
}

SimLoop::~SimLoop() {
    // An action may hold handles whose end touches our maps, so these must still be whole then.
    while (!posted_.empty()) {
        Action dropped = std::move(posted_.front());
        posted_.pop_front();
    }
    while (!timers_.empty()) auto dropped = timers_.extract(timers_.begin());
}

void SimLoop::post(Action action) {
    posted_.push_back(std::move(action));
}

Held SimLoop::after(Duration delay, Action action) {
    const TimerKey key{later(clock_.now_, delay), ++timers_made_};
    timers_.emplace(key, std::move(action));
    return std::make_unique<Timer>(*this, key);
}

bool SimLoop::step() {
    check(++steps_at_instant_ < steps_at_instant_max, "the simulation moves on in time");
    if (!posted_.empty()) {
        Action action = std::move(posted_.front());
        posted_.pop_front();
        action();
        return true;
    }
    if (timers_.empty()) return false;
    auto timer = timers_.extract(timers_.begin());
    if (timer.key().due > clock_.now_) {
        clock_.now_ = timer.key().due;
        steps_at_instant_ = 0;
    }
    timer.mapped()();
    return true;
}

bool SimLoop::something_due(Instant end) const {
    return !posted_.empty() || (!timers_.empty() && timers_.begin()->first.due <= end);
}

bool SimLoop::run_until_idle(Duration limit) {
    const Instant end = later(clock_.now_, limit);
    while (something_due(end)) step();
    return timers_.empty();
}

bool SimLoop::run_until(const std::function<bool()>& done, Duration limit) {
    const Instant end = later(clock_.now_, limit);
    while (!done()) {
        if (!something_due(end)) {
            pass_until(end);
            return false;
        }
        step();
    }
    return true;
}

void SimLoop::run_for(Duration duration) {
    const Instant end = later(clock_.now_, duration);
    while (something_due(end)) step();
    pass_until(end);
}

void SimLoop::pass_until(Instant end) {
    if (clock_.now_ >= end) return;
    clock_.now_ = end;
    steps_at_instant_ = 0;
}

}  // namespace hansa
