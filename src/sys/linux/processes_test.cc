#include "sys/linux/processes.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "sys/contract/processes_suite.h"
#include "sys/linux/surroundings.h"
#include "sys/linux/test_loop.h"
#include "sys/linux/workers.h"

namespace hansa {

using test::FreshDirectory;

namespace {

Command shell(const std::string& script) {
    Command command;
    command.arguments = {"sh", "-c", script};
    return command;
}

class LinuxProcessesBench final : public contract::ProcessesBench {
 public:
    Loop& loop() override { return loop_; }
    Workers& workers() override { return workers_; }
    Processes& processes() override { return processes_; }
    bool run_until(const std::function<bool()>& holds) override {
        return test::run_until(loop_, holds);
    }
    void run_for_a_while() override { test::run_for(loop_, Milliseconds{50}); }

    Command exits_with(int status) override { return shell("exit " + std::to_string(status)); }
    Command prints(const std::string& text) override {
        Command command;
        command.arguments = {"printf", "%s", text};
        return command;
    }
    Command waits(Duration duration) override {
        Command command;
        auto seconds = std::chrono::duration<double>(duration).count();
        command.arguments = {"sleep", std::to_string(seconds)};
        return command;
    }
    Command is_not_there() override {
        Command command;
        command.arguments = {"hansa-no-such-program"};
        return command;
    }

 private:
    LinuxLoop loop_;
    LinuxProcesses processes_{loop_};
    LinuxWorkers workers_{loop_};
};

std::unique_ptr<contract::ProcessesBench> make_bench() {
    return std::make_unique<LinuxProcessesBench>();
}

bool alive(int pid) {
    return ::kill(pid, 0) == 0;
}

}  // namespace

namespace contract {
INSTANTIATE_TEST_SUITE_P(Linux, ProcessesContract, testing::Values(&make_bench));
}  // namespace contract

class LinuxProcessesTest : public testing::Test {
 protected:
    Result<Exit> run(const Command& command, std::optional<Duration> limit = {}) {
        std::optional<Result<Exit>> result;
        bool done = false;
        workers_.run(
            [&](Task& task) {
                std::optional<Instant> deadline;
                if (limit) deadline = task.now() + *limit;
                result = processes_.run(command, task, deadline);
            },
            [&] { done = true; });
        if (!test::run_until(loop_, [&] { return done; })) return Error{Code::internal, "no end"};
        return *std::move(result);
    }
    std::string output(const Command& command) {
        auto exit = run(command);
        return exit ? exit->output : "<" + exit.error().text + ">";
    }

    LinuxLoop loop_;
    LinuxProcesses processes_{loop_};
    LinuxWorkers workers_{loop_};
    FreshDirectory directory_;
    LinuxFiles files_;
};

TEST_F(LinuxProcessesTest, stdout_and_stderr_come_in_their_order) {
    EXPECT_EQ(output(shell("echo a; echo b >&2; echo c")), "a\nb\nc\n");
}

TEST_F(LinuxProcessesTest, the_last_64_kib_of_a_long_output_are_kept) {
    std::string out =
        output(shell("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done"));
    EXPECT_EQ(out.size(), 64u * 1024);
    EXPECT_TRUE(out.ends_with("line 19998\nline 19999\n"));
}

TEST_F(LinuxProcessesTest, stdin_is_empty_and_no_descriptor_leaks_in) {
    int leaky = ::open("/dev/null", O_RDONLY);  // no O_CLOEXEC
    EXPECT_EQ(output(shell("cat; ls /proc/self/fd | tr '\\n' ' '")), "0 1 2 3 ");
    ::close(leaky);
}

// Lowers our soft limit of descriptors and gives it back.
class LowLimit {
 public:
    explicit LowLimit(rlim_t descriptors) {
        check(::getrlimit(RLIMIT_NOFILE, &before_) == 0, "the kernel tells");
        set({descriptors, before_.rlim_max});
    }
    ~LowLimit() { set(before_); }
    LowLimit(const LowLimit&) = delete;
    rlim_t hard() const { return before_.rlim_max; }

