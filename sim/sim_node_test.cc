#include "node.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

using namespace std::chrono_literals;

const char* const motd = R"(
graph: g
resources:
  file:
  - {name: motd, path: /tmp/motd, content: hello}
)";

TEST(SimNode, repairs_a_file_that_was_edited_behind_its_back) {
    SimNode node;
    ASSERT_TRUE(node.want(motd));
    ASSERT_TRUE(node.settle());
    EXPECT_EQ(node.content("/tmp/motd"), "hello");

    ASSERT_TRUE(node.files().overwrite("/tmp/motd", "spoiled"));
    ASSERT_TRUE(node.settle());
    EXPECT_EQ(node.content("/tmp/motd"), "hello");
    EXPECT_EQ(node.trace(), "file[motd] changed, file[motd] changed");
}

TEST(SimNode, refuses_a_broken_graph_and_keeps_the_old_one) {
    SimNode node;
    ASSERT_TRUE(node.want(motd));
    ASSERT_TRUE(node.settle());
    auto refused = node.want("graph: g\nresources: {scv: [{name: x}]}\n");
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().text.find("scv"), std::string::npos);
    ASSERT_TRUE(node.files().remove("/tmp/motd"));
    ASSERT_TRUE(node.settle());
    EXPECT_EQ(node.content("/tmp/motd"), "hello");
}

TEST(SimNode, says_when_it_does_not_come_to_rest) {
    SimNode node;
    ASSERT_TRUE(
        node.want("graph: g\nresources:\n  test:\n  - {name: t, outcome: fail, meta: "
                  "{retry: -1, delay: 1000}}\n"));
    EXPECT_FALSE(node.settle(1min));
    EXPECT_GE(node.loop().clock().now(), Instant{1min});
}

TEST(SimNode, a_stop_in_the_middle_of_a_command_cancels_it) {
    SimNode node;
    ASSERT_TRUE(node.want("graph: g\nresources:\n  exec:\n  - {name: e, cmd: sleep 1000}\n"));
    node.loop().run_for(10s);
    ASSERT_EQ(node.machine().processes.count("sleep 1000"), 1u);
    node.stop();
    EXPECT_TRUE(node.machine().processes.history()[0].ended_by_us);
    EXPECT_LT(node.loop().clock().now(), Instant{20s});
}

TEST(SimNode, execs_that_do_not_depend_on_each_other_overlap) {
    SimNode node;
    std::string yaml = "graph: g\nresources:\n  exec:\n";
    for (int i = 0; i < 8; ++i) yaml += "  - {name: e" + std::to_string(i) + ", cmd: sleep 1}\n";
    ASSERT_TRUE(node.want(yaml));
    ASSERT_TRUE(node.settle());
    EXPECT_EQ(node.machine().processes.most_at_once(), 8u);
    EXPECT_LT(node.loop().clock().now(), Instant{1100ms});
}

TEST(SimNode, several_share_one_clock) {
    SimLoop loop;
    SimNode first(loop, {.seed = 1});
    SimNode second(loop, {.seed = 2});
    ASSERT_TRUE(first.want(motd));
    ASSERT_TRUE(second.want(motd));
    ASSERT_TRUE(first.settle());
    ASSERT_TRUE(second.settle());
    EXPECT_EQ(first.content("/tmp/motd"), second.content("/tmp/motd"));
    EXPECT_FALSE(second.files().status("/tmp/none"));
}

}  // namespace
}  // namespace hansa
