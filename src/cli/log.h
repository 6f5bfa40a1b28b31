// The log of a running agent: every event of the report, as lines on stderr; what resources say
// (`print`) goes to stdout.
//
// Loop thread only; must outlive the report it is attached to.
#pragma once

#include "base/result.h"
#include "cli/refusal_pace.h"
#include "daemon/settings.h"
#include "report/report.h"

namespace hansa {

class Log {
 public:
    Log(LogFormat format, Verbosity verbosity);

    void attach(Report& report);

    // Says, in this log's format, why the agent cannot start; gives the exit code.
    int refuse(Report& report, const Error& error) const;

 private:
    void tell(const Event& event, WallTime time, const Snapshot& snapshot);
    void print(const Event& event, WallTime time) const;

    LogFormat format_;
    Verbosity verbosity_;
    bool coloured_;
    RefusalPace pace_;
};

// Prints the error, a line each, and gives the exit code that it deserves.
int refuse(const Error& error);

}  // namespace hansa
