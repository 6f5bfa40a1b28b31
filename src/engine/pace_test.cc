// Retries, deadlines, limits, semaphores.
#include <gtest/gtest.h>

#include "engine/testing.h"

namespace hansa {
namespace {

using namespace hansa::testing;

class Pace : public RunnerTest {
 protected:
    static Declaration with(Declaration declaration, std::function<void(Meta&)> change) {
        change(declaration.meta);
        return declaration;
    }
};

TEST_F(Pace, retries_after_pauses_that_double_and_then_goes_on) {
    subject("a").failing_applies = 2;
    want(ManifestBuilder()
             .add(with(part("a"),
                       [](Meta& meta) {
                           meta.retry = 3;
                           meta.delay = Milliseconds{200};
                       }))
             .add(part("b"))
             .edge("a", "b"));
    pass(Milliseconds{100});
    EXPECT_EQ(phase("part[a]"), Phase::retrying);
    EXPECT_EQ(detail("part[a]"), "attempt 2");
    EXPECT_EQ(runner_->standing().retrying, 1u);
    EXPECT_FALSE(runner_->standing().at_rest());
    EXPECT_EQ(runs_.at(0).retry_in, Milliseconds{200});
    pass(Milliseconds{200});
    EXPECT_EQ(subject("a").applies, 2);
    EXPECT_EQ(runs_.at(1).retry_in, Milliseconds{400});
    EXPECT_EQ(runs_.at(1).attempt, 2u);
    settle();
    EXPECT_EQ(subject("a").applies, 3);
    EXPECT_EQ(runs_.at(2).attempt, 3u);
    EXPECT_EQ(lab_.log.back(), "b applied");
}

TEST_F(Pace, gives_up_after_the_last_attempt_and_begins_a_new_series_when_woken) {
    subject("a").failing_checks = 4;
    want(ManifestBuilder().add(with(watched("a"), [](Meta& meta) { meta.retry = 2; })));
    settle();
    EXPECT_EQ(phase("part[a]"), Phase::failed);
    EXPECT_EQ(subject("a").checks, 3);
    nudge("a");
    settle();
    EXPECT_EQ(phase("part[a]"), Phase::settled);
    EXPECT_EQ(subject("a").checks, 5);
}

TEST_F(Pace, an_event_does_not_cut_the_pause_between_attempts_short) {
    subject("a").failing_applies = 1;
    want(ManifestBuilder().add(with(watched("a"), [](Meta& meta) {
        meta.retry = 1;
        meta.delay = Seconds{10};
    })));
    pass(Seconds{1});
    nudge("a");
    pass(Seconds{8});
    EXPECT_EQ(subject("a").checks, 1);
    pass(Seconds{2});
    EXPECT_EQ(subject("a").checks, 2);
    EXPECT_EQ(phase("part[a]"), Phase::settled);
}

TEST_F(Pace, an_apply_that_fails_and_wakes_itself_does_not_run_in_circles) {
    subject("a").failing_applies = 1'000'000;
    subject("a").during_apply = [this] { nudge("a"); };
    want(ManifestBuilder().add(watched("a")));
    pass(Seconds{60});
    EXPECT_LT(subject("a").applies, 30);
    EXPECT_EQ(phase("part[a]"), Phase::failed);
    EXPECT_TRUE(runner_->standing().at_rest());

    subject("a").failing_applies = 0;
    subject("a").during_apply = nullptr;
    pass(Seconds{120});
    EXPECT_EQ(phase("part[a]"), Phase::settled) << "the last wake-up is not forgotten";
}

TEST_F(Pace, cuts_a_run_off_at_its_deadline) {
    subject("a").takes = Seconds{60};
    want(ManifestBuilder().add(
        with(part("a"), [](Meta& meta) { meta.timeout = Milliseconds{3000}; })));
    pass(Milliseconds{2900});
    EXPECT_EQ(phase("part[a]"), Phase::running);
    pass(Milliseconds{200});
    EXPECT_EQ(phase("part[a]"), Phase::failed);
    EXPECT_EQ(runs_.at(0).error, "timed out after 3 s");
}

TEST_F(Pace, leaves_a_run_alone_that_ends_in_time) {
    subject("a").takes = Seconds{2};
    want(ManifestBuilder().add(
        with(part("a"), [](Meta& meta) { meta.timeout = Milliseconds{3000}; })));
    pass(Seconds{10});
    EXPECT_EQ(phase("part[a]"), Phase::settled);
    EXPECT_EQ(runs_.size(), 1u);
}

TEST_F(Pace, gives_check_and_apply_a_deadline_each) {
    subject("a").check_takes = subject("a").takes = Seconds{2};
    want(ManifestBuilder().add(
        with(part("a"), [](Meta& meta) { meta.timeout = Milliseconds{3000}; })));
    pass(Seconds{10});
    EXPECT_EQ(phase("part[a]"), Phase::settled);
    subject("b").check_takes = Seconds{5};
    want(ManifestBuilder().add(
        with(part("b"), [](Meta& meta) { meta.timeout = Milliseconds{3000}; })));
    pass(Seconds{4});
    EXPECT_EQ(phase("part[b]"), Phase::failed);
    EXPECT_EQ(runs_.back().error, "timed out after 3 s");
    EXPECT_EQ(subject("b").applies, 0);
}

class OneWorker : public RunnerTest {
 protected:
    OneWorker() : RunnerTest({}, {.workers = {.at_once = 1, .latency_max = {}}, .watch = {}}) {}
};

TEST_F(OneWorker, a_deadline_does_not_run_while_the_task_waits_for_a_worker) {
    subject("a").takes = Seconds{10};
    Declaration late = part("b");
    late.meta.timeout = Milliseconds{1000};
    subject("b").takes = Milliseconds{500};
    want(ManifestBuilder().add(part("a")).add(late));
    settle();
    EXPECT_EQ(phase("part[a]"), Phase::settled);
    EXPECT_EQ(phase("part[b]"), Phase::settled);
}

TEST_F(Pace, of_a_limit_allows_the_burst_and_then_the_rate) {
    want(ManifestBuilder().add(with(watched("a"), [](Meta& meta) {
        meta.limit = 2;
        meta.burst = 2;
    })));
    settle();
    pass(Seconds{10});
    const int before = subject("a").applies;
    for (int i = 0; i < 100; ++i) {
        disturb("a");
        pass(Milliseconds{10});
    }
    EXPECT_LE(subject("a").applies - before, 4);
    EXPECT_GE(subject("a").applies - before, 3);
    EXPECT_EQ(phase("part[a]"), Phase::waiting);
    EXPECT_EQ(detail("part[a]"), "its limit");
    EXPECT_FALSE(runner_->standing().at_rest());
    settle();
    EXPECT_FALSE(subject("a").wrong);
}

TEST_F(Pace, clean_checks_use_no_token) {
    want(ManifestBuilder().add(with(watched("a"), [](Meta& meta) {
        meta.limit = 0.001;
        meta.burst = 2;
    })));
    settle();
    for (int i = 0; i < 20; ++i) {
        nudge("a");
        pass(Milliseconds{10});
    }
    EXPECT_EQ(subject("a").checks, 21);
    disturb("a");
    pass(Milliseconds{10});
    EXPECT_EQ(subject("a").applies, 2);
}

TEST_F(Pace, a_semaphore_keeps_its_users_apart_and_nobody_else) {
    ManifestBuilder manifest;
    for (const char* name : {"a", "b", "c"}) {
        manifest.add(with(part(name), [](Meta& meta) { meta.sema = {{"disk", 1}}; }));
        subject(name).takes = Seconds{1};
    }
    for (const char* name : {"x", "y"}) {
        manifest.add(part(name));
        subject(name).takes = Seconds{1};
    }
    want(manifest);
    pass(Milliseconds{100});
    EXPECT_EQ(runner_->standing().running, 3u);
    EXPECT_EQ(runner_->standing().due, 2u);
    EXPECT_EQ(detail("part[c]"), "semaphore disk");
    settle();
    EXPECT_EQ(lab_.most_inside, 3);
    EXPECT_GE(loop_.clock().now(), Instant{} + Seconds{3});
    EXPECT_LT(loop_.clock().now(), Instant{} + Milliseconds{3100});
}

TEST_F(Pace, the_option_sema_limits_all) {
    make_runner({.sema = 2});
    ManifestBuilder manifest;
    for (int i = 0; i < 8; ++i) {
        manifest.add(part(std::to_string(i)));
        subject(std::to_string(i)).takes = Seconds{1};
    }
    want(manifest);
    settle();
    EXPECT_EQ(lab_.most_inside, 2);
    EXPECT_EQ(report_.snapshot().changes, 8u);
    EXPECT_LT(loop_.clock().now(), Instant{} + Milliseconds{4100});
}

TEST_F(Pace, who_waits_for_a_semaphore_steps_back_when_a_predecessor_is_dirty_again) {
    subject("slow").takes = Seconds{5};
    subject("first").takes = Seconds{1};
    const auto sema = [](Meta& meta) { meta.sema = {{"disk", 1}}; };
    want(ManifestBuilder()
             .add(watched("first"))
             .add(with(watched("then"), sema))
             .edge("first", "then"));
    settle();
    want(ManifestBuilder()
             .add(watched("first"))
             .add(with(watched("then"), sema))
             .add(with(part("slow"), sema))
             .edge("first", "then"));
    pass(Milliseconds{100});
    disturb("then");
    pass(Milliseconds{100});
    EXPECT_EQ(detail("part[then]"), "semaphore disk");
    subject("first").takes = Seconds{10};
    disturb("first");
    pass(Seconds{6});
    EXPECT_EQ(subject("then").applies, 1) << "the semaphore is free, but first is being repaired";
    settle();
    EXPECT_EQ(subject("then").applies, 2);
    EXPECT_EQ(lab_.log.back(), "then applied");
}

TEST_F(Pace, who_steps_back_gives_up_what_it_holds_so_that_the_predecessor_can_have_it) {
    const auto uses = [](const std::string& name, std::vector<SemaphoreUse> sema) {
        Declaration declaration = watched(name);
        declaration.meta.sema = std::move(sema);
        return declaration;
    };
    ManifestBuilder manifest;
    manifest.add(uses("first", {{"a", 1}}))
        .add(uses("then", {{"a", 1}, {"b", 1}}))
        .add(uses("slow", {{"b", 1}}))
        .edge("first", "then");
    want(manifest);
    settle();
    subject("slow").takes = Seconds{100};
    disturb("slow");
    pass(Milliseconds{10});
    disturb("then");
    pass(Milliseconds{10});
    EXPECT_EQ(detail("part[then]"), "semaphore b");
    disturb("first");
    pass(Seconds{1});
    EXPECT_EQ(subject("first").applies, 2) << "a is free for it, though b is not for then";
    settle();
    EXPECT_EQ(subject("then").applies, 2);
}

TEST_F(Pace, a_failed_run_gives_its_semaphores_back) {
    const auto sema = [](Meta& meta) { meta.sema = {{"disk", 1}}; };
    subject("a").failing_checks = 1;
    want(ManifestBuilder().add(with(part("a"), sema)).add(with(part("b"), sema)));
    settle();
    EXPECT_EQ(subject("b").applies, 1);
}

}  // namespace
}  // namespace hansa
