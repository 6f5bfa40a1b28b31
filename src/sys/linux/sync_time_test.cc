#include "sys/linux/sync_time.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>

#include "sys/linux/test_loop.h"

namespace hansa {
namespace {

bool is_there(const std::string& path) {
    struct stat found {};
    return stat(path.c_str(), &found) == 0;
}

TEST(SyncTimes, are_one_for_each_record_and_leave_nothing_behind) {
    const test::FreshDirectory directory;
    const std::string path = directory.path() + "/probe";
    std::ofstream(path) << "of a process that was killed";
    const auto times = time_syncs(path, 4);
    ASSERT_TRUE(times) << times.error().text;
    ASSERT_EQ(times->size(), 4U);
    for (const Duration time : *times) EXPECT_GT(time, Duration{});
    EXPECT_FALSE(is_there(path));
}

TEST(SyncTimes, are_none_where_nothing_can_be_written) {
    const auto times = time_syncs("/nowhere/at/all", 4);
    ASSERT_FALSE(times);
    EXPECT_NE(times.error().text.find("/nowhere/at/all"), std::string::npos);
}

TEST(SyncTimes, that_end_at_a_full_disk_leave_nothing_behind) {
    const test::FreshDirectory directory;
    const std::string path = directory.path() + "/probe";
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{4096, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    const auto times = time_syncs(path, 4);
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    std::signal(SIGXFSZ, handler);
    EXPECT_FALSE(times);
    EXPECT_FALSE(is_there(path));
}

}  // namespace
}  // namespace hansa
