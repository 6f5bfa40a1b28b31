#include "sys/linux/run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "sys/linux/failure.h"
#include "sys/linux/output.h"
#include "sys/linux/pipe.h"
#include "sys/linux/spawn.h"

namespace hansa {

namespace {

constexpr Duration grace = Seconds{2};               // between SIGTERM and SIGKILL
constexpr Duration group_look = Milliseconds{20};    // while members of an ended group linger
constexpr Duration cancel_look = Milliseconds{100};  // without a descriptor to wait on

class Run {
 public:
    // `began`: before the child was spawned, which may run for long before we do again.
    Run(Spawned child, Fd reader, Task& task, std::optional<Instant> deadline, Instant began)
        : child_(std::move(child)),
          reader_(std::move(reader)),
          task_(task),
          deadline_(deadline),
          began_(began) {}

    Exit finish() {
        while (!step()) {
        }
        // A grandchild may keep the pipe open for ever: what is there now is the output.
        if (reader_) drain(reader_, [this](std::string_view bytes) { keep(bytes); });
        Exit exit = reap(child_);
        if (ending_) sweep_group();
        exit.output = tail_.take();
        exit.timed_out = timed_out_;
        exit.cancelled = ending_ && !timed_out_;
        exit.ran = (ending_ ? ending_began_ : task_.now()) - began_;
        return exit;
    }

 private:
    // Waits for the next event and handles it. True when the child has ended.
    bool step() {
        pollfd polled[3] = {{child_.pidfd.get(), POLLIN, 0},
                            {reader_.get(), POLLIN, 0},
                            {ending_ ? -1 : task_.cancel_fd(), POLLIN, 0}};
        timespec wait{};
        auto left = time_left(polled[2].fd >= 0);
        if (left) {
            auto whole = duration_cast<Seconds>(*left);
            wait = {whole.count(), (*left - whole).count()};
        }
        if (::ppoll(polled, 3, left ? &wait : nullptr, nullptr) < 0) return false;
        if (polled[1].revents != 0 &&
            !drain(reader_, [this](std::string_view bytes) { keep(bytes); })) {
            reader_.close();
        }
        if (polled[0].revents != 0) return true;
        Instant now = task_.now();
        if (!ending_ && task_.cancelled()) begin_ending(now);
        if (!ending_ && deadline_ && now >= *deadline_) {
            timed_out_ = true;
            begin_ending(now);
        }
        if (ending_ && !killed_ && now >= ending_began_ + grace) {
            killed_ = true;
            ::kill(-child_.pid, SIGKILL);
        }
        return false;
    }

    std::optional<Duration> time_left(bool has_cancel_fd) const {
        std::optional<Duration> left;
        if (ending_ && !killed_) left = ending_began_ + grace - task_.now();
        if (!ending_ && deadline_) left = *deadline_ - task_.now();
        if (!ending_ && !has_cancel_fd) left = std::min(left.value_or(cancel_look), cancel_look);
        if (left) left = std::max(*left, Duration{0});
        return left;
    }

    void begin_ending(Instant now) {
        ending_ = true;
        ending_began_ = now;
        ::kill(-child_.pid, SIGTERM);
    }

    // The child has gone on our SIGTERM; the rest of its group has what is left of the grace. The
    // group's number is not given to others while it has members.
    void sweep_group() {
        while (::kill(-child_.pid, 0) == 0) {
            Duration left = ending_began_ + grace - task_.now();
            if (left <= Duration{0}) {
                ::kill(-child_.pid, SIGKILL);
                return;
            }
            ::poll(nullptr, 0, static_cast<int>(duration_cast<Milliseconds>(group_look).count()));
        }
    }

    void keep(std::string_view bytes) { tail_.append(bytes); }

    Spawned child_;
    Fd reader_;
    Task& task_;
    const std::optional<Instant> deadline_;
    const Instant began_;
    Tail tail_;
    bool ending_ = false;
    bool timed_out_ = false;
    bool killed_ = false;
    Instant ending_began_;
};

}  // namespace

Result<Exit> run_to_end(const Command& command, Task& task, std::optional<Instant> deadline,
                        std::optional<std::uint64_t> descriptors) {
    task.blocking();
    if (task.cancelled()) return Error{Code::cancelled, "cancelled before it was started"};
    auto pipe = open_pipe();
    if (!pipe) return std::move(pipe).error();
    const Instant began = task.now();
    auto child = spawn(command, {Lifetime::own, descriptors}, pipe->writer.get());
    if (!child) return std::move(child).error();
    pipe->writer.close();
    return Run(*std::move(child), std::move(pipe->reader), task, deadline, began).finish();
}

}  // namespace hansa
