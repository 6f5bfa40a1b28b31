// The one thread that owns all state, and everything that brings work to it.
//
// Real: sys/linux (Boost.Asio). Simulated: sys/sim, where time jumps to the next timer.
#pragma once

#include <functional>
#include <memory>

#include "base/time.h"

namespace hansa {

using Action = std::function<void()>;

// Something that ends when this handle is destroyed: a timer, a watch, a subscription. After
// destruction on the loop thread its callback is never called again.
class Subscription {
 public:
    virtual ~Subscription() = default;
};
using Held = std::unique_ptr<Subscription>;

class Loop {
 public:
    virtual ~Loop() = default;

    virtual const Clock& clock() const = 0;

    // Runs `action` on the loop thread, after everything posted before. Any thread.
    virtual void post(Action action) = 0;

    // Runs `action` once, not before `delay` has passed. Loop thread only.
    [[nodiscard]] virtual Held after(Duration delay, Action action) = 0;
};

}  // namespace hansa
