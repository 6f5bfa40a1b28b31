#include "sys/temporary_name.h"

#include <gtest/gtest.h>

#include <limits>

namespace hansa {
namespace {

TEST(TemporaryName, is_known_again_and_nothing_else_is) {
    EXPECT_EQ(temporary_name(0xabc), ".hansa-0000000000000abc");
    for (const std::uint64_t number :
         {std::uint64_t{0}, std::uint64_t{1} << 40, std::numeric_limits<std::uint64_t>::max()})
        EXPECT_TRUE(is_temporary_name(temporary_name(number))) << number;
    for (const char* other :
         {"", ".hansa-", ".hansa-notes", ".hansa-0000000000000ab", ".hansa-00000000000000abc",
          ".hansa-000000000000000G", "hansa-00000000000000abc"})
        EXPECT_FALSE(is_temporary_name(other)) << other;
}

}  // namespace
}  // namespace hansa
