// The steward's time as it comes here, late by the way.
#include "mesh/shared_clock.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

constexpr Milliseconds epoch{1'800'000'000'000};  // of all clocks that are right, at Instant{}

class SharedClocks : public ::testing::Test {
 protected:
    // The steward's clock is `ahead` of the true time; its telling takes `late` to come here.
    void hear(Milliseconds late, const std::string& host = "a", Milliseconds ahead = {}) {
        clock.heard({host, duration_cast<Milliseconds>(epoch + now - late + ahead)}, Instant{now});
    }
    void pass(Duration time) { now += time; }
    // Where this host's clock is `ahead` of the true time.
    std::optional<Milliseconds> offset(Milliseconds ahead = {}) const {
        return clock.offset(WallTime{epoch + now + ahead}, Instant{now});
    }

    Duration now{};
    SharedClock clock;
};

TEST_F(SharedClocks, are_known_after_two_tellings_that_came_apart) {
    EXPECT_FALSE(offset());
    hear(Milliseconds{30'000});
    pass(Seconds{1});
    hear(Milliseconds{31'000});
    EXPECT_FALSE(offset()) << "what comes together has waited";
    pass(Seconds{60});
    hear(Milliseconds{10});
    EXPECT_EQ(offset(), Milliseconds{10});
    EXPECT_EQ(clock.host(), "a");
}

TEST_F(SharedClocks, go_by_the_telling_that_was_least_late) {
    for (const int late : {80, 4000, 12, 300}) {
        pass(Seconds{60});
        hear(Milliseconds{late});
    }
    EXPECT_EQ(offset(Milliseconds{5000}), Milliseconds{5012});
    EXPECT_EQ(offset(Milliseconds{-5000}), Milliseconds{-4988});
}

TEST_F(SharedClocks, show_at_once_that_this_hosts_clock_was_set) {
    hear(Milliseconds{5});
    pass(Seconds{60});
    hear(Milliseconds{5});
    EXPECT_EQ(offset(), Milliseconds{5});
    EXPECT_EQ(offset(Milliseconds{-3'600'000}), Milliseconds{-3'599'995}) << "without a telling";
}

TEST_F(SharedClocks, follow_a_stewards_clock_that_was_set) {
    for (int i = 0; i < 5; ++i) {
        hear(Milliseconds{5});
        pass(Seconds{60});
    }
    hear(Milliseconds{5}, "a", Seconds{100});
    EXPECT_EQ(offset(), Milliseconds{-99'995}) << "forward: the next telling shows it";
    for (int i = 0; i < 4; ++i) {
        pass(Seconds{60});
        hear(Milliseconds{5});
        EXPECT_EQ(offset(), Milliseconds{-99'995}) << "back: it looks like tellings that are late";
    }
    pass(Seconds{60});
    hear(Milliseconds{5});
    EXPECT_EQ(offset(), Milliseconds{5});
}

TEST_F(SharedClocks, begin_anew_with_another_steward_and_after_a_long_silence) {
    hear(Milliseconds{5});
    pass(Seconds{60});
    hear(Milliseconds{5});
    pass(Seconds{60});
    hear(Milliseconds{5}, "b", Seconds{7});
    EXPECT_FALSE(offset());
    pass(Seconds{60});
    hear(Milliseconds{5}, "b", Seconds{7});
    EXPECT_EQ(offset(), Milliseconds{-6995});
    pass(Seconds{3600});
    hear(Milliseconds{50'000}, "b", Seconds{7});
    EXPECT_FALSE(offset()) << "an agent that was stopped for an hour hears what has waited";
}

TEST(ToldOffsets, are_tenths_of_a_second_and_told_again_when_clearly_others) {
    EXPECT_EQ(told_offset({}, Milliseconds{49}), Milliseconds{0});
    EXPECT_EQ(told_offset({}, Milliseconds{51}), Milliseconds{100});
    EXPECT_EQ(told_offset({}, Milliseconds{-4988}), Milliseconds{-5000});
    for (const int near : {-250, 0, 250})
        EXPECT_EQ(told_offset(Milliseconds{0}, Milliseconds{near}), Milliseconds{0}) << near;
    EXPECT_EQ(told_offset(Milliseconds{0}, Milliseconds{251}), Milliseconds{300});
    EXPECT_EQ(told_offset(Milliseconds{300}, Milliseconds{20}), Milliseconds{0});
}

}  // namespace
}  // namespace hansa
