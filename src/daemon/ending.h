// How an agent ends: politely, then firmly, then at once (graph.md 3.7).
//
// The first request lets what runs finish and starts nothing more; the second cancels what runs;
// the third does not wait for anything. Owned by Node; loop thread only. Pure but for its steps.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "daemon/settings.h"
#include "report/report.h"
#include "sys/linux/loop.h"

namespace hansa {

// What an exit may take after the last apply has ended; then the process ends regardless.
inline constexpr Duration farewell = Milliseconds{900};

class Ending {
 public:
    struct Steps {
        std::function<void()> stop;    // finish what runs, start nothing more
        std::function<void()> cancel;  // cut what runs
        std::function<void()> leave;   // end the process now
    };

    Ending(Report& report, Steps steps) : report_(report), steps_(std::move(steps)) {}

    // Hears SIGINT, SIGTERM, and SIGHUP unless whoever started us wants it ignored.
    std::vector<Held> listen(LinuxLoop& loop);

    // SIGINT, SIGTERM, SIGHUP.
    void on_signal(const std::string& name);

    // A reason of our own. The first reason gives the exit code.
    void finish(const std::string& why, ExitCode code);

    bool begun() const { return begun_; }
    ExitCode code() const { return code_; }

 private:
    Report& report_;
    Steps steps_;
    int signals_ = 0;
    bool begun_ = false;
    ExitCode code_ = ExitCode::fine;
};

}  // namespace hansa
