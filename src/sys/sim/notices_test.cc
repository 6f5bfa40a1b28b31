#include "sys/sim/notices.h"

#include <gtest/gtest.h>

#include "sys/sim/machine.h"

namespace hansa {
namespace {

TEST(SimNotices, keeps_what_was_sent_in_order_and_apart) {
    SimLoop loop;
    SimMachine machine(loop, 1);
    Notices& notices = machine.ports().notices;
    ASSERT_TRUE(notices.to_journal({"one", Priority::error, {{"A", "1"}}}));
    ASSERT_TRUE(notices.to_journal({"two", Priority::info, {}}));
    ASSERT_TRUE(notices.to_syslog({"three", Priority::debug, {}}));
    ASSERT_EQ(machine.notices.journal().size(), 2u);
    EXPECT_EQ(machine.notices.journal()[0].text, "one");
    EXPECT_EQ(machine.notices.journal()[0].priority, Priority::error);
    EXPECT_EQ(machine.notices.journal()[0].fields.at("A"), "1");
    EXPECT_EQ(machine.notices.journal()[1].text, "two");
    ASSERT_EQ(machine.notices.syslog().size(), 1u);
    EXPECT_EQ(machine.notices.syslog()[0].text, "three");
}

TEST(SimNotices, refuses_while_broken_and_takes_again_when_healed) {
    SimNotices notices;
    notices.fail_with(Error{Code::missing, "no journal runs"});
    auto sent = notices.to_journal({"lost", Priority::info, {}});
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, Code::missing);
    EXPECT_FALSE(notices.to_syslog({"lost", Priority::info, {}}));
    EXPECT_TRUE(notices.journal().empty());
    notices.heal();
    EXPECT_TRUE(notices.to_journal({"kept", Priority::info, {}}));
    EXPECT_EQ(notices.journal().size(), 1u);
}

}  // namespace
}  // namespace hansa
