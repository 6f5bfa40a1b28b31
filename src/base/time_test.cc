#include "base/time.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

using namespace std::chrono_literals;

TEST(Time, is_readable_with_three_digits_at_most) {
    EXPECT_EQ(readable(0ns), "0 ns");
    EXPECT_EQ(readable(850ns), "850 ns");
    EXPECT_EQ(readable(85us), "85 us");
    EXPECT_EQ(readable(1234us), "1.2 ms");
    EXPECT_EQ(readable(4500ms), "4.5 s");
    EXPECT_EQ(readable(42s), "42 s");
    EXPECT_EQ(readable(3min), "3 min");
    EXPECT_EQ(readable(2h), "2 h");
    EXPECT_EQ(readable(-1500ms), "-1.5 s");
}

TEST(Time, moves_to_the_next_unit_instead_of_a_fourth_digit) {
    EXPECT_EQ(readable(999us), "999 us");
    EXPECT_EQ(readable(999'600ns), "1 ms");
    EXPECT_EQ(readable(9'970us), "10 ms");
    EXPECT_EQ(readable(119s), "119 s");
    EXPECT_EQ(readable(120s), "2 min");
    EXPECT_EQ(readable(100h), "100 h");
}

TEST(Time, writes_wall_time_in_utc_with_milliseconds) {
    const auto instant = std::chrono::sys_days{std::chrono::October / 1 / 2016} + 21h + 7min + 13s;
    EXPECT_EQ(iso8601(WallTime{instant} + 42ms), "2016-10-01T21:07:13.042Z");
    EXPECT_EQ(iso8601(WallTime{}), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(iso8601(WallTime{} - 1ns), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace hansa
