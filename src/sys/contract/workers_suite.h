// What every Loop and Workers port must do. See bench.h for how a side runs it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "sys/contract/bench.h"
#include "sys/task.h"

namespace hansa::contract {

class WorkersBench : public LoopBench {
 public:
    virtual Workers& workers() = 0;
    // Destroys the Workers; workers() may not be called afterwards.
    virtual void end_workers() = 0;
};

using MakeWorkersBench = std::unique_ptr<WorkersBench> (*)();

class LoopContract : public testing::TestWithParam<MakeWorkersBench> {
 protected:
    Loop& loop() { return bench_->loop(); }
    std::unique_ptr<WorkersBench> bench_ = GetParam()();
};

class WorkersContract : public LoopContract {
 protected:
    Workers& workers() { return bench_->workers(); }
};

TEST_P(LoopContract, posted_actions_run_in_their_order_and_never_inside_post) {
    std::string trace;
    loop().post([&] {
        trace += "a";
        loop().post([&] { trace += "c"; });
        trace += "A";
    });
    loop().post([&] { trace += "b"; });
    EXPECT_EQ(trace, "");
    EXPECT_TRUE(bench_->run_until([&] { return trace.size() == 4; }));
    EXPECT_EQ(trace, "aAbc");
}

TEST_P(LoopContract, timers_run_in_order_of_their_instants_and_not_before) {
    std::string trace;
    Instant start = loop().clock().now();
    Instant late;
    Held second = loop().after(Milliseconds{20}, [&] {
        trace += "2";
        late = loop().clock().now();
    });
    Held first = loop().after(Milliseconds{5}, [&] { trace += "1"; });
    Held equal = loop().after(Milliseconds{20}, [&] { trace += "3"; });
    EXPECT_TRUE(bench_->run_until([&] { return trace.size() == 3; }));
    EXPECT_EQ(trace, "123");
    EXPECT_GE(late - start, Milliseconds{20});
}

TEST_P(LoopContract, a_dropped_timer_never_runs) {
    bool ran = false;
    bool end = false;
    Held dropped = loop().after(Milliseconds{2}, [&] { ran = true; });
    Held other;
    // Both are due when the first runs and drops the second.
    Held dropper = loop().after(Milliseconds{1}, [&] { other.reset(); });
    other = loop().after(Milliseconds{1}, [&] { ran = true; });
    dropped.reset();
    Held last = loop().after(Milliseconds{5}, [&] { end = true; });
    EXPECT_TRUE(bench_->run_until([&] { return end; }));
    EXPECT_FALSE(ran);
}

TEST_P(LoopContract, a_timer_may_drop_or_replace_itself) {
    int rounds = 0;
    Held timer;
    std::function<void()> again = [&] {
        if (++rounds < 3)
            timer = loop().after(Milliseconds{1}, again);
        else
            timer.reset();
    };
    timer = loop().after(Duration{0}, again);
    EXPECT_TRUE(bench_->run_until([&] { return rounds == 3; }));
    EXPECT_EQ(timer, nullptr);
}

TEST_P(WorkersContract, work_is_done_once_and_then_reported_on_the_loop) {
    std::string trace;
    bool done = false;
    workers().run([&](Task&) { trace += "work "; },
                  [&] {
                      trace += "done";
                      done = true;
                  });
    EXPECT_FALSE(done);
    EXPECT_TRUE(bench_->run_until([&] { return done; }));
    EXPECT_EQ(trace, "work done");
}

TEST_P(WorkersContract, many_small_tasks_each_report_once) {
    constexpr int tasks = 2'000;
    std::vector<int> reports(tasks, 0);
    int all = 0;
    for (int i = 0; i < tasks; ++i) {
        workers().run([](Task&) {},
                      [&, i] {
                          ++reports[static_cast<std::size_t>(i)];
                          ++all;
                      });
    }
    EXPECT_TRUE(bench_->run_until([&] { return all == tasks; }));
    for (int count : reports) EXPECT_EQ(count, 1);
}

TEST_P(WorkersContract, sleeping_tasks_overlap) {
    constexpr int tasks = 20;
    int all = 0;
    Instant start = loop().clock().now();
    for (int i = 0; i < tasks; ++i) {
        workers().run([](Task& task) { task.sleep(Milliseconds{200}); }, [&] { ++all; });
    }
    EXPECT_TRUE(bench_->run_until([&] { return all == tasks; }));
    Duration spent = loop().clock().now() - start;
    EXPECT_GE(spent, Milliseconds{200});
    EXPECT_LT(spent, Milliseconds{200} * tasks / 2);
}

TEST_P(WorkersContract, cancelling_ends_a_sleep_early_and_is_seen) {
    bool seen = false;
    bool done = false;
    Duration slept{};
    auto handle = workers().run(
        [&](Task& task) {
            Instant start = task.now();
            task.sleep(Seconds{3'600});
            slept = task.now() - start;
            seen = task.cancelled();
        },
        [&] { done = true; });
    Held timer = loop().after(Milliseconds{5}, [&] {
        handle->cancel();
        handle->cancel();
    });
    EXPECT_TRUE(bench_->run_until([&] { return done; }));
    EXPECT_TRUE(seen);
    EXPECT_LT(slept, Seconds{3'600});
}

TEST_P(WorkersContract, work_cancelled_before_it_began_still_runs_and_reports) {
    bool cancelled = false;
    bool done = false;
    auto handle =
        workers().run([&](Task& task) { cancelled = task.cancelled(); }, [&] { done = true; });
    handle->cancel();
    EXPECT_TRUE(bench_->run_until([&] { return done; }));
    EXPECT_TRUE(cancelled);
    handle->cancel();  // harmless when all is over
}

TEST_P(WorkersContract, a_report_may_start_the_next_task) {
    int rounds = 0;
    std::function<void()> next = [&] {
        if (++rounds < 50) workers().run([](Task&) {}, next);
    };
    workers().run([](Task&) {}, next);
    EXPECT_TRUE(bench_->run_until([&] { return rounds == 50; }));
}

TEST_P(WorkersContract, no_report_comes_after_the_end) {
    bool done = false;
    auto began = std::make_shared<bool>(false);
    auto handle = workers().run(
        [began](Task& task) {
            *began = true;
            task.sleep(Seconds{3'600});
        },
        [&] { done = true; });
    workers().run([](Task&) {}, [&] { done = true; });
    bench_->end_workers();
    bench_->run_for_a_while();
    EXPECT_FALSE(done);
    handle->cancel();
}

}  // namespace hansa::contract
