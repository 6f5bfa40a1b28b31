#include "sys/linux/processes.h"

#include <poll.h>
#include <signal.h>

#include "sys/linux/child.h"
#include "sys/linux/pipe.h"
#include "sys/linux/run.h"

namespace hansa {

namespace {

constexpr int burial_wait_ms = 500;  // SIGKILL takes effect in less unless the disk hangs

}  // namespace

LinuxProcesses::LinuxProcesses(LinuxLoop& loop, std::optional<std::uint64_t> descriptors)
    : loop_(loop), descriptors_(descriptors) {
    // Inherited as ignored, it would make the kernel reap children behind our back.
    ::signal(SIGCHLD, SIG_DFL);
}

LinuxProcesses::~LinuxProcesses() {
    for (Grave& grave : graves_) {
        grave.watch.reset();
        pollfd ended{grave.child.pidfd.get(), POLLIN, 0};
        if (::poll(&ended, 1, burial_wait_ms) > 0) reap(grave.child);
    }
}

Result<Exit> LinuxProcesses::run(const Command& command, Task& task,
                                 std::optional<Instant> deadline) {
    return run_to_end(command, task, deadline, descriptors_);
}

Result<std::unique_ptr<Child>> LinuxProcesses::start(const Command& command, Lifetime lifetime,
                                                     ChildEvents events) {
    auto pipe = open_pipe();
    if (!pipe) return std::move(pipe).error();
    auto child = spawn(command, {lifetime, descriptors_}, pipe->writer.get());
    if (!child) return std::move(child).error();
    return std::unique_ptr<Child>(std::make_unique<LinuxChild>(
        loop_, *this, *std::move(child), std::move(pipe->reader), std::move(events)));
}

void LinuxProcesses::bury(Spawned child) {
    auto grave = graves_.insert(graves_.end(), Grave{std::move(child), nullptr});
    grave->watch = loop_.watch_fd(grave->child.pidfd.get(), [this, grave] {
        reap(grave->child);
        graves_.erase(grave);
    });
}

}  // namespace hansa
