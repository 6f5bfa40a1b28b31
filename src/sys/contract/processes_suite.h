// What every Processes port must do. See bench.h for how a side runs it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "sys/contract/bench.h"
#include "sys/processes.h"

namespace hansa::contract {

class ProcessesBench : public LoopBench {
 public:
    virtual Workers& workers() = 0;
    virtual Processes& processes() = 0;

    // Commands of this side that behave so.
    virtual Command exits_with(int status) = 0;
    virtual Command prints(const std::string& text) = 0;  // letters, blanks and line ends
    virtual Command waits(Duration duration) = 0;         // ends at once on SIGTERM
    virtual Command is_not_there() = 0;
};

class ProcessesContract : public testing::TestWithParam<std::unique_ptr<ProcessesBench> (*)()> {
 protected:
    // Runs in a worker and waits for the report.
    Result<Exit> run(const Command& command, std::optional<Duration> limit = {}) {
        std::optional<Result<Exit>> result;
        bool done = false;
        bench_->workers().run(
            [&](Task& task) {
                std::optional<Instant> deadline;
                if (limit) deadline = task.now() + *limit;
                result = bench_->processes().run(command, task, deadline);
            },
            [&] { done = true; });
        if (!bench_->run_until([&] { return done; })) return Error{Code::internal, "no end"};
        return *std::move(result);
    }

