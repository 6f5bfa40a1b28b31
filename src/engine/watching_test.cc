// Wake-ups: paths, polls, ticks, lines, keys.
#include <gtest/gtest.h>

#include "engine/testing.h"

namespace hansa {
namespace {

using namespace hansa::testing;

class Watching : public RunnerTest {};

TEST_F(Watching, a_poll_takes_the_place_of_events) {
    Declaration polled = watched("a");
    polled.meta.poll = Seconds{30};
    want(ManifestBuilder().add(polled));
    settle();
    disturb("a");
    pass(Seconds{20});
    EXPECT_EQ(subject("a").checks, 1);
    EXPECT_EQ(machine_.watcher.size(), 0u);
    pass(Seconds{11});
    EXPECT_EQ(subject("a").applies, 2);
    pass(Seconds{31});
    EXPECT_EQ(subject("a").checks, 3);
}

TEST_F(Watching, can_be_left_out_altogether) {
    make_runner({.watch = false});
    Declaration polled = watched("a");
    polled.meta.poll = Seconds{1};
    want(ManifestBuilder().add(polled).add(part("t", {{"tick", "100"}})));
    settle();
    disturb("a");
    pass(Seconds{10});
    EXPECT_EQ(subject("a").checks, 1);
    EXPECT_EQ(subject("t").checks, 1);
}

class FewWatches : public RunnerTest {
 protected:
    FewWatches() : RunnerTest({}, {.workers = {}, .watch = {.delay_max = {}, .watches_max = 1}}) {}
};

TEST_F(FewWatches, falls_back_to_polling_and_warns_once) {
    want(ManifestBuilder().add(watched("a")).add(watched("b")).add(watched("c")));
    settle();
    ASSERT_EQ(warnings_.size(), 1u);
    EXPECT_NE(warnings_[0].find("looked at every 60 s instead"), std::string::npos) << warnings_[0];
    for (const char* name : {"a", "b", "c"}) disturb(name);
    pass(Seconds{61});
    for (const char* name : {"a", "b", "c"}) EXPECT_FALSE(subject(name).wrong) << name;
}

TEST_F(Watching, ticks_refresh_a_timer_and_what_follows_it) {
    subject("t").wrong = false;
    want(ManifestBuilder()
             .add(part("t", {{"tick", "1000"}, {"notifies", "true"}}))
             .add(part("b", {{"acts", "true"}}))
             .edge("t", "b"));
    settle();
    EXPECT_EQ(subject("b").applies, 1);
    pass(Milliseconds{3500});
    EXPECT_EQ(subject("t").checks, 4);
    EXPECT_EQ(subject("t").refreshes, 3);
    EXPECT_EQ(subject("b").refreshes, 3);
    EXPECT_EQ(subject("b").applies, 4);
}

TEST_F(Watching, a_tick_that_leads_to_no_change_is_no_activity) {
    subject("t").wrong = subject("b").wrong = false;
    want(ManifestBuilder()
             .add(part("t", {{"tick", "1000"}, {"notifies", "true"}}))
             .add(part("b"))
             .edge("t", "b"));
    settle();
    const Instant before = runner_->last_activity();
    pass(Seconds{10});
    EXPECT_EQ(subject("b").checks, 11);
    EXPECT_EQ(runner_->last_activity(), before);
    EXPECT_TRUE(runner_->standing().at_rest());
}

TEST_F(Watching, the_run_at_the_start_is_no_tick) {
    subject("t").wrong = false;
    want(ManifestBuilder()
             .add(part("t", {{"tick", "1000"}, {"notifies", "true"}}))
             .add(part("b"))
             .edge("t", "b"));
    settle();
    EXPECT_EQ(subject("b").refreshes, 0);
    EXPECT_EQ(subject("b").checks, 1);
}

TEST_F(Watching, a_redefined_timer_ticks_by_its_new_definition) {
    want(ManifestBuilder().add(part("t", {{"tick", "1000"}})));
    settle();
    want(ManifestBuilder().add(part("t", {{"tick", "10000"}})));
    settle();
    subject("t").checks = 0;
    pass(Seconds{9});
    EXPECT_EQ(subject("t").checks, 0);
    pass(Seconds{2});
    EXPECT_EQ(subject("t").checks, 1);
}

TEST_F(Watching, a_line_of_the_watch_command_is_a_wake_up) {
    machine_.processes.script("tail", [](const Command&) {
        return Script{.takes = Seconds{1000}, .lines = {{Seconds{1}, "one"}, {Seconds{2}, "two"}}};
    });
    subject("a").stubborn = true;
    want(ManifestBuilder().add(part("a", {{"lines", "tail"}})));
    pass(Milliseconds{500});
    EXPECT_EQ(subject("a").applies, 1);
    pass(Seconds{2});
    EXPECT_EQ(subject("a").applies, 3);
}

TEST_F(Watching, a_watch_command_that_ends_is_told_and_started_again_after_a_pause) {
    int starts = 0;
    machine_.processes.script("tail", [&starts](const Command&) {
        ++starts;
        return Script{.status = 3, .takes = Milliseconds{10}};
    });
    want(ManifestBuilder().add(part("a", {{"lines", "tail"}})));
    pass(Milliseconds{500});
    EXPECT_EQ(starts, 1);
    EXPECT_EQ(warnings_, Names{"part[a]: watch command: exit status 3; again in 1 s"});
    pass(Seconds{1});
    EXPECT_EQ(starts, 2);
    pass(Seconds{600});
    EXPECT_LT(starts, 20) << "the pause doubles up to a minute";
    EXPECT_GT(starts, 10);
    EXPECT_EQ(phase("part[a]"), Phase::settled) << "that is not fatal";
}

TEST_F(Watching, what_changed_while_no_watch_command_ran_is_seen_when_it_runs_again) {
    machine_.processes.script(
        "tail", [](const Command&) { return Script{.status = 1, .takes = Seconds{100}}; });
    want(ManifestBuilder().add(part("a", {{"lines", "tail"}})));
    pass(Milliseconds{100'500});
    subject("a").wrong = true;
    pass(Milliseconds{400});
    EXPECT_EQ(subject("a").applies, 1);
    pass(Seconds{1});
    EXPECT_EQ(subject("a").applies, 2);
}

TEST_F(Watching, a_watch_command_that_ends_and_ends_again_is_no_activity) {
    machine_.processes.script("tail", [](const Command&) { return Script{.status = 1}; });
    want(ManifestBuilder().add(part("a", {{"lines", "tail"}})));
    settle();
    const Instant before = runner_->last_activity();
    pass(Seconds{600});
    EXPECT_GT(warnings_.size(), 5u);
    EXPECT_EQ(runner_->last_activity(), before);
}

TEST_F(Watching, a_watch_command_that_lasted_is_started_again_soon) {
    int starts = 0;
    machine_.processes.script("tail", [&starts](const Command&) {
        ++starts;
        return Script{.status = 1, .takes = Seconds{100}};
    });
    want(ManifestBuilder().add(part("a", {{"lines", "tail"}})));
    pass(Seconds{500});
    EXPECT_EQ(starts, 5);
}

TEST_F(Watching, a_watch_command_that_is_not_there_is_told) {
    want(ManifestBuilder().add(part("a", {{"lines", "no-such-program"}})));
    settle();
    ASSERT_FALSE(warnings_.empty());
    EXPECT_NE(warnings_[0].find("no-such-program"), std::string::npos) << warnings_[0];
    EXPECT_EQ(phase("part[a]"), Phase::settled);
}

TEST_F(Watching, a_watch_command_ends_with_its_resource) {
    machine_.processes.script("tail",
                              [](const Command&) { return Script{.takes = Seconds{1000}}; });
    want(ManifestBuilder().add(part("a", {{"lines", "tail"}})));
    settle();
    want(ManifestBuilder().add(part("b")));
    pass(Seconds{5});
    ASSERT_EQ(machine_.processes.history().size(), 1u);
    EXPECT_TRUE(machine_.processes.history()[0].ended);
    EXPECT_TRUE(warnings_.empty());
}

TEST_F(Watching, a_key_of_the_store_is_a_wake_up_as_long_as_the_resource_is_there) {
    want(ManifestBuilder().add(part("a", {{"key", "colour"}})));
    settle();
    ASSERT_TRUE(keys_.watched.contains("colour"));
    subject("a").wrong = true;
    keys_.watched["colour"]();
    settle();
    EXPECT_EQ(subject("a").applies, 2);
    want(ManifestBuilder());
    EXPECT_TRUE(keys_.watched.empty());
}

TEST_F(Watching, an_overflow_of_the_kernels_queue_looks_at_everything_once) {
    want(ManifestBuilder().add(watched("a")).add(watched("b")));
    settle();
    machine_.watcher.overflow();
    settle();
    pass(Seconds{1});
    EXPECT_EQ(subject("a").checks, 2);
    EXPECT_EQ(subject("b").checks, 2);
}

}  // namespace
}  // namespace hansa
