#include "sys/linux/disk_space.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

TEST(DiskSpace, is_some_where_there_is_a_disk_and_an_error_where_there_is_none) {
    const auto here = free_bytes("/");
    ASSERT_TRUE(here) << here.error().text;
    EXPECT_EQ(*here % 512, 0u);
    const auto nowhere = free_bytes("/nowhere/at/all");
    ASSERT_FALSE(nowhere);
    EXPECT_NE(nowhere.error().text.find("/nowhere/at/all"), std::string::npos);
}

}  // namespace
}  // namespace hansa
