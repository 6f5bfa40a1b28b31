#include "daemon/control.h"

#include <gtest/gtest.h>

#include "data/json.h"

namespace hansa {
namespace {

TEST(Control, status_tells_the_agent_the_counts_and_each_resource) {
    Snapshot snapshot;
    fold(snapshot, happened::AgentStarted{"1.2", "web1", "g.yaml", "standalone", 42}, WallTime{});
    fold(snapshot, happened::ResourcePhase{"file[a]", Phase::failed, "detail"}, WallTime{});
    auto answer = parse_json(answer_control("status", snapshot));
    ASSERT_TRUE(answer) << answer.error().text;
    EXPECT_EQ(answer->find("agent")->find("host")->scalar().text, "web1");
    EXPECT_EQ(answer->find("counts")->find("failed")->scalar().text, "1");
    ASSERT_EQ(answer->find("resources")->list().size(), 1u);
    EXPECT_EQ(answer->find("resources")->list()[0].find("id")->scalar().text, "file[a]");
}

TEST(Control, only_its_user_and_root_may_ask_and_the_members_of_its_group) {
    const UserId self = 1000;
    EXPECT_TRUE(may_ask({1, self, {}}, self, {}));
    EXPECT_TRUE(may_ask({1, 0, {}}, self, {}));
    EXPECT_FALSE(may_ask({1, 1001, {1000, 0}}, self, {}));
    EXPECT_FALSE(may_ask({1, 1001, {1001, 7}}, self, 8));
    EXPECT_TRUE(may_ask({1, 1001, {1001, 8}}, self, 8));
    EXPECT_FALSE(may_ask({}, self, {})) << "whom the kernel does not name";
}

TEST(Control, only_its_user_and_root_may_change_anything) {
    const UserId self = 1000;
    EXPECT_TRUE(may_change({1, self, {}}, self));
    EXPECT_TRUE(may_change({1, 0, {}}, self));
    EXPECT_FALSE(may_change({1, 1001, {1000, 0, 8}}, self)) << "whatever group it is in";
    EXPECT_FALSE(may_change({}, self)) << "whom the kernel does not name";
}

TEST(Control, explain_tells_of_one_resource) {
    Snapshot snapshot;
    fold(snapshot, happened::ResourcePhase{"file[a]", Phase::failed, "detail"}, WallTime{});
    auto answer = parse_json(answer_control("explain file[a]", snapshot));
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->find("resources")->list().size(), 1u);
    EXPECT_TRUE(parse_json(answer_control("explain file[b]", snapshot))->find("error"));
}

TEST(Control, an_unknown_question_is_answered_with_what_is_known) {
    auto answer = parse_json(answer_control("reboot\n", Snapshot{}));
    ASSERT_TRUE(answer);
    const std::string& error = answer->find("error")->scalar().text;
    EXPECT_NE(error.find("reboot\\n"), std::string::npos) << error;
    EXPECT_NE(error.find("status"), std::string::npos) << error;
    const std::vector<ControlTopic> more = {{"size K", ControlTopic::For::owners, {}}};
    EXPECT_NE(answer_control("reboot", Snapshot{}, more).find("size K"), std::string::npos);
}

}  // namespace
}  // namespace hansa
