#include "engine/agenda.h"

#include <algorithm>
#include <vector>

namespace hansa {

Agenda::Agenda(Loop& loop, std::function<void(Key)> due, Action served)
    : loop_(loop), due_(std::move(due)), served_(std::move(served)) {}

void Agenda::set(Key key, Instant when) {
    clear(key);
    when_[key] = when;
    order_.emplace(when, key);
    arm();
}

void Agenda::set_after(Key key, Duration delay) {
    set(key, loop_.clock().now() + delay);
}

// The timer stays: at worst it wakes once for nothing.
void Agenda::clear(Key key) {
    const auto found = when_.find(key);
    if (found == when_.end()) return;
    order_.erase({found->second, key});
    when_.erase(found);
}

void Agenda::clear_all() {
    order_.clear();
    when_.clear();
    timer_.reset();
}

void Agenda::arm() {
    if (order_.empty()) return;
    const Instant first = order_.begin()->first;
    if (timer_ && armed_for_ <= first) return;
    armed_for_ = first;
    const Duration delay = std::max(Duration{0}, first - loop_.clock().now());
    timer_ = loop_.after(delay, [this] { serve(); });
}

void Agenda::serve() {
    const Held rung = std::move(timer_);  // lives until its own action has ended
    const Instant now = loop_.clock().now();
    std::vector<Key> due;
    while (!order_.empty() && order_.begin()->first <= now) {
        due.push_back(order_.begin()->second);
        when_.erase(due.back());
        order_.erase(order_.begin());
    }
    for (Key key : due) due_(key);
    arm();
    if (!due.empty()) served_();
}

}  // namespace hansa
