// A child on the loop: its lines, its end.
#pragma once

#include <memory>

#include "sys/linux/processes.h"

namespace hansa {

class LinuxChild final : public Child {
 public:
    LinuxChild(LinuxLoop& loop, LinuxProcesses& processes, Spawned child, Fd reader,
               ChildEvents events);
    ~LinuxChild() override;

    int pid() const override;
    void signal(int number) override;

 private:
    struct State;
    LinuxProcesses& processes_;
    std::shared_ptr<State> state_;  // shared with a callback that may destroy this object
};

}  // namespace hansa
