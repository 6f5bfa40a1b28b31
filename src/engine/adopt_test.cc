// A new graph while the old one is at work, and the end of the work.
#include <gtest/gtest.h>

#include "engine/testing.h"

namespace hansa {
namespace {

using namespace hansa::testing;

class Adopt : public RunnerTest {
 protected:
    bool reported(const std::string& id) const { return report_.snapshot().resources.contains(id); }
    static Declaration owner(const std::string& name, const std::string& host, std::uint64_t rank) {
        return from_host(part(name, {{"owns", "path:/x"}}), host, rank);
    }
};

TEST_F(Adopt, runs_what_is_new_or_changed_and_nothing_else) {
    ManifestBuilder first;
    for (int i = 0; i < 100; ++i) first.add(watched(std::to_string(i)));
    want(first);
    settle();
    take_log();
    const std::size_t watches = machine_.watcher.size();
    ManifestBuilder second;
    for (int i = 1; i < 100; ++i)
        second.add(watched(std::to_string(i), {{"value", i == 50 ? "new" : ""}}));
    second.add(watched("added"));
    subject("50").wrong = true;
    want(second);
    settle();
    std::vector<std::string> log = take_log();
    std::sort(log.begin(), log.end());
    EXPECT_EQ(log, (Names{"50 applied", "50 checked", "added applied", "added checked"}));
    EXPECT_FALSE(reported("part[0]"));
    EXPECT_EQ(machine_.watcher.size(), watches);
    EXPECT_EQ(report_.snapshot().resources.size(), 100u);
}

TEST_F(Adopt, keeps_history_and_watches_of_what_is_equal) {
    subject("a").failing_checks = 1;
    want(ManifestBuilder().add(watched("a")).add(watched("b")));
    settle();
    want(ManifestBuilder().add(watched("a")).add(watched("b")).edge("a", "b"));
    settle();
    EXPECT_EQ(phase("part[a]"), Phase::failed);
    EXPECT_EQ(phase("part[b]"), Phase::settled);
    EXPECT_EQ(subject("a").checks, 1);
    disturb("b");
    settle();
    EXPECT_EQ(phase("part[b]"), Phase::blocked) << "the new edge counts";
}

TEST_F(Adopt, an_edge_that_goes_frees_what_it_blocked) {
    subject("a").failing_checks = 1;
    want(ManifestBuilder().add(part("a")).add(part("b")).edge("a", "b"));
    settle();
    EXPECT_EQ(phase("part[b]"), Phase::blocked);
    want(ManifestBuilder().add(part("a")).add(part("b")));
    settle();
    EXPECT_EQ(phase("part[b]"), Phase::settled);
}

TEST_F(Adopt, a_new_predecessor_makes_no_clean_successor_run) {
    want(ManifestBuilder().add(part("b")));
    settle();
    want(ManifestBuilder().add(part("b")).add(part("a")).edge("a", "b"));
    settle();
    EXPECT_EQ(subject("a").applies, 1);
    EXPECT_EQ(subject("b").checks, 1);
}

TEST_F(Adopt, a_redefinition_waits_for_the_run_of_the_old_definition) {
    subject("a").takes = Seconds{1};
    want(ManifestBuilder().add(part("a", {{"value", "1"}})).add(part("b")).edge("a", "b"));
    pass(Milliseconds{100});
    want(ManifestBuilder().add(part("a", {{"value", "2"}})).add(part("b")).edge("a", "b"));
    pass(Milliseconds{500});
    EXPECT_EQ(subject("a").checks, 1);
    subject("a").stubborn = true;  // as the old run leaves it, it does not fit the new definition
    pass(Milliseconds{600});
    EXPECT_EQ(subject("a").checks, 2);
    settle();
    EXPECT_EQ(subject("a").most_inside, 1);
    ASSERT_EQ(runs_.size(), 3u) << "what the old run did is told too";
    EXPECT_EQ(runs_[0].changes.at(0).to, "1");
    EXPECT_EQ(runs_[1].changes.at(0).to, "2");
    EXPECT_EQ(subject("b").checks, 1);
}

TEST_F(Adopt, a_change_made_by_the_old_definition_is_notified_all_the_same) {
    subject("a").takes = Seconds{1};
    want(ManifestBuilder().add(part("a", {{"value", "1"}})).add(part("b")).notify("a", "b"));
    pass(Milliseconds{100});
    want(ManifestBuilder().add(part("a", {{"value", "2"}})).add(part("b")).notify("a", "b"));
    settle();
    EXPECT_EQ(subject("a").applies, 1) << "the new definition finds nothing to change";
    EXPECT_EQ(subject("b").checks, 1);
    EXPECT_EQ(subject("b").refreshes, 1);
    EXPECT_GE(runner_->last_activity(), Instant{} + Seconds{1});
}

TEST_F(Adopt, a_refresh_that_no_run_has_answered_outlives_a_redefinition) {
    subject("b").failing_applies = 1;
    subject("b").during_apply = [this] { subject("b").failing_applies = 1; };
    want(ManifestBuilder().add(part("a")).add(part("b", {{"value", "1"}})).notify("a", "b"));
    settle();
    EXPECT_EQ(phase("part[b]"), Phase::failed);
    subject("b").during_apply = nullptr;
    subject("b").failing_applies = 0;
    subject("b").refreshes = 0;
    want(ManifestBuilder().add(part("a")).add(part("b", {{"value", "2"}})).notify("a", "b"));
    settle();
    EXPECT_EQ(phase("part[b]"), Phase::settled);
    EXPECT_EQ(subject("b").refreshes, 1);
}

TEST_F(Adopt, what_was_removed_while_it_ran_ends_silently) {
    subject("a").takes = Seconds{1};
    want(ManifestBuilder().add(part("a")).add(part("b")).edge("a", "b"));
    pass(Milliseconds{100});
    want(ManifestBuilder().add(part("b")));
    pass(Milliseconds{100});
    EXPECT_EQ(subject("b").applies, 1) << "its predecessor has gone";
    EXPECT_EQ(runner_->standing().running, 1u);
    EXPECT_FALSE(runner_->standing().at_rest());
    settle();
    EXPECT_EQ(runs_.size(), 1u);
    EXPECT_FALSE(reported("part[a]"));
    EXPECT_EQ(lab_.log.back(), "a applied");
}

TEST_F(Adopt, what_comes_back_while_its_old_run_lasts_waits_for_its_end) {
    subject("a").takes = Seconds{1};
    want(ManifestBuilder().add(part("a")));
    pass(Milliseconds{100});
    want(ManifestBuilder().add(part("x")));
    want(ManifestBuilder().add(part("y")).add(part("a", {{"value", "2"}})));
    pass(Milliseconds{100});
    EXPECT_EQ(detail("part[a]"), "the end of its former run");
    EXPECT_EQ(subject("a").checks, 1);
    settle();
    EXPECT_EQ(subject("a").checks, 2);
    EXPECT_EQ(subject("a").most_inside, 1);
    EXPECT_EQ(phase("part[a]"), Phase::settled);
}

TEST_F(Adopt, what_waits_for_its_old_run_goes_on_waiting_when_a_predecessor_runs_again) {
    subject("a").takes = Seconds{10};
    want(ManifestBuilder().add(watched("b")).add(part("a")));
    pass(Seconds{1});
    want(ManifestBuilder().add(watched("b")));
    want(ManifestBuilder().add(watched("b")).add(part("a", {{"value", "2"}})).edge("b", "a"));
    nudge("b");
    pass(Seconds{1});
    EXPECT_EQ(subject("b").checks, 2);
    EXPECT_EQ(subject("a").checks, 1);
    EXPECT_EQ(detail("part[a]"), "the end of its former run");
    settle();
    EXPECT_EQ(subject("a").checks, 2);
    EXPECT_EQ(subject("a").most_inside, 1);
}

TEST_F(Adopt, a_removed_run_gives_its_semaphore_back) {
    const auto user = [](const std::string& name) {
        Declaration declaration = part(name);
        declaration.meta.sema = {{"disk", 1}};
        return declaration;
    };
    subject("a").takes = Seconds{1};
    want(ManifestBuilder().add(user("a")).add(user("b")).add(user("c")));
    pass(Milliseconds{100});
    want(ManifestBuilder().add(user("c")));  // a runs, b was waiting
    pass(Milliseconds{100});
    EXPECT_EQ(subject("c").checks, 0);
    settle();
    EXPECT_EQ(subject("c").applies, 1);
    EXPECT_EQ(subject("b").checks, 0);
}

TEST_F(Adopt, the_absence_of_an_exporter_is_reported_and_counts_as_rest) {
    want(ManifestBuilder().add(part("b")).edge("a", "b").collect("part"));
    settle();
    EXPECT_EQ(phase("part[a]"), Phase::missing);
    EXPECT_EQ(phase("part[b]"), Phase::blocked);
    EXPECT_EQ(detail("part[b]"), "part[a] is missing");
    EXPECT_EQ(runner_->standing().missing, 1u);

    amend({from_host(part("a"), "h", 1)});
    settle();
    EXPECT_FALSE(reported("part[a]"));
    EXPECT_EQ(phase("part[a] from h"), Phase::settled);
    EXPECT_EQ(phase("part[b]"), Phase::settled);

    amend({}, {{{"part", "a"}, "h", {}}});
    settle();
    EXPECT_FALSE(reported("part[a] from h"));
    EXPECT_EQ(phase("part[a]"), Phase::missing);
    EXPECT_EQ(phase("part[b]"), Phase::settled);
}

TEST_F(Adopt, who_yields_rests_and_takes_over_when_the_keeper_goes) {
    amend({owner("a", "h1", 1), owner("b", "h2", 2)});
    settle();
    EXPECT_EQ(phase("part[b] from h2"), Phase::yielding);
    EXPECT_EQ(detail("part[b] from h2"), "to part[a] from h1");
    EXPECT_EQ(subject("b").checks, 0);
    amend({}, {{{"part", "a"}, "h1", {}}});
    settle();
    EXPECT_EQ(subject("b").applies, 1);
    amend({owner("a", "h1", 1)});
    settle();
    EXPECT_EQ(phase("part[b] from h2"), Phase::yielding) << "an older export has come back";
}

// The end.

TEST_F(Adopt, stopping_lets_what_runs_end_and_starts_nothing_more) {
    subject("a").takes = Seconds{2};
    want(ManifestBuilder().add(watched("a")).add(part("b")).edge("a", "b"));
    pass(Milliseconds{100});
    int stopped = 0;
    runner_->stop([&stopped] { ++stopped; });
    pass(Seconds{1});
    EXPECT_EQ(stopped, 0);
    disturb("a");
    pass(Seconds{2});
    EXPECT_EQ(stopped, 1);
    EXPECT_EQ(lab_.log, (Names{"a checked", "a applied"}));
    EXPECT_EQ(machine_.watcher.size(), 0u);
    pass(Seconds{10});
    EXPECT_EQ(stopped, 1);
}

// A machine that does one thing at a time.
class BusyMachine : public RunnerTest {
 protected:
    BusyMachine() : RunnerTest({}, {.workers = {.at_once = 1}}) {}
};

TEST_F(BusyMachine, what_waits_for_a_worker_when_the_runner_is_stopped_never_runs) {
    ManifestBuilder manifest;
    for (int i = 0; i < 20; ++i) {
        subject(std::to_string(i)).takes = Seconds{2};
        manifest.add(part(std::to_string(i)));
    }
    want(manifest);
    pass(Seconds{1});
    bool stopped = false;
    runner_->stop([&stopped] { stopped = true; });
    pass(Seconds{2});
    EXPECT_TRUE(stopped);
    EXPECT_EQ(lab_.log.size(), 2u) << "one was being applied";
    EXPECT_EQ(runs_.size(), 1u);
    EXPECT_EQ(runner_->standing().failed, 0u);
    EXPECT_EQ(runner_->standing().due, 19u);
}

TEST_F(Adopt, stopping_at_rest_is_told_soon) {
    want(ManifestBuilder().add(part("a")));
    settle();
    int stopped = 0;
    runner_->stop([&stopped] { ++stopped; });
    EXPECT_EQ(stopped, 0) << "never from within stop()";
    pass(Milliseconds{1});
    EXPECT_EQ(stopped, 1);
}

TEST_F(Adopt, cancelling_cuts_off_what_still_runs_and_calls_it_no_failure) {
    subject("a").takes = Seconds{3600};
    want(ManifestBuilder().add(part("a")));
    pass(Milliseconds{100});
    bool stopped = false;
    runner_->stop([&stopped] { stopped = true; });
    runner_->cancel();
    pass(Milliseconds{10});
    EXPECT_TRUE(stopped);
    EXPECT_TRUE(runs_.empty());
    EXPECT_EQ(runner_->standing().failed, 0u);
}

TEST_F(Adopt, a_failure_while_stopping_is_not_tried_again) {
    subject("a").takes = Seconds{1};
    subject("a").failing_applies = 1;
    Declaration patient = part("a");
    patient.meta.retry = -1;
    want(ManifestBuilder().add(patient));
    pass(Milliseconds{100});
    bool stopped = false;
    runner_->stop([&stopped] { stopped = true; });
    pass(Seconds{100});
    EXPECT_TRUE(stopped);
    EXPECT_EQ(subject("a").checks, 1);
}

TEST_F(Adopt, a_runner_may_go_while_its_tasks_still_run) {
    subject("a").takes = Seconds{1};
    want(ManifestBuilder().add(part("a")).add(part("b")).edge("a", "b"));
    pass(Milliseconds{100});
    runner_.reset();
    pass(Seconds{10});
    EXPECT_EQ(subject("b").checks, 0);
}

}  // namespace
}  // namespace hansa
