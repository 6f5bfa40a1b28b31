// The machine that this process runs on: every port that resources use.
//
// Owned by whoever runs resources on it; the loop outlives it, and it outlives all who use ports().
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "sys/linux/accounts.h"
#include "sys/linux/files.h"
#include "sys/linux/loop.h"
#include "sys/linux/notices.h"
#include "sys/linux/processes.h"
#include "sys/machine.h"

namespace hansa {

struct LinuxMachineOptions {
    NoticePaths notices = {};
    std::optional<std::uint64_t> descriptors_of_children = {};  // as LinuxProcesses takes it
};

class LinuxMachine {
 public:
    explicit LinuxMachine(LinuxLoop& its_loop, LinuxMachineOptions options = {})
        : loop(its_loop),
          processes(its_loop, options.descriptors_of_children),
          notices(std::move(options.notices)) {}

    Machine ports() { return {loop.clock(), files, processes, accounts, notices}; }

    LinuxLoop& loop;
    LinuxFiles files;
    LinuxAccounts accounts;
    LinuxProcesses processes;
    LinuxNotices notices;
};

}  // namespace hansa
