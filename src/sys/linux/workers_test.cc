#include "sys/linux/workers.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "sys/contract/workers_suite.h"
#include "sys/linux/test_loop.h"

namespace hansa {

using test::run_for;
using test::run_until;

namespace {

class LinuxWorkersBench final : public contract::WorkersBench {
 public:
    Loop& loop() override { return loop_; }
    Workers& workers() override { return *workers_; }
    void end_workers() override { workers_.reset(); }
    bool run_until(const std::function<bool()>& holds) override {
        return test::run_until(loop_, holds);
    }
    void run_for_a_while() override { test::run_for(loop_, Milliseconds{50}); }

 private:
    LinuxLoop loop_;
    std::unique_ptr<LinuxWorkers> workers_ = std::make_unique<LinuxWorkers>(loop_);
};

std::unique_ptr<contract::WorkersBench> make_bench() {
    return std::make_unique<LinuxWorkersBench>();
}

// A gate that tasks wait at without telling the pool.
class Gate {
 public:
    void pass() {
        ++waiting;
        open_.wait(false);
    }
    void open() {
        open_ = true;
        open_.notify_all();
    }
    std::atomic<int> waiting = 0;

 private:
    std::atomic<bool> open_ = false;
};

}  // namespace

namespace contract {
INSTANTIATE_TEST_SUITE_P(Linux, LoopContract, testing::Values(&make_bench));
INSTANTIATE_TEST_SUITE_P(Linux, WorkersContract, testing::Values(&make_bench));
}  // namespace contract

TEST(LinuxWorkers, many_small_tasks_share_few_threads) {
    LinuxLoop loop;
    LinuxWorkers workers(loop, {.patience = Seconds{10}});
    std::size_t most = 0;
    int done = 0;
    for (int i = 0; i < 10'000; ++i) {
        workers.run([](Task&) {},
                    [&] {
                        ++done;
                        most = std::max(most, workers.threads());
                    });
    }
    EXPECT_TRUE(run_until(loop, [&] { return done == 10'000; }));
    EXPECT_LE(most, 16u);
}

TEST(LinuxWorkers, announced_waits_start_at_once_beyond_the_share_of_cores) {
    LinuxLoop loop;
    // Patience would never help here: only the announcement does.
    LinuxWorkers workers(loop, {.patience = Seconds{3'600}});
    Gate gate;
    int done = 0;
    for (int i = 0; i < 100; ++i) {
        workers.run(
            [&](Task& task) {
                task.blocking();
                gate.pass();
            },
            [&] { ++done; });
    }
    EXPECT_TRUE(run_until(loop, [&] { return gate.waiting == 100; }));
    gate.open();
    EXPECT_TRUE(run_until(loop, [&] { return done == 100; }));
}

TEST(LinuxWorkers, unannounced_waits_hold_others_up_for_a_moment_only) {
    LinuxLoop loop;
    LinuxWorkers workers(loop);
    Gate gate;
    int done = 0;
    for (int i = 0; i < 100; ++i) workers.run([&](Task&) { gate.pass(); }, [&] { ++done; });
    EXPECT_TRUE(run_until(loop, [&] { return gate.waiting == 100; }));
    gate.open();
    EXPECT_TRUE(run_until(loop, [&] { return done == 100; }));
}

TEST(LinuxWorkers, the_limit_holds_and_the_rest_waits_its_turn) {
    LinuxLoop loop;
    LinuxWorkers workers(loop, {.limit = 3});
    Gate gate;
    int done = 0;
    for (int i = 0; i < 10; ++i) {
        workers.run(
            [&](Task& task) {
                task.blocking();
                gate.pass();
            },
            [&] { ++done; });
    }
    EXPECT_TRUE(run_until(loop, [&] { return gate.waiting == 3; }));
    run_for(loop, Milliseconds{30});
    EXPECT_EQ(gate.waiting, 3);
    EXPECT_EQ(workers.threads(), 3u);
    gate.open();
    EXPECT_TRUE(run_until(loop, [&] { return done == 10; }));
}

TEST(LinuxWorkers, idle_threads_end) {
    LinuxLoop loop;
    LinuxWorkers workers(loop, {.idle_time = Milliseconds{20}});
    bool done = false;
    workers.run([](Task&) {}, [&] { done = true; });
    EXPECT_TRUE(run_until(loop, [&] { return done; }));
    EXPECT_TRUE(run_until(loop, [&] { return workers.threads() == 0; }));
    done = false;
    workers.run([](Task&) {}, [&] { done = true; });
    EXPECT_TRUE(run_until(loop, [&] { return done; }));
}

TEST(LinuxWorkers, the_cancel_descriptor_becomes_readable) {
    LinuxLoop loop;
    LinuxWorkers workers(loop);
    std::atomic<bool> waits = false;
    bool done = false;
    int readable = 0;
    auto handle = workers.run(
        [&](Task& task) {
            pollfd poll_on{task.cancel_fd(), POLLIN, 0};
            waits = true;
            readable = ::poll(&poll_on, 1, 30'000);
        },
        [&] { done = true; });
    EXPECT_TRUE(run_until(loop, [&] { return waits.load(); }));
    handle->cancel();
    EXPECT_TRUE(run_until(loop, [&] { return done; }));
    EXPECT_EQ(readable, 1);
}

TEST(LinuxWorkers, a_descriptor_asked_for_after_cancellation_is_readable_too) {
    LinuxLoop loop;
    LinuxWorkers workers(loop);
    int readable = 0;
    bool done = false;
    auto handle = workers.run(
        [&](Task& task) {
            pollfd poll_on{task.cancel_fd(), POLLIN, 0};
            readable = ::poll(&poll_on, 1, 0);
        },
        [&] { done = true; });
    handle->cancel();
    EXPECT_TRUE(run_until(loop, [&] { return done; }));
    EXPECT_EQ(readable, 1);
}

TEST(LinuxWorkers, a_report_may_end_the_pool) {
    LinuxLoop loop;
    auto workers = std::make_unique<LinuxWorkers>(loop);
    int done = 0;
    for (int i = 0; i < 10; ++i) {
        workers->run([](Task&) {},
                     [&] {
                         ++done;
                         workers.reset();
                     });
    }
    EXPECT_TRUE(run_until(loop, [&] { return done > 0; }));
    run_for(loop, Milliseconds{20});
    EXPECT_EQ(done, 1);
}

TEST(LinuxWorkers, captures_end_on_the_loop_thread) {
    LinuxLoop loop;
    LinuxWorkers workers(loop);
    auto loop_thread = std::this_thread::get_id();
    std::thread::id ended_on;
    auto witness = std::shared_ptr<int>(new int(1), [&](int* value) {
        ended_on = std::this_thread::get_id();
        delete value;
    });
    bool done = false;
    workers.run([witness = std::move(witness)](Task&) {}, [&] { done = true; });
    EXPECT_TRUE(run_until(loop, [&] { return done; }));
    EXPECT_EQ(ended_on, loop_thread);
}

}  // namespace hansa
