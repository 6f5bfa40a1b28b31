// A Node is the agent of one machine: every part built, wired, started, and stopped in order.
//
// Owned by the command `run`. Everything happens on the thread that calls run().
#pragma once

#include <memory>

#include "base/result.h"
#include "daemon/settings.h"
#include "report/report.h"

namespace hansa {

class Node {
 public:
    explicit Node(Settings settings);
    ~Node();

    // Listen here before run().
    Report& report();

    // Until the agent is stopped, has converged, or cannot go on. An error is one that kept it
    // from starting: Code::invalid for a bad graph or bad flags, Code::conflict for an identity
    // that is another's. What ends it later is told by the report.
    Result<ExitCode> run();

 private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace hansa
