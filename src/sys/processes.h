// Child processes as a port.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sys/files.h"
#include "sys/loop.h"
#include "sys/task.h"

namespace hansa {

struct Command {
    std::vector<std::string> arguments;    // [0] is looked up in PATH unless it holds a '/'
    std::vector<std::string> environment;  // NAME=value, added to (and overriding) our own
    std::string directory;                 // empty: ours
    std::optional<UserId> user;
    std::optional<GroupId> group;
};

struct Exit {
    std::optional<int> status;  // of exit(); empty when a signal ended it
    int signal = 0;
    std::string output;      // stdout and stderr as they came, its last 64 KiB
    bool timed_out = false;  // ended by us, at the deadline
    bool cancelled = false;  // ended by us, on cancellation
    Duration ran{};          // until it ended, or until we began to end it

    bool ok() const { return status == 0; }

    // "exit status 1", "killed by signal 9 (SIGKILL)", "timed out after 3 s".
    std::string describe() const;
};

// A child that lives beside the agent: a watch command, an etcd.
class Child {
 public:
    virtual ~Child() = default;  // kills what still runs, without waiting
    virtual int pid() const = 0;
    virtual void signal(int number) = 0;  // to its process group; nothing once it has ended
};

struct ChildEvents {
    std::function<void(std::string line)> on_line;  // stdout and stderr; at most 64 KiB a line
    std::function<void(Exit exit)> on_exit;         // the last call
};

enum class Lifetime {
    own,         // may outlive us when we are killed
    tied_to_us,  // is killed by the kernel when the agent dies, however it dies
};

class Processes {
 public:
    virtual ~Processes() = default;

    // Runs to its end in a process group of its own with stdin from /dev/null. Blocks; for
    // workers. On cancellation or at the deadline the group gets SIGTERM and, 2 s later,
    // SIGKILL. Code::missing when the program or directory is not there, Code::denied when it
    // may not be run.
    virtual Result<Exit> run(const Command& command, Task& task,
                             std::optional<Instant> deadline) = 0;

    // Starts and returns. Loop thread only; events come on the loop thread.
    virtual Result<std::unique_ptr<Child>> start(const Command& command, Lifetime lifetime,
                                                 ChildEvents events) = 0;
};

}  // namespace hansa
