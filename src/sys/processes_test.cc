#include "sys/processes.h"

#include <gtest/gtest.h>

namespace hansa {

TEST(Exit, is_described_for_people) {
    Exit exit;
    exit.status = 3;
    EXPECT_EQ(exit.describe(), "exit status 3");
    EXPECT_FALSE(exit.ok());
    exit.status = 0;
    EXPECT_TRUE(exit.ok());

    Exit killed;
    killed.signal = 9;
    EXPECT_EQ(killed.describe(), "killed by signal 9 (SIGKILL)");
    killed.signal = 63;
    EXPECT_EQ(killed.describe(), "killed by signal 63");
    EXPECT_FALSE(killed.ok());
}

TEST(Exit, what_we_ended_says_so_and_not_which_signal_did_it) {
    Exit exit;
    exit.signal = 15;
    exit.ran = Seconds{3};
    exit.timed_out = true;
    EXPECT_EQ(exit.describe(), "timed out after 3 s");
    exit.timed_out = false;
    exit.cancelled = true;
    EXPECT_EQ(exit.describe(), "cancelled after 3 s");
}

}  // namespace hansa
