#include "base/time.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

TEST(Time, is_readable_with_three_digits_at_most) {
    EXPECT_EQ(readable(Nanoseconds{0}), "0 ns");
    EXPECT_EQ(readable(Nanoseconds{850}), "850 ns");
    EXPECT_EQ(readable(std::chrono::microseconds{85}), "85 us");
    EXPECT_EQ(readable(std::chrono::microseconds{1234}), "1.2 ms");
    EXPECT_EQ(readable(Milliseconds{4500}), "4.5 s");
    EXPECT_EQ(readable(Seconds{42}), "42 s");
    EXPECT_EQ(readable(std::chrono::minutes{3}), "3 min");
    EXPECT_EQ(readable(std::chrono::hours{2}), "2 h");
    EXPECT_EQ(readable(Milliseconds{-1500}), "-1.5 s");
}

TEST(Time, moves_to_the_next_unit_instead_of_a_fourth_digit) {
    EXPECT_EQ(readable(std::chrono::microseconds{999}), "999 us");
    EXPECT_EQ(readable(Nanoseconds{999'600}), "1 ms");
    EXPECT_EQ(readable(std::chrono::microseconds{9'970}), "10 ms");
    EXPECT_EQ(readable(Seconds{119}), "119 s");
    EXPECT_EQ(readable(Seconds{120}), "2 min");
    EXPECT_EQ(readable(std::chrono::hours{100}), "100 h");
}

TEST(Time, writes_wall_time_in_utc_with_milliseconds) {
    const auto instant = std::chrono::sys_days{std::chrono::October / 1 / 2016} +
                         std::chrono::hours{21} + std::chrono::minutes{7} + Seconds{13};
    EXPECT_EQ(iso8601(WallTime{instant} + Milliseconds{42}), "2016-10-01T21:07:13.042Z");
    EXPECT_EQ(iso8601(WallTime{}), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(iso8601(WallTime{} - Nanoseconds{1}), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace hansa
