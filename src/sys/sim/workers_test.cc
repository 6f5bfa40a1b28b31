#include "sys/sim/workers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace hansa {
namespace {

using namespace std::chrono_literals;

TEST(SimWorkers, sleeping_costs_simulated_time_only) {
    SimLoop loop;
    SimWorkers workers(loop, 1, {.latency_max = 0s});
    Instant told;
    workers.run([](Task& task) { task.sleep(1h); }, [&] { told = loop.clock().now(); });
    EXPECT_TRUE(loop.run_until_idle(2h));
    EXPECT_EQ(told, Instant{1h});
    EXPECT_EQ(workers.running(), 0u);
}

TEST(SimWorkers, tasks_overlap_and_the_world_moves_while_one_sleeps) {
    SimLoop loop;
    SimWorkers workers(loop, 1, {.latency_max = 0s});
    std::string order;
    workers.run(
        [&](Task& task) {
            order += "a";
            task.sleep(2s);
            order += "A";
        },
        [&] { order += "."; });
    workers.run(
        [&](Task& task) {
            order += "b";
            task.sleep(1s);
            order += "B";
        },
        [&] { order += ","; });
    EXPECT_TRUE(loop.run_until_idle(1min));
    EXPECT_EQ(order, "abB,A.");
    EXPECT_EQ(workers.most_at_once(), 2u);
}

TEST(SimWorkers, run_no_more_at_once_than_allowed) {
    SimLoop loop;
    SimWorkers workers(loop, 1, {.at_once = 3});
    int done = 0;
    for (int i = 0; i < 10; ++i) workers.run([](Task& task) { task.sleep(1s); }, [&] { ++done; });
    loop.run_for(1500ms);
    EXPECT_EQ(done, 3);
    EXPECT_TRUE(loop.run_until_idle(1min));
    EXPECT_EQ(done, 10);
    EXPECT_EQ(workers.most_at_once(), 3u);
}

TEST(SimWorkers, cancelling_ends_a_sleep_now) {
    SimLoop loop;
    SimWorkers workers(loop, 1);
    bool saw = false;
    Instant told;
    auto cancel = workers.run(
        [&](Task& task) {
            while (!task.cancelled()) task.sleep(1h);
            saw = true;
        },
        [&] { told = loop.clock().now(); });
    loop.run_for(10s);
    cancel->cancel();
    cancel->cancel();
    EXPECT_FALSE(saw);  // not from within the canceller's frame
    EXPECT_TRUE(loop.run_until_idle(1s));
    EXPECT_TRUE(saw);
    EXPECT_LE(told, Instant{10s + 1ms});
    cancel->cancel();  // its task is gone
}

TEST(SimWorkers, a_task_cancelled_before_its_start_sees_it_and_is_told) {
    SimLoop loop;
    SimWorkers workers(loop, 1, {.at_once = 1});
    workers.run([](Task& task) { task.sleep(1s); }, [] {});
    bool saw = false;
    bool told = false;
    auto cancel = workers.run([&](Task& task) { saw = task.cancelled(); }, [&] { told = true; });
    cancel->cancel();
    EXPECT_TRUE(loop.run_until_idle(1min));
    EXPECT_TRUE(saw);
    EXPECT_TRUE(told);
}

TEST(SimWorkers, their_end_finishes_what_was_started_and_tells_nobody) {
    SimLoop loop;
    bool finished = false;
    bool second_began = false;
    std::shared_ptr<Cancel> cancel;
    {
        SimWorkers workers(loop, 1, {.at_once = 1});
        cancel = workers.run(
            [&](Task& task) {
                task.sleep(1h);
                finished = task.cancelled();
            },
            [] { FAIL() << "told"; });
        workers.run([&](Task&) { second_began = true; }, [] { FAIL() << "told"; });
        loop.run_for(1s);
    }
    EXPECT_TRUE(finished);
    EXPECT_FALSE(second_began);
    cancel->cancel();
    EXPECT_TRUE(loop.run_until_idle(2h));
}

std::string order_of(std::uint64_t seed) {
    SimLoop loop;
    SimWorkers workers(loop, seed);
    std::string order;
    for (char letter = 'a'; letter < 'k'; ++letter)
        workers.run([](Task& task) { task.sleep(1s); }, [&order, letter] { order += letter; });
    loop.run_until_idle(1min);
    return order;
}

TEST(SimWorkers, the_seed_decides_the_order_of_unrelated_tasks) {
    EXPECT_EQ(order_of(7), order_of(7));
    std::vector<std::string> orders;
    for (std::uint64_t seed = 0; seed < 20; ++seed) orders.push_back(order_of(seed));
    std::sort(orders.begin(), orders.end());
    EXPECT_GT(std::unique(orders.begin(), orders.end()) - orders.begin(), 15);
}

TEST(SimWorkers, deep_stacks_and_many_tasks_are_no_trouble) {
    SimLoop loop;
    SimWorkers workers(loop, 1);
    std::size_t sum = 0;
    for (int i = 0; i < 500; ++i)
        workers.run(
            [&](Task& task) {
                volatile char block[32 << 10];
                block[0] = 1;
                task.sleep(1s);
                sum += static_cast<std::size_t>(block[0]);
            },
            [] {});
    EXPECT_TRUE(loop.run_until_idle(1min));
    EXPECT_EQ(sum, 500u);
}

}  // namespace
}  // namespace hansa