    std::unique_ptr<ProcessesBench> bench_ = GetParam()();
};

TEST_P(ProcessesContract, the_exit_status_is_reported) {
    for (int status : {0, 1, 77}) {
        auto exit = run(bench_->exits_with(status));
        ASSERT_TRUE(exit) << exit.error().text;
        EXPECT_EQ(exit->status, status);
        EXPECT_EQ(exit->signal, 0);
        EXPECT_FALSE(exit->timed_out);
        EXPECT_FALSE(exit->cancelled);
        EXPECT_EQ(exit->ok(), status == 0);
    }
}

TEST_P(ProcessesContract, what_it_prints_is_reported) {
    auto exit = run(bench_->prints("one\ntwo"));
    ASSERT_TRUE(exit) << exit.error().text;
    EXPECT_EQ(exit->output, "one\ntwo");
    EXPECT_TRUE(exit->ok());
}

TEST_P(ProcessesContract, a_program_that_is_not_there_is_missing) {
    auto exit = run(bench_->is_not_there());
    ASSERT_FALSE(exit);
    EXPECT_EQ(exit.error().code, Code::missing) << exit.error().text;
    Command nothing;
    EXPECT_EQ(run(nothing).error().code, Code::invalid);
}

TEST_P(ProcessesContract, the_deadline_ends_it) {
    auto exit = run(bench_->waits(Seconds{3'600}), Milliseconds{50});
    ASSERT_TRUE(exit) << exit.error().text;
    EXPECT_TRUE(exit->timed_out);
    EXPECT_FALSE(exit->cancelled);
    EXPECT_FALSE(exit->ok());
    EXPECT_EQ(exit->describe().find("timed out after "), 0u) << exit->describe();
}

TEST_P(ProcessesContract, what_ends_before_its_deadline_is_not_touched) {
    auto exit = run(bench_->waits(Milliseconds{10}), Seconds{3'600});
    ASSERT_TRUE(exit) << exit.error().text;
    EXPECT_TRUE(exit->ok());
    EXPECT_GE(exit->ran, Milliseconds{10});
}

TEST_P(ProcessesContract, cancelling_ends_it) {
    std::optional<Result<Exit>> result;
    bool done = false;
    auto handle = bench_->workers().run(
        [&](Task& task) {
            result = bench_->processes().run(bench_->waits(Seconds{3'600}), task, std::nullopt);
        },
        [&] { done = true; });
    Held timer = bench_->loop().after(Milliseconds{100}, [&] { handle->cancel(); });
    ASSERT_TRUE(bench_->run_until([&] { return done; }));
    // Seldom, on a busy machine, cancellation comes before the start: an error then.
    if (*result) {
        EXPECT_TRUE((*result)->cancelled);
        EXPECT_FALSE((*result)->timed_out);
    } else {
        EXPECT_EQ(result->error().code, Code::cancelled);
    }
}

TEST_P(ProcessesContract, commands_that_wait_overlap) {
    constexpr int commands = 8;
    int ended = 0;
    Instant start = bench_->loop().clock().now();
    for (int i = 0; i < commands; ++i) {
        bench_->workers().run(
            [&](Task& task) {
                auto exit =
                    bench_->processes().run(bench_->waits(Milliseconds{500}), task, std::nullopt);
                EXPECT_TRUE(exit && exit->ok());
            },
            [&] { ++ended; });
    }
    ASSERT_TRUE(bench_->run_until([&] { return ended == commands; }));
    EXPECT_LT(bench_->loop().clock().now() - start, Milliseconds{500} * commands / 2);
}

TEST_P(ProcessesContract, a_child_reports_its_lines_and_then_its_end) {
    std::vector<std::string> lines;
    std::optional<Exit> ended;
    auto child = bench_->processes().start(bench_->prints("one\n\ntwo"), Lifetime::own,
                                           {.on_line =
                                                [&](std::string line) {
                                                    EXPECT_FALSE(ended);
                                                    lines.push_back(std::move(line));
                                                },
                                            .on_exit = [&](Exit exit) { ended = exit; }});
    ASSERT_TRUE(child) << child.error().text;
    EXPECT_TRUE(lines.empty()) << "events come from the loop only";
    ASSERT_TRUE(bench_->run_until([&] { return ended.has_value(); }));
    EXPECT_EQ(lines, (std::vector<std::string>{"one", "", "two"}));
    EXPECT_EQ(ended->status, 0);
}

TEST_P(ProcessesContract, a_child_ends_on_a_signal) {
    std::optional<Exit> ended;
    auto child =
        bench_->processes().start(bench_->waits(Seconds{3'600}), Lifetime::tied_to_us,
                                  {.on_line = {}, .on_exit = [&](Exit exit) { ended = exit; }});
    ASSERT_TRUE(child) << child.error().text;
    EXPECT_GT((*child)->pid(), 0);
    (*child)->signal(15);
    ASSERT_TRUE(bench_->run_until([&] { return ended.has_value(); }));
    EXPECT_FALSE(ended->ok());
    EXPECT_FALSE(ended->cancelled);
    (*child)->signal(15);  // nothing any more
}

TEST_P(ProcessesContract, a_dropped_child_reports_nothing) {
    bool reported = false;
    auto child = bench_->processes().start(bench_->prints("a\nb\n"), Lifetime::own,
                                           {.on_line = [&](std::string) { reported = true; },
                                            .on_exit = [&](Exit) { reported = true; }});
    ASSERT_TRUE(child) << child.error().text;
    child->reset();
    bench_->run_for_a_while();
    EXPECT_FALSE(reported);
}

TEST_P(ProcessesContract, a_child_may_be_dropped_from_its_own_events) {
    int lines = 0;
    bool ended = false;
    std::unique_ptr<Child> child;
    auto started = bench_->processes().start(bench_->prints("a\nb\n"), Lifetime::own,
                                             {.on_line =
                                                  [&](std::string) {
                                                      ++lines;
                                                      child.reset();
                                                  },
                                              .on_exit = [&](Exit) { ended = true; }});
    ASSERT_TRUE(started);
    child = *std::move(started);
    ASSERT_TRUE(bench_->run_until([&] { return lines > 0; }));
    bench_->run_for_a_while();
    EXPECT_EQ(lines, 1);
    EXPECT_FALSE(ended);

    started = bench_->processes().start(bench_->exits_with(1), Lifetime::own,
                                        {.on_line = {}, .on_exit = [&](Exit) {
                                             ended = true;
                                             child.reset();
                                         }});
    ASSERT_TRUE(started);
    child = *std::move(started);
    EXPECT_TRUE(bench_->run_until([&] { return ended; }));
}

TEST_P(ProcessesContract, starting_what_is_not_there_is_missing) {
    auto child = bench_->processes().start(bench_->is_not_there(), Lifetime::own, {});
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().code, Code::missing);
}

}  // namespace hansa::contract
