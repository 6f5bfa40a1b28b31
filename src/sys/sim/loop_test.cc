#include "sys/sim/loop.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hansa {
namespace {

using namespace std::chrono_literals;

TEST(SimLoop, runs_what_was_posted_in_order_and_before_timers) {
    SimLoop loop;
    std::string order;
    Held timer = loop.after(0s, [&] { order += "t"; });
    loop.post([&] {
        order += "a";
        loop.post([&] { order += "c"; });
    });
    loop.post([&] { order += "b"; });
    EXPECT_TRUE(loop.run_until_idle(1s));
    EXPECT_EQ(order, "abct");
    EXPECT_FALSE(loop.step());
}

TEST(SimLoop, jumps_to_the_next_timer) {
    SimLoop loop;
    std::vector<Instant> rung;
    auto ring = [&] { rung.push_back(loop.clock().now()); };
    Held late = loop.after(3h, ring);
    Held early = loop.after(1s, ring);
    EXPECT_TRUE(loop.step());
    EXPECT_TRUE(loop.step());
    EXPECT_EQ(rung, (std::vector<Instant>{Instant{1s}, Instant{3h}}));
    EXPECT_EQ(iso8601(loop.clock().wall()), "2026-01-01T03:00:00.000Z");
}

TEST(SimLoop, timers_of_one_instant_ring_in_the_order_they_were_made) {
    SimLoop loop;
    std::string order;
    std::vector<Held> timers;
    for (char letter : std::string("abc"))
        timers.push_back(loop.after(1s, [&order, letter] { order += letter; }));
    loop.run_for(1s);
    EXPECT_EQ(order, "abc");
}

TEST(SimLoop, a_dropped_timer_never_rings) {
    SimLoop loop;
    bool rang = false;
    Held timer = loop.after(1s, [&] { rang = true; });
    timer.reset();
    EXPECT_TRUE(loop.run_until_idle(10s));
    EXPECT_FALSE(rang);
}

TEST(SimLoop, a_timer_may_drop_itself_and_others) {
    SimLoop loop;
    Held second;
    int rang = 0;
    Held first = loop.after(1s, [&] {
        ++rang;
        first.reset();
        second.reset();
    });
    second = loop.after(1s, [&] { ++rang; });
    loop.run_for(5s);
    EXPECT_EQ(rang, 1);
}

TEST(SimLoop, says_whether_it_came_to_rest_within_the_limit) {
    SimLoop loop;
    bool rang = false;
    Held timer = loop.after(10s, [&] { rang = true; });
    EXPECT_FALSE(loop.run_until_idle(9s));
    EXPECT_FALSE(rang);
    EXPECT_TRUE(loop.run_until_idle(10s));
    EXPECT_TRUE(rang);
}

TEST(SimLoop, lets_exactly_the_asked_time_pass) {
    SimLoop loop;
    Held timer = loop.after(2s, [] {});
    loop.run_for(1500ms);
    EXPECT_EQ(loop.clock().now(), Instant{1500ms});
    loop.run_for(1500ms);
    EXPECT_EQ(loop.clock().now(), Instant{3s});
}

TEST(SimLoop, waits_for_a_condition_no_longer_than_asked) {
    SimLoop loop;
    int count = 0;
    Held one = loop.after(1s, [&] { ++count; });
    Held two = loop.after(2s, [&] { ++count; });
    EXPECT_TRUE(loop.run_until([&] { return count == 1; }, 5s));
    EXPECT_EQ(loop.clock().now(), Instant{1s});
    EXPECT_FALSE(loop.run_until([&] { return count == 3; }, 5s));
    EXPECT_EQ(count, 2);
}

TEST(SimLoop, an_endless_delay_is_no_overflow) {
    SimLoop loop;
    loop.run_for(1s);
    Held never = loop.after(Duration::max(), [] { FAIL() << "rang"; });
    loop.run_for(24h);
    EXPECT_EQ(loop.clock().now(), Instant{24h + 1s});
}

TEST(SimLoop, drops_what_is_due_at_its_end_with_all_it_holds) {
    auto held = std::make_shared<int>(1);
    {
        SimLoop loop;
        auto timer = std::make_shared<Held>();
        *timer = loop.after(1s, [] {});
        loop.post([held, timer] { FAIL() << "ran"; });
    }
    EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace hansa
