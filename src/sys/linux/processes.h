// Child processes of a real machine behind the Processes port.
//
// run() blocks its worker in poll() on the child's pidfd, its output and the task's cancellation;
// start() puts the same descriptors on the loop. No SIGCHLD handler is involved, so children of
// other libraries are not disturbed.
#pragma once

#include <cstdint>
#include <list>
#include <optional>

#include "sys/linux/loop.h"
#include "sys/linux/spawn.h"
#include "sys/processes.h"

namespace hansa {

class LinuxProcesses final : public Processes {
 public:
    // `loop` must outlive this object, and this object every Child that it started.
    // The loop thread must be one that lives as long as the process (see spawn.h).
    // `descriptors`: the soft limit of open ones that children get; empty: ours.
    explicit LinuxProcesses(LinuxLoop& loop, std::optional<std::uint64_t> descriptors = {});

    // Waits a moment for killed children to be gone.
    ~LinuxProcesses() override;

    Result<Exit> run(const Command& command, Task& task, std::optional<Instant> deadline) override;
    Result<std::unique_ptr<Child>> start(const Command& command, Lifetime lifetime,
                                         ChildEvents events) override;

    // Takes over a child that was killed and has not been reaped. Loop thread only.
    void bury(Spawned child);

 private:
    struct Grave {
        Spawned child;
        Held watch;
    };

    LinuxLoop& loop_;
    std::optional<std::uint64_t> descriptors_;
    std::list<Grave> graves_;
};

}  // namespace hansa
