#include "engine/retry.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

Meta patient(std::int64_t retry, Milliseconds delay) {
    Meta meta;
    meta.retry = retry;
    meta.delay = delay;
    return meta;
}

TEST(Retry, ends_after_so_many_further_attempts) {
    EXPECT_FALSE(next_attempt(patient(0, Milliseconds{5}), 1));
    EXPECT_TRUE(next_attempt(patient(2, Milliseconds{5}), 2));
    EXPECT_FALSE(next_attempt(patient(2, Milliseconds{5}), 3));
    EXPECT_TRUE(next_attempt(patient(-1, Milliseconds{5}), 4'000'000'000));
}

TEST(Retry, doubles_the_pause_up_to_a_minute) {
    const Meta meta = patient(-1, Milliseconds{200});
    EXPECT_EQ(next_attempt(meta, 1), Milliseconds{200});
    EXPECT_EQ(next_attempt(meta, 2), Milliseconds{400});
    EXPECT_EQ(next_attempt(meta, 9), Milliseconds{51'200});
    EXPECT_EQ(next_attempt(meta, 10), Seconds{60});
    EXPECT_EQ(next_attempt(meta, 4'000'000'000), Seconds{60});
}

TEST(Retry, keeps_a_pause_that_is_longer_than_a_minute) {
    const Meta meta = patient(-1, Milliseconds{90'000});
    EXPECT_EQ(next_attempt(meta, 1), Seconds{90});
    EXPECT_EQ(next_attempt(meta, 7), Seconds{90});
}

TEST(Retry, without_a_delay_comes_at_once_but_not_for_ever) {
    const Meta meta = patient(-1, Milliseconds{0});
    EXPECT_EQ(next_attempt(meta, 1), Duration{0});
    EXPECT_EQ(next_attempt(meta, 9), Duration{0});
    EXPECT_EQ(next_attempt(meta, 10), Milliseconds{10});
    EXPECT_EQ(next_attempt(meta, 11), Milliseconds{20});
    EXPECT_EQ(next_attempt(meta, 1000), Seconds{60});
}

TEST(Retry, calms_down_after_many_fruitless_series) {
    EXPECT_EQ(calm_after(1), Duration{0});
    EXPECT_EQ(calm_after(5), Duration{0});
    EXPECT_EQ(calm_after(6), Milliseconds{50});
    EXPECT_EQ(calm_after(7), Milliseconds{100});
    EXPECT_EQ(calm_after(100'000), Seconds{60});
}

constexpr Instant start{Seconds{1000}};

TEST(Bucket, starts_full_and_fills_at_its_rate) {
    Bucket bucket(2, 2, start);
    EXPECT_FALSE(bucket.take(start));
    EXPECT_FALSE(bucket.take(start));
    const auto later = bucket.take(start);
    ASSERT_TRUE(later);
    EXPECT_EQ(*later - start, Milliseconds{500});
    EXPECT_FALSE(bucket.take(*later));
    EXPECT_TRUE(bucket.take(*later));
}

TEST(Bucket, holds_no_more_than_its_burst) {
    Bucket bucket(10, 3, start);
    const Instant much_later = start + Seconds{3600};
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(bucket.take(much_later));
    EXPECT_TRUE(bucket.take(much_later));
}

TEST(Bucket, takes_back_what_was_not_used) {
    Bucket bucket(1, 1, start);
    EXPECT_FALSE(bucket.take(start));
    bucket.put_back();
    bucket.put_back();
    EXPECT_FALSE(bucket.take(start));
    EXPECT_TRUE(bucket.take(start));
}

TEST(Bucket, keeps_its_promise_for_any_rate) {
    for (const double rate : {0.3, 0.7, 1.0 / 3, 3.0, 7.0, 1000.0, 0.0001}) {
        Bucket bucket(rate, 1, start);
        Instant now = start;
        int taken = 0;
        for (int i = 0; i < 200; ++i) {
            const auto later = bucket.take(now);
            if (!later) {
                ++taken;
                continue;
            }
            ASSERT_GT(*later, now) << rate;
            now = *later;
            ASSERT_FALSE(bucket.take(now)) << "promised at rate " << rate;
            ++taken;
        }
        const double seconds = std::chrono::duration<double>(now - start).count();
        EXPECT_NEAR(taken, 1 + seconds * rate, 1.01) << rate;
    }
}

TEST(Bucket, of_a_tiny_rate_names_an_instant_that_can_be_told) {
    Bucket bucket(1e-300, 1, start);
    EXPECT_FALSE(bucket.take(start));
    const auto later = bucket.take(start);
    ASSERT_TRUE(later);
    EXPECT_GT(*later, start);
}

}  // namespace
}  // namespace hansa