 private:
    static void set(const rlimit& limit) {
        check(::setrlimit(RLIMIT_NOFILE, &limit) == 0, "below the hard limit all are allowed");
    }
    rlimit before_;
};

TEST_F(LinuxProcessesTest, we_may_open_what_the_hard_limit_allows_and_children_as_before) {
    LowLimit low(250);
    const std::optional<std::uint64_t> former = raise_descriptor_limit();
    ASSERT_EQ(former, 250u);
    rlimit now{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &now), 0);
    EXPECT_EQ(now.rlim_cur, low.hard());
    EXPECT_EQ(now.rlim_max, low.hard());

    LinuxProcesses limited(loop_, former);
    std::optional<Result<Exit>> ran;
    bool done = false;
    workers_.run([&](Task& task) { ran = limited.run(shell("ulimit -Sn"), task, {}); },
                 [&] { done = true; });
    ASSERT_TRUE(test::run_until(loop_, [&] { return done; }));
    ASSERT_TRUE(*ran) << ran->error().text;
    EXPECT_EQ((*ran)->output, "250\n");

    std::vector<std::string> lines;
    std::optional<Exit> ended;
    auto child =
        limited.start(shell("ulimit -Sn; ulimit -Hn"), Lifetime::own,
                      {.on_line = [&](std::string line) { lines.push_back(std::move(line)); },
                       .on_exit = [&](Exit exit) { ended = exit; }});
    ASSERT_TRUE(child) << child.error().text;
    ASSERT_TRUE(test::run_until(loop_, [&] { return ended.has_value(); }));
    const std::string hard = low.hard() == RLIM_INFINITY ? "unlimited" : std::to_string(low.hard());
    EXPECT_EQ(lines, (std::vector<std::string>{"250", hard}));
    EXPECT_EQ(output(shell("ulimit -Sn")), hard + "\n") << "without a limit: ours";
}

TEST_F(LinuxProcessesTest, signals_are_as_at_boot_in_the_child) {
    sigset_t blocked;
    sigset_t before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    std::string status = output(shell("grep -E 'Sig(Blk|Ign)' /proc/self/status"));
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    EXPECT_EQ(status, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_F(LinuxProcessesTest, environment_is_added_and_overrides) {
    ::setenv("HANSA_TEST_A", "ours", 1);
    ::setenv("HANSA_TEST_AB", "kept", 1);
    Command command = shell("echo $HANSA_TEST_A $HANSA_TEST_AB $HANSA_TEST_C");
    command.environment = {"HANSA_TEST_A=theirs", "HANSA_TEST_C=new"};
    EXPECT_EQ(output(command), "theirs kept new\n");
    ::unsetenv("HANSA_TEST_A");
    ::unsetenv("HANSA_TEST_AB");
}

TEST_F(LinuxProcessesTest, the_path_of_the_given_environment_is_searched) {
    ASSERT_TRUE(files_.write(directory_.path() + "/hansa-own", "#!/bin/sh\necho found\n",
                             {.mode = 0755, .owner = {}, .group = {}}));
    Command command;
    command.arguments = {"hansa-own"};
    EXPECT_EQ(run(command).error().code, Code::missing);
    command.environment = {"PATH=/nonexistent:" + directory_.path() + ":/usr/bin:/bin"};
    EXPECT_EQ(output(command), "found\n");
}

TEST_F(LinuxProcessesTest, the_directory_is_entered_and_must_be_there) {
    Command command = shell("pwd");
    command.directory = directory_.path();
    EXPECT_EQ(output(command), directory_.path() + "\n");
    command.directory = directory_.path() + "/no";
    auto exit = run(command);
    ASSERT_FALSE(exit);
    EXPECT_EQ(exit.error().code, Code::missing);
    EXPECT_EQ(exit.error().text,
              "directory: " + directory_.path() + "/no: no such file or directory");
}

TEST_F(LinuxProcessesTest, programs_that_cannot_run_say_why) {
    Command command;
    command.arguments = {directory_.path() + "/f"};
    ASSERT_TRUE(files_.write(command.arguments[0], "x", {.mode = 0644, .owner = {}, .group = {}}));
    EXPECT_EQ(run(command).error().code, Code::denied);
    ASSERT_TRUE(files_.write(command.arguments[0], "#!/no/interpreter\n",
                             {.mode = 0755, .owner = {}, .group = {}}));
    auto exit = run(command);
    EXPECT_EQ(exit.error().code, Code::missing);
    EXPECT_NE(exit.error().text.find("interpreter"), std::string::npos) << exit.error().text;
    command.arguments = {"hansa-no-such-program"};
    EXPECT_EQ(run(command).error().text,
              "\"hansa-no-such-program\": not found in PATH; is it installed?");
}

TEST_F(LinuxProcessesTest, bad_commands_are_invalid) {
    Command nul = shell("echo");
    nul.arguments.push_back(std::string("a\0b", 3));
    EXPECT_EQ(run(nul).error().code, Code::invalid);
    Command setting = shell("echo");
    setting.environment = {"NOVALUE"};
    EXPECT_EQ(run(setting).error().code, Code::invalid);
    Command empty;
    empty.arguments = {""};
    EXPECT_EQ(run(empty).error().code, Code::invalid);
}

TEST_F(LinuxProcessesTest, user_and_group_change_and_our_own_rights_stay) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    int before = ::prctl(PR_GET_DUMPABLE);
    Command command = shell("id -u; id -g; id -G");
    command.user = 65534;
    EXPECT_EQ(output(command), "65534\n65534\n65534\n");
    command.group = 12;
    EXPECT_EQ(output(command), "65534\n12\n12\n");
    command.user.reset();
    EXPECT_EQ(output(shell("id -u")), "0\n");
    EXPECT_EQ(::prctl(PR_GET_DUMPABLE), before);
    EXPECT_EQ(::geteuid(), 0u);
}

TEST_F(LinuxProcessesTest, a_user_whom_nobody_knows_needs_a_group_and_never_gets_ours) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    Command command = shell("id -u; id -g; id -G");
    command.user = 54321;
    const auto exit = run(command);
    ASSERT_FALSE(exit) << exit->output;
    EXPECT_EQ(exit.error().code, Code::denied);
    EXPECT_NE(exit.error().text.find("write group too"), std::string::npos) << exit.error().text;
    command.group = 12;
    EXPECT_EQ(output(command), "54321\n12\n12\n");
}

