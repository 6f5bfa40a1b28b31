#include "sys/linux/disk_space.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "sys/linux/test_loop.h"

namespace hansa {
namespace {

TEST(DiskSpace, is_some_where_there_is_a_disk_and_an_error_where_there_is_none) {
    const auto here = disk_space("/");
    ASSERT_TRUE(here) << here.error().text;
    EXPECT_EQ(here->free % 512, 0u);
    EXPECT_GT(here->size, here->free);
    const auto nowhere = disk_space("/nowhere/at/all");
    ASSERT_FALSE(nowhere);
    EXPECT_NE(nowhere.error().text.find("/nowhere/at/all"), std::string::npos);
}

TEST(DiskSpace, that_is_occupied_is_really_taken) {
    const test::FreshDirectory directory;
    const std::string path = directory.path() + "/ballast";
    ASSERT_TRUE(occupy(path, 1 << 20));
    struct stat found {};
    ASSERT_EQ(stat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_size, 1 << 20);
    EXPECT_GE(found.st_blocks * 512, 1 << 20) << "a sparse file keeps no room";
    EXPECT_EQ(found.st_mode & 0777, 0600u);
    const auto again = occupy(path, 1 << 20);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Code::conflict);
}

TEST(DiskSpace, that_is_not_there_is_not_occupied_in_part) {
    const test::FreshDirectory directory;
    const std::string path = directory.path() + "/ballast";
    const auto made = occupy(path, std::uint64_t{1} << 60);
    ASSERT_FALSE(made);
    EXPECT_NE(made.error().text.find(path), std::string::npos) << made.error().text;
    struct stat found {};
    EXPECT_NE(stat(path.c_str(), &found), 0) << "nothing is left behind";
}

}  // namespace
}  // namespace hansa
