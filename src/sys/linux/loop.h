// The loop of a real machine: Boost.Asio's io_context behind the Loop port.
//
// One thread calls run() (or step()) and is the loop thread from then on; every callback comes
// there. At rest the loop makes no wake-ups of its own: one timer descriptor is armed for the
// earliest timer only, and post() wakes the loop only when nothing was queued yet.
// Constructing it sets SIGPIPE to ignored for the process: a closed peer is an error of the call
// that writes, not the end of the agent.
#pragma once

#include <memory>

#include "sys/loop.h"

namespace hansa {

class LinuxLoop final : public Loop {
 public:
    LinuxLoop();
    // What was posted and not run is dropped. Handles given out must be destroyed before.
    ~LinuxLoop() override;

    const Clock& clock() const override;
    void post(Action action) override;
    [[nodiscard]] Held after(Duration delay, Action action) override;

    // Calls `ready` whenever `fd` can be read (or has failed, or has lost its other end), again
    // and again as long as that holds. `fd` stays the caller's, is made non-blocking, and must stay
    // open as long as the handle. Loop thread only.
    [[nodiscard]] Held watch_fd(int fd, Action ready);
    [[nodiscard]] Held watch_writable(int fd, Action ready);

    // Calls `action` for each signal that arrives, several of one number may come as one.
    // Loop thread only.
    [[nodiscard]] Held on_signal(int number, Action action);

    // Runs callbacks until stop(). May be called again afterwards.
    void run();

    // Ends run() after the current callback. Any thread.
    void stop();

    // Waits at most `wait` for one callback, or one batch of posted actions, and runs it. False
    // when there was none.
    bool step(Duration wait);

 private:
    struct Core;
    class Timer;
    std::unique_ptr<Core> core_;
};

}  // namespace hansa
