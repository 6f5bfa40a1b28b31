#include "kinds/timer/timer.h"

#include "kinds/testing/bench.h"

namespace hansa::kinds {
namespace {

TEST(Timer, ticks_and_tells_its_successors) {
    SimBench bench;
    const auto timer = made(declare("timer", "t", "{interval: 30}"));
    EXPECT_TRUE(timer->always_notifies());
    ASSERT_EQ(timer->watches().size(), 1u);
    EXPECT_EQ(std::get<WatchTicks>(timer->watches()[0]).interval, Seconds{30});
    EXPECT_EQ(run(bench, timer), "ok");
    EXPECT_EQ(run(bench, timer, {.refresh = true}), "ok");
}

TEST(Timer, needs_an_interval) {
    for (const char* fields : {"{}", "{interval: 0}", "{interval: -1}", "{interval: 1.5}",
                               "{interval: often}", "{interval: 99999999999}"})
        EXPECT_NE(refusal(declare("timer", "t", fields)).find("interval"), std::string::npos);
}

}  // namespace
}  // namespace hansa::kinds
