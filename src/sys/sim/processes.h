// Commands of a simulation: scripts that say how a command ends, when, and what it prints.
//
// Known without being told: true, false, echo, sleep SECONDS, touch PATH, rm PATH, test -e|-f|-d
// PATH, and `sh -c` of such commands joined by "&&" or ";". Everything that ran is kept in
// history(). Owned by SimMachine; destroyed before files and loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sys/processes.h"
#include "sys/sim/files.h"
#include "sys/sim/loop.h"

namespace hansa {

// One command's fate.
struct Script {
    struct Line {
        Duration at{0};  // since the start
        std::string text;
    };

    int status = 0;
    std::string output = {};
    Duration takes{0};
    Action at_end = {};            // what it does to the machine, unless it is ended before
    std::vector<Line> lines = {};  // of a child that was started; in order of time
};

struct Execution {
    std::string text;  // the words joined by blanks; of `sh -c TEXT` only TEXT
    Instant started;
    std::optional<Instant> ended;
    bool ended_by_us = false;  // cancelled, timed out or signalled
};

class SimProcesses final : public Processes {
 public:
    using Handler = std::function<Script(const Command&)>;

    SimProcesses(SimLoop& loop, SimFiles& files);
    ~SimProcesses() override;

    // For commands whose text (as in Execution), or else whose program's base name, is `name`.
    void script(const std::string& name, Handler handler) { handlers_[name] = std::move(handler); }

    Result<Exit> run(const Command& command, Task& task, std::optional<Instant> deadline) override;
    Result<std::unique_ptr<Child>> start(const Command& command, Lifetime lifetime,
                                         ChildEvents events) override;

    const std::vector<Execution>& history() const { return history_; }
    std::size_t count(const std::string& text) const;  // of executions with that text
    std::size_t most_at_once() const { return most_at_once_; }

 private:
    class SimChild;

    Result<Script> find(const Command& command);
    Result<Script> of_shell(const std::string& text);
    std::optional<Script> builtin(const std::vector<std::string>& words);
    std::size_t begin(const Command& command);
    void end(std::size_t execution, bool by_us);

    SimLoop& loop_;
    SimFiles& files_;
    std::map<std::string, Handler> handlers_;
    std::vector<Execution> history_;
    std::size_t now_running_ = 0;
    std::size_t most_at_once_ = 0;
    int pids_made_ = 1000;
};

}  // namespace hansa