TEST_F(LinuxProcessesTest, a_killed_child_reports_the_signal) {
    auto exit = run(shell("kill -9 $$"));
    ASSERT_TRUE(exit);
    EXPECT_FALSE(exit->status);
    EXPECT_EQ(exit->signal, 9);
}

TEST_F(LinuxProcessesTest, a_grandchild_that_keeps_the_pipe_does_not_hold_the_run_up) {
    auto exit = run(shell("echo $$; sleep 600 & echo $!"), Seconds{20});
    ASSERT_TRUE(exit);
    EXPECT_TRUE(exit->ok()) << exit->describe();
    auto numbers = exit->output;
    int grandchild = std::stoi(numbers.substr(numbers.find('\n') + 1));
    EXPECT_TRUE(alive(grandchild)) << "a daemon may stay";
    ::kill(grandchild, SIGKILL);
}

TEST_F(LinuxProcessesTest, the_whole_group_ends_at_the_deadline) {
    auto exit = run(shell("sh -c 'echo $$; sleep 600' & wait"), Milliseconds{300});
    ASSERT_TRUE(exit);
    EXPECT_TRUE(exit->timed_out);
    ASSERT_FALSE(exit->output.empty());
    int grandchild = std::stoi(exit->output);
    EXPECT_TRUE(test::run_until(loop_, [&] { return !alive(grandchild); }));
}

TEST_F(LinuxProcessesTest, who_ignores_sigterm_is_killed_after_the_grace) {
    auto exit = run(shell("trap '' TERM; while :; do sleep 0.05; done"), Milliseconds{100});
    ASSERT_TRUE(exit);
    EXPECT_TRUE(exit->timed_out);
    EXPECT_EQ(exit->signal, 9);
    EXPECT_LT(exit->ran, Seconds{2}) << "counted to the deadline, not to the kill";
}

TEST_F(LinuxProcessesTest, an_early_cancel_starts_nothing) {
    std::optional<Result<Exit>> result;
    bool done = false;
    std::string mark = directory_.path() + "/mark";
    auto handle = workers_.run(
        [&](Task& task) { result = processes_.run(shell("touch " + mark), task, std::nullopt); },
        [&] { done = true; });
    handle->cancel();
    ASSERT_TRUE(test::run_until(loop_, [&] { return done; }));
    EXPECT_EQ(result->error().code, Code::cancelled);
    EXPECT_FALSE(files_.status(mark));
}

