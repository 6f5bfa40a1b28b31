#include "mesh/liveness.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace hansa {
namespace {

Instant at(int seconds) {
    return Instant{Seconds{seconds}};
}

const LifeTimes times{Seconds{600}, Seconds{30}};

TEST(Liveness, a_peer_with_a_lease_is_current) {
    EXPECT_EQ(judge({std::nullopt, at(0)}, at(100'000), times), Life::current);
    EXPECT_FALSE(next_judgement({std::nullopt, at(0)}, at(0), times));
}

TEST(Liveness, exports_go_stale_and_expire_after_the_grace) {
    const LifeFacts facts{at(1000), at(0)};
    EXPECT_EQ(judge(facts, at(1000), times), Life::stale);
    EXPECT_EQ(judge(facts, at(1599), times), Life::stale);
    EXPECT_EQ(next_judgement(facts, at(1000), times), at(1600));
    EXPECT_EQ(judge(facts, at(1600), times), Life::expired);
    EXPECT_FALSE(next_judgement(facts, at(1600), times));
}

TEST(Liveness, nothing_expires_while_the_store_is_away) {
    const LifeFacts facts{at(1000), std::nullopt};
    EXPECT_EQ(judge(facts, at(1'000'000), times), Life::stale);
    EXPECT_FALSE(next_judgement(facts, at(1'000'000), times));
}

TEST(Liveness, a_store_that_came_back_gives_peers_time_to_come_back_too) {
    const LifeFacts facts{at(1000), at(5000)};
    EXPECT_EQ(judge(facts, at(5000), times), Life::stale);
    EXPECT_EQ(next_judgement(facts, at(5000), times), at(5030));
    EXPECT_EQ(judge(facts, at(5030), times), Life::expired);
}

TEST(Liveness, what_has_expired_stays_so_until_the_peer_returns) {
    EXPECT_EQ(judge({at(1000), std::nullopt, true}, at(1001), times), Life::expired);
    EXPECT_EQ(judge({std::nullopt, std::nullopt, true}, at(1001), times), Life::current);
}

TEST(Liveness, the_next_judgement_is_the_one_that_expires) {
    SeededRandom random(11);
    for (int round = 0; round < 10'000; ++round) {
        LifeFacts facts{at(static_cast<int>(random.below(2000))),
                        at(static_cast<int>(random.below(2000)))};
        const Instant now = at(static_cast<int>(random.below(4000)));
        const auto next = next_judgement(facts, now, times);
        if (!next) continue;
        EXPECT_GT(*next, now);
        EXPECT_EQ(judge(facts, *next - Nanoseconds{1}, times), Life::stale);
        EXPECT_EQ(judge(facts, *next, times), Life::expired);
    }
}

}  // namespace
}  // namespace hansa
