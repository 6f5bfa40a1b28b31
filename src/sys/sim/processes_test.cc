#include "sys/sim/processes.h"

#include <gtest/gtest.h>

#include "sys/sim/machine.h"

namespace hansa {
namespace {

using namespace std::chrono_literals;

Command words(std::vector<std::string> arguments) {
    return {std::move(arguments), {}, {}, {}, {}};
}
Command shell(const std::string& text) {
    return words({"sh", "-c", text});
}

class SimProcessesTest : public ::testing::Test {
 protected:
    // Runs in a worker to its end, or until it is cancelled.
    Result<Exit> run(const Command& command, std::optional<Duration> timeout = {},
                     std::optional<Duration> cancel_after = {}) {
        std::optional<Result<Exit>> result;
        auto cancel = machine.workers.run(
            [&](Task& task) {
                std::optional<Instant> deadline;
                if (timeout) deadline = task.now() + *timeout;
                result = machine.processes.run(command, task, deadline);
            },
            [] {});
        if (cancel_after) {
            loop.run_for(*cancel_after);
            cancel->cancel();
        }
        EXPECT_TRUE(loop.run_until_idle(1h));
        return *result;
    }

    SimLoop loop;
    SimMachine machine{loop, 1, {.workers = {.latency_max = 0s}}};
};

TEST_F(SimProcessesTest, know_a_few_commands_by_themselves) {
    EXPECT_TRUE(run(words({"true"}))->ok());
    EXPECT_EQ(run(words({"/bin/false"}))->status, 1);
    EXPECT_EQ(run(words({"echo", "a", "b"}))->output, "a b\n");
    EXPECT_EQ(run(words({"test", "-e", "/tmp/x"}))->status, 1);
    EXPECT_TRUE(run(shell("touch /tmp/x"))->ok());
    EXPECT_TRUE(run(words({"test", "-f", "/tmp/x"}))->ok());
    EXPECT_EQ(run(words({"touch", "/none/x"}))->status, 1);
    EXPECT_TRUE(run(shell("rm /tmp/x; true"))->ok());
    EXPECT_FALSE(machine.files.status("/tmp/x"));
}

TEST_F(SimProcessesTest, a_sleep_takes_simulated_time) {
    EXPECT_TRUE(run(shell("sleep 1.5 && sleep 2"))->ok());
    EXPECT_EQ(loop.clock().now(), Instant{3500ms});
    ASSERT_EQ(machine.processes.history().size(), 1u);
    EXPECT_EQ(machine.processes.history()[0].text, "sleep 1.5 && sleep 2");
    EXPECT_EQ(machine.processes.history()[0].ended, Instant{3500ms});
}

TEST_F(SimProcessesTest, what_is_not_there_is_missing) {
    EXPECT_EQ(run(words({"no-such-program"})).error().code, Code::missing);
    EXPECT_EQ(run(shell("no-such-program"))->status, 127);
    Command elsewhere = words({"true"});
    elsewhere.directory = "/none";
    EXPECT_EQ(run(elsewhere).error().code, Code::missing);
    EXPECT_EQ(run(words({})).error().code, Code::invalid);
}

TEST_F(SimProcessesTest, a_deadline_cuts_a_command_before_its_effect) {
    machine.processes.script("slow", [this](const Command&) {
        return Script{.takes = 10s, .at_end = [this] { (void)machine.files.write("/x", "", {}); }};
    });
    const Exit exit = *run(words({"slow"}), 3s);
    EXPECT_TRUE(exit.timed_out);
    EXPECT_FALSE(exit.cancelled);
    EXPECT_FALSE(exit.ok());
    EXPECT_EQ(loop.clock().now(), Instant{3s});
    EXPECT_FALSE(machine.files.status("/x"));
    EXPECT_TRUE(machine.processes.history()[0].ended_by_us);
    EXPECT_TRUE(run(words({"slow"}), 10s)->ok());
    EXPECT_TRUE(machine.files.status("/x"));
}

TEST_F(SimProcessesTest, cancelling_ends_a_command_now) {
    const Exit exit = *run(words({"sleep", "100"}), {}, 2s);
    EXPECT_TRUE(exit.cancelled);
    EXPECT_FALSE(exit.status);
    EXPECT_EQ(exit.signal, 15);
    EXPECT_EQ(loop.clock().now(), Instant{2s});
}

TEST_F(SimProcessesTest, scripts_see_the_command_and_are_counted) {
    int tries = 0;
    machine.processes.script("flaky it", [&](const Command& command) {
        EXPECT_EQ(command.arguments.size(), 2u);
        return Script{.status = ++tries < 3 ? 1 : 0, .output = "try " + std::to_string(tries)};
    });
    EXPECT_EQ(run(words({"flaky", "it"}))->status, 1);
    EXPECT_EQ(run(words({"flaky", "it"}))->output, "try 2");
    EXPECT_TRUE(run(words({"flaky", "it"}))->ok());
    EXPECT_EQ(machine.processes.count("flaky it"), 3u);
    EXPECT_EQ(machine.processes.most_at_once(), 1u);
}

struct Heard {
    std::vector<std::string> lines;
    std::optional<Exit> exit;
    ChildEvents events() {
        return {[this](std::string line) { lines.push_back(std::move(line)); },
                [this](Exit end) { exit = std::move(end); }};
    }
};

TEST_F(SimProcessesTest, a_child_prints_its_lines_in_time_and_ends) {
    machine.processes.script("watcher", [](const Command&) {
        return Script{.takes = 10s, .lines = {{1s, "one"}, {5s, "two"}}};
    });
    Heard heard;
    auto child = machine.processes.start(words({"watcher"}), Lifetime::own, heard.events());
    ASSERT_TRUE(child);
    loop.run_for(2s);
    EXPECT_EQ(heard.lines, (std::vector<std::string>{"one"}));
    EXPECT_EQ(machine.processes.most_at_once(), 1u);
    loop.run_for(10s);
    EXPECT_EQ(heard.lines, (std::vector<std::string>{"one", "two"}));
    ASSERT_TRUE(heard.exit);
    EXPECT_TRUE(heard.exit->ok());
}

TEST_F(SimProcessesTest, a_signalled_child_ends_and_a_dropped_one_is_silent) {
    Heard heard;
    Heard silent;
    auto child = machine.processes.start(words({"sleep", "100"}), Lifetime::own, heard.events());
    auto other = machine.processes.start(words({"sleep", "1"}), Lifetime::own, silent.events());
    ASSERT_TRUE(child && other);
    EXPECT_NE((*child)->pid(), (*other)->pid());
    (*child)->signal(9);
    (*child)->signal(9);
    other->reset();
    EXPECT_FALSE(heard.exit);  // comes as an event
    EXPECT_TRUE(loop.run_until_idle(1h));
    ASSERT_TRUE(heard.exit);
    EXPECT_EQ(heard.exit->signal, 9);
    EXPECT_FALSE(silent.exit);
    EXPECT_EQ(machine.processes.start(words({"none"}), Lifetime::own, {}).error().code,
              Code::missing);
}

TEST(SimAccounts, know_names_and_numbers) {
    SimAccounts accounts;
    accounts.add_user("bob", 1000);
    accounts.add_group("staff", 50);
    EXPECT_EQ(*accounts.user("bob"), 1000u);
    EXPECT_EQ(*accounts.user("1234"), 1234u);
    EXPECT_EQ(accounts.user("eve").error().code, Code::missing);
    EXPECT_EQ(accounts.user("-1").error().code, Code::missing);
    EXPECT_EQ(*accounts.group("staff"), 50u);
    EXPECT_EQ(accounts.group_name(50), "staff");
    EXPECT_EQ(accounts.user_name(4321), "4321");
    accounts.become(1000);
    EXPECT_EQ(accounts.self(), 1000u);
}

}  // namespace
}  // namespace hansa