TEST_F(LinuxProcessesTest, two_hundred_runs_leave_neither_descriptors_nor_zombies) {
    std::size_t before = files_.list("/proc/self/fd")->size();
    int ended = 0;
    for (int i = 0; i < 200; ++i) {
        workers_.run(
            [&](Task& task) {
                auto exit = processes_.run(shell("exit 3"), task, std::nullopt);
                EXPECT_TRUE(exit && exit->status == 3);
            },
            [&] { ++ended; });
    }
    ASSERT_TRUE(test::run_until(loop_, [&] { return ended == 200; }));
    EXPECT_EQ(files_.list("/proc/self/fd")->size(), before);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

TEST_F(LinuxProcessesTest, long_lines_come_in_pieces) {
    std::vector<std::size_t> sizes;
    bool ended = false;
    auto child = processes_.start(
        shell("head -c 100000 /dev/zero | tr '\\0' x; echo; echo end"), Lifetime::own,
        {.on_line = [&](std::string line) { sizes.push_back(line.size()); },
         .on_exit = [&](Exit exit) { ended = exit.output.ends_with("x\nend\n"); }});
    ASSERT_TRUE(child);
    ASSERT_TRUE(test::run_until(loop_, [&] { return ended; }));
    EXPECT_EQ(sizes, (std::vector<std::size_t>{65536, 100'000 - 65536, 3}));
}

TEST_F(LinuxProcessesTest, a_dropped_child_is_killed_with_its_group_and_reaped) {
    std::string line;
    auto child =
        processes_.start(shell("sh -c 'echo $$; sleep 600' & wait"), Lifetime::own,
                         {.on_line = [&](std::string text) { line = text; }, .on_exit = {}});
    ASSERT_TRUE(child);
    ASSERT_TRUE(test::run_until(loop_, [&] { return !line.empty(); }));
    int pid = (*child)->pid();
    int grandchild = std::stoi(line);
    child->reset();
    EXPECT_TRUE(test::run_until(loop_, [&] { return !alive(pid) && !alive(grandchild); }));
}

TEST_F(LinuxProcessesTest, what_a_child_leaves_in_its_group_ends_with_it) {
    std::string line;
    bool ended = false;
    auto child = processes_.start(shell("sleep 600 >/dev/null 2>&1 & echo $!"), Lifetime::own,
                                  {.on_line = [&](std::string text) { line = text; },
                                   .on_exit = [&](Exit) { ended = true; }});
    ASSERT_TRUE(child);
    ASSERT_TRUE(test::run_until(loop_, [&] { return ended; }));
    EXPECT_TRUE(test::run_until(loop_, [&] { return !alive(std::stoi(line)); }));
}

TEST_F(LinuxProcessesTest, children_that_close_their_output_are_still_followed) {
    std::optional<Exit> ended;
    auto child = processes_.start(shell("exec >&- 2>&-; sleep 0.1; exit 5"), Lifetime::own,
                                  {.on_line = {}, .on_exit = [&](Exit exit) { ended = exit; }});
    ASSERT_TRUE(child);
    ASSERT_TRUE(test::run_until(loop_, [&] { return ended.has_value(); }));
    EXPECT_EQ(ended->status, 5);
}

// A process of its own starts a tied child, prints its pid and is killed.
TEST_F(LinuxProcessesTest, a_tied_child_dies_with_us_however_we_die) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    int parent = ::fork();
    if (parent == 0) {
        LinuxLoop loop;
        LinuxProcesses processes(loop);
        auto child = processes.start(shell("sleep 600"), Lifetime::tied_to_us, {});
        int pid = child ? (*child)->pid() : -1;
        if (::write(ends[1], &pid, sizeof pid) != sizeof pid) ::_exit(1);
        ::pause();
        ::_exit(0);
    }
    int pid = -1;
    ASSERT_EQ(::read(ends[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
    ASSERT_GT(pid, 0);
    EXPECT_TRUE(alive(pid));
    ::kill(parent, SIGKILL);
    ::waitpid(parent, nullptr, 0);
    // The orphan's zombie is init's; gone or a zombie is dead enough.
    auto dead = [&] {
        auto status = files_.read("/proc/" + std::to_string(pid) + "/stat", 4096);
        return !status || status->find(") Z ") != std::string::npos;
    };
    EXPECT_TRUE(test::run_until(loop_, dead));
    ::close(ends[0]);
    ::close(ends[1]);
}

}  // namespace hansa
