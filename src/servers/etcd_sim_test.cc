// The supervision of etcd with simulated children and time.
#include <gtest/gtest.h>

#include "servers/etcd.h"
#include "sys/sim/machine.h"

namespace hansa {
namespace {

constexpr auto serving_line = R"({"level":"info","msg":"ready to serve client requests"})";

class EtcdSupervision : public testing::Test {
 protected:
    EtcdSupervision() {
        machine.processes.script("etcd", [this](const Command&) { return script; });
    }

    EtcdServerEvents events() {
        return {[this] { story.push_back("serving"); },
                [this](const std::string& why, Duration pause) {
                    story.push_back(why + "; again in " + readable(pause));
                },
                [this] { story.push_back("removed"); }, nullptr};
    }
    std::size_t starts() const { return machine.processes.history().size(); }

    SimLoop loop;
    SimMachine machine{loop, 1};
    Script script;
    std::vector<std::string> story;
};

TEST_F(EtcdSupervision, serves_once_its_log_says_so) {
    script.takes = Seconds(1000);
    script.lines = {{Milliseconds(10), R"({"level":"info","msg":"starting"})"},
                    {Milliseconds(500), serving_line}};
    EtcdServer server(loop, machine.processes, {}, events());
    ASSERT_TRUE(server.start());
    loop.run_for(Milliseconds(499));
    EXPECT_FALSE(server.serving());
    EXPECT_NE(server.pid(), 0);
    loop.run_for(Milliseconds(1));
    EXPECT_TRUE(server.serving());
    EXPECT_EQ(story, std::vector<std::string>{"serving"});
}

TEST_F(EtcdSupervision, is_started_again_with_pauses_that_double_up_to_a_limit) {
    script.status = 1;
    script.lines = {{Duration{0}, R"({"level":"fatal","msg":"discovery failed","error":"no"})"}};
    script.takes = Milliseconds(1);
    EtcdServer server(loop, machine.processes, {}, events());
    ASSERT_TRUE(server.start());
    loop.run_for(Seconds(60));
    ASSERT_GE(story.size(), 10u);
    EXPECT_EQ(story[0], "etcd ended: exit status 1: discovery failed: no; again in 100 ms");
    EXPECT_EQ(story[1], "etcd ended: exit status 1: discovery failed: no; again in 200 ms");
    EXPECT_EQ(story[8], "etcd ended: exit status 1: discovery failed: no; again in 10 s");
    EXPECT_EQ(machine.processes.most_at_once(), 1u);
}

TEST_F(EtcdSupervision, begins_with_short_pauses_again_after_long_service) {
    script.status = 2;
    script.takes = Milliseconds(1);
    EtcdServer server(loop, machine.processes, {}, events());
    ASSERT_TRUE(server.start());
    loop.run_for(Seconds(1));
    script.lines = {{Duration{0}, serving_line}};
    script.takes = Seconds(40);
    loop.run_for(Seconds(50));
    ASSERT_GE(story.size(), 2u);
    const auto served = std::find(story.begin(), story.end(), "serving");
    ASSERT_NE(served, story.end());
    EXPECT_EQ(*(served + 1), "etcd ended: exit status 2; again in 100 ms");
}

TEST_F(EtcdSupervision, a_short_service_does_not_shorten_the_pause) {
    script.status = 2;
    script.takes = Seconds(1);
    script.lines = {{Duration{0}, serving_line}};
    EtcdServer server(loop, machine.processes, {}, events());
    ASSERT_TRUE(server.start());
    loop.run_for(Seconds(3));
    ASSERT_GE(story.size(), 4u);
    EXPECT_EQ(story[3], "etcd ended: exit status 2; again in 200 ms");
}

TEST_F(EtcdSupervision, one_that_ends_well_was_removed_and_is_not_started_again) {
    script.status = 0;
    script.takes = Milliseconds(5);
    EtcdServer server(loop, machine.processes, {}, events());
    ASSERT_TRUE(server.start());
    loop.run_for(Seconds(60));
    EXPECT_EQ(story, std::vector<std::string>{"removed"});
    EXPECT_EQ(starts(), 1u);
}

TEST_F(EtcdSupervision, a_stopped_one_is_not_started_again) {
    script.takes = Seconds(1000);
    EtcdServer server(loop, machine.processes, {}, events());
    ASSERT_TRUE(server.start());
    loop.run_for(Seconds(1));
    bool stopped = false;
    server.stop([&] { stopped = true; });
    EXPECT_FALSE(stopped) << "never from within the call";
    loop.run_for(Seconds(60));
    EXPECT_TRUE(stopped);
    EXPECT_EQ(starts(), 1u);
    EXPECT_EQ(server.pid(), 0);
    EXPECT_TRUE(story.empty());
}

TEST_F(EtcdSupervision, stopping_in_a_pause_ends_at_once) {
    script.status = 1;
    script.takes = Milliseconds(1);
    EtcdServer server(loop, machine.processes, {}, events());
    ASSERT_TRUE(server.start());
    ASSERT_TRUE(loop.run_until([&] { return story.size() == 1; }, Seconds(1)));
    int stopped = 0;
    server.stop([&] { ++stopped; });
    loop.run_for(Seconds(60));
    EXPECT_EQ(stopped, 1);
    EXPECT_EQ(starts(), 1u);
}

TEST_F(EtcdSupervision, destroying_it_ends_the_child_and_all_events) {
    script.takes = Seconds(5);
    script.lines = {{Seconds(1), serving_line}};
    {
        EtcdServer server(loop, machine.processes, {}, events());
        ASSERT_TRUE(server.start());
        loop.run_for(Milliseconds(100));
        server.stop([] { ADD_FAILURE() << "told after its end"; });
    }
    loop.run_for(Seconds(60));
    EXPECT_TRUE(story.empty());
    EXPECT_TRUE(machine.processes.history()[0].ended_by_us);
}

TEST_F(EtcdSupervision, a_missing_program_is_told_with_the_way_out) {
    EtcdConfig config;
    config.program = "/opt/none/etcd-9";
    EtcdServer server(loop, machine.processes, config, events());
    auto started = server.start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Code::missing);
    EXPECT_EQ(started.error().text,
              "/opt/none/etcd-9 is not installed; install the package etcd-server, or run with "
              "--standalone");
}

}  // namespace
}  // namespace hansa
