// The simulated side of the ports against the suites that the real side passes too.
#include <gtest/gtest.h>

#include "base/text.h"
#include "sys/contract/files_suite.h"
#include "sys/contract/held_files_suite.h"
#include "sys/contract/processes_suite.h"
#include "sys/contract/secure_suite.h"
#include "sys/contract/watch_suite.h"
#include "sys/contract/workers_suite.h"
#include "sys/sim/machine.h"
#include "sys/sim/secure_sockets.h"

namespace hansa {
namespace {

// One simulated machine behind every bench.
template <class Bench>
class SimBench : public Bench {
 public:
    Loop& loop() override { return loop_; }
    bool run_until(const std::function<bool()>& holds) override {
        return loop_.run_until(holds, std::chrono::hours{24});
    }
    void run_for_a_while() override { loop_.run_for(Seconds{1}); }

 protected:
    SimLoop loop_;
    SimMachine machine_{loop_, 1};
};

class SimFilesBench final : public contract::FilesBench {
 public:
    Files& files() override { return machine_.files; }
    std::string root() override { return "/tmp"; }
    void make_pipe(const std::string& path) override {
        EXPECT_TRUE(machine_.files.make_pipe(path));
    }

 private:
    SimLoop loop_;
    SimMachine machine_{loop_, 1};
};

// The whole contract again, through a view.
class SimHeldBench final : public contract::FilesBench {
 public:
    Files& files() override { return *view_; }
    std::string root() override { return "/tmp"; }
    void make_pipe(const std::string& path) override {
        EXPECT_TRUE(machine_.files.make_pipe(path));
    }
    bool confined() const override { return true; }

 private:
    SimLoop loop_;
    SimMachine machine_{loop_, 1};
    std::unique_ptr<Files> view_ = *machine_.files.within("/tmp");
};

class SimWatchBench final : public SimBench<contract::WatchBench> {
 public:
    PathWatcher& watcher() override { return machine_.watcher; }
    Files& files() override { return machine_.files; }
    std::string root() override { return "/tmp"; }
};

class SimWorkersBench final : public SimBench<contract::WorkersBench> {
 public:
    Workers& workers() override { return *workers_; }
    void end_workers() override { workers_.reset(); }

 private:
    std::unique_ptr<SimWorkers> workers_ = std::make_unique<SimWorkers>(loop_, 1);
};

class SimProcessesBench final : public SimBench<contract::ProcessesBench> {
 public:
    Workers& workers() override { return machine_.workers; }
    Processes& processes() override { return machine_.processes; }

    Command exits_with(int status) override {
        return scripted("exit " + std::to_string(status), Script{.status = status});
    }
    Command prints(const std::string& text) override {
        Script script{.output = text};
        for (const std::string& line : split(text, '\n')) script.lines.push_back({{}, line});
        if (text.ends_with('\n')) script.lines.pop_back();
        return scripted("print " + text, script);
    }
    Command waits(Duration duration) override {
        return scripted("wait " + readable(duration), Script{.takes = duration});
    }
    Command is_not_there() override { return words("no-such-program"); }

 private:
    static Command words(const std::string& text) {
        Command command;
        command.arguments = {text};
        return command;
    }
    Command scripted(const std::string& text, const Script& script) {
        machine_.processes.script(text, [script](const Command&) { return script; });
        return words(text);
    }
};

class SimSecureBench final : public SimBench<contract::SecureBench> {
 public:
    SecureSockets& sockets() override { return sockets_; }
    TlsIdentity identity(int which) override {
        const std::string name = std::to_string(which);
        return {"chain " + name, "key " + name};
    }
    HostPort nowhere() override { return {"127.0.0.1", 1}; }

 private:
    SimNetwork network_{loop_};
    SimSecureSockets sockets_{network_, "192.0.2.7:50000"};
};

template <class Base, class Bench>
std::unique_ptr<Base> make() {
    return std::make_unique<Bench>();
}

}  // namespace

namespace contract {

INSTANTIATE_TEST_SUITE_P(Sim, FilesContract, testing::Values(&make<FilesBench, SimFilesBench>));
INSTANTIATE_TEST_SUITE_P(SimView, FilesContract, testing::Values(&make<FilesBench, SimHeldBench>));
INSTANTIATE_TEST_SUITE_P(Sim, HeldFilesContract, testing::Values(&make<FilesBench, SimFilesBench>));
INSTANTIATE_TEST_SUITE_P(Sim, WatchContract, testing::Values(&make<WatchBench, SimWatchBench>));
INSTANTIATE_TEST_SUITE_P(Sim, LoopContract, testing::Values(&make<WorkersBench, SimWorkersBench>));
INSTANTIATE_TEST_SUITE_P(Sim, WorkersContract,
                         testing::Values(&make<WorkersBench, SimWorkersBench>));
INSTANTIATE_TEST_SUITE_P(Sim, ProcessesContract,
                         testing::Values(&make<ProcessesBench, SimProcessesBench>));

INSTANTIATE_TEST_SUITE_P(Sim, SecureContract, testing::Values(&make<SecureBench, SimSecureBench>));

}  // namespace contract
}  // namespace hansa
