#include "mesh/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace hansa {
namespace {

TEST(Backoff, grows_to_its_limit_and_no_further) {
    SeededRandom random(1);
    Duration longest{0};
    for (int series = 0; series < 200; ++series) {
        Backoff backoff;
        for (int failure = 0; failure < 100; ++failure) {
            const Duration pause = backoff.next(random);
            EXPECT_GE(pause, Milliseconds{5});
            EXPECT_LE(pause, Milliseconds{100} * (1LL << std::min(failure, 20)));
            longest = std::max(longest, pause);
        }
    }
    EXPECT_LE(longest, Seconds{30});
    EXPECT_GT(longest, Seconds{29});
}

TEST(Backoff, begins_anew_after_success) {
    SeededRandom random(2);
    Backoff backoff;
    for (int failure = 0; failure < 10; ++failure) (void)backoff.next(random);
    EXPECT_EQ(backoff.failures(), 10U);
    backoff.reset();
    EXPECT_LE(backoff.next(random), Milliseconds{100});
}

TEST(Backoff, spreads_those_who_wait) {
    SeededRandom random(3);
    Backoff first;
    Backoff second;
    int same = 0;
    for (int failure = 0; failure < 20; ++failure)
        if (first.next(random) == second.next(random)) ++same;
    EXPECT_LT(same, 5);
}

TEST(Jitter, is_a_fifth_at_most_and_reaches_both_sides) {
    SeededRandom random{1};
    bool shorter = false;
    bool longer = false;
    for (int at = 0; at < 200; ++at) {
        const Duration made = jittered(Seconds{300}, random);
        EXPECT_GE(made, Seconds{240});
        EXPECT_LE(made, Seconds{360});
        shorter = shorter || made < Seconds{260};
        longer = longer || made > Seconds{340};
    }
    EXPECT_TRUE(shorter && longer);
}

TEST(RestInOutage, is_in_proportion_to_the_outage_up_to_its_limit) {
    SeededRandom random(4);
    const Duration first = Milliseconds{100};
    const Duration max = Seconds{30};
    Duration longest{0};
    for (int round = 0; round < 1000; ++round) {
        EXPECT_GE(rest_in_outage({}, first, max, random), Milliseconds{5});
        EXPECT_LE(rest_in_outage({}, first, max, random), first);
        EXPECT_LE(rest_in_outage(Seconds{8}, first, max, random), Seconds{4});
        longest = std::max(longest, rest_in_outage(Seconds{3600}, first, max, random));
    }
    EXPECT_LE(longest, max);
    EXPECT_GT(longest, Seconds{29});
    EXPECT_LE(rest_in_outage(Seconds{8}, first, Milliseconds{7}, random), Milliseconds{7});
}

// Clients that all lost the store at one instant do not all dial in one instant.
TEST(RestInOutage, spreads_a_storm) {
    SeededRandom random(5);
    std::vector<Duration> rests;
    for (int client = 0; client < 100; ++client)
        rests.push_back(rest_in_outage(Seconds{4}, Milliseconds{100}, Seconds{30}, random));
    std::sort(rests.begin(), rests.end());
    int most = 0;  // within a tenth of a second
    for (auto begin = rests.begin(); begin != rests.end(); ++begin)
        most = std::max(
            most, static_cast<int>(
                      std::upper_bound(begin, rests.end(), *begin + Milliseconds{100}) - begin));
    EXPECT_LE(most, 20);
}

TEST(WaitForFirstAnswer, is_longer_with_each_round_in_vain_up_to_its_limit) {
    const auto wait = [](std::size_t rounds) {
        return wait_for_first_answer(rounds, Milliseconds{30}, Seconds{1}, Seconds{8});
    };
    EXPECT_EQ(wait(0), Seconds{1});
    EXPECT_EQ(wait(1), Seconds{2});
    EXPECT_EQ(wait(2), Seconds{4});
    EXPECT_EQ(wait(3), Seconds{8});
    EXPECT_EQ(wait(1'000'000'000), Seconds{8});
    EXPECT_EQ(wait_for_first_answer(2, {}, Seconds{3}, Seconds{8}), Seconds{8});
}

TEST(WaitForFirstAnswer, knows_from_the_last_time_that_the_line_is_slow) {
    const auto wait = [](Duration took, std::size_t rounds) {
        return wait_for_first_answer(rounds, took, Seconds{1}, Seconds{8});
    };
    EXPECT_EQ(wait(Milliseconds{500}, 0), Seconds{1});
    EXPECT_EQ(wait(Milliseconds{1600}, 0), Milliseconds{3200});
    EXPECT_EQ(wait(Milliseconds{1600}, 1), Milliseconds{6400});
    EXPECT_EQ(wait(Seconds{7}, 0), Seconds{4}) << "a member that was frozen is no slow line";
    EXPECT_EQ(wait_for_first_answer(0, Seconds{7}, Seconds{1}, Seconds{1}), Seconds{1});
}

}  // namespace
}  // namespace hansa
