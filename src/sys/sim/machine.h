// A whole simulated machine: every port of sys, made from one seed.
//
// Several machines may share one loop, so that one clock drives a fleet. Owned by the test or
// simulation; the loop outlives it, and everything that uses its ports is destroyed before it.
#pragma once

#include <cstdint>

#include "sys/machine.h"
#include "sys/sim/accounts.h"
#include "sys/sim/files.h"
#include "sys/sim/loop.h"
#include "sys/sim/notices.h"
#include "sys/sim/processes.h"
#include "sys/sim/watch.h"
#include "sys/sim/workers.h"

namespace hansa {

struct SimMachineOptions {
    SimWorkersOptions workers = {};
    SimWatchOptions watch = {};
};

class SimMachine {
 public:
    SimMachine(SimLoop& its_loop, std::uint64_t seed, SimMachineOptions options = {})
        : loop(its_loop),
          files(its_loop.clock()),
          watcher(its_loop, files, seed + 1, options.watch),
          processes(its_loop, files),
          workers(its_loop, seed + 2, options.workers) {}

    Machine ports() { return {loop.clock(), files, processes, accounts, notices}; }

    SimLoop& loop;
    SimFiles files;
    SimPathWatcher watcher;
    SimAccounts accounts;
    SimNotices notices;
    SimProcesses processes;
    SimWorkers workers;  // last: its end runs work that uses the others
};

}  // namespace hansa
