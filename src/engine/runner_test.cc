// Order, dirtying and failing: the rules of graph.md 3.2 and 3.3.
#include "engine/runner.h"

#include <gtest/gtest.h>

#include "engine/testing.h"

namespace hansa {
namespace {

using namespace hansa::testing;

TEST_F(RunnerTest, does_nothing_before_it_is_given_a_graph) {
    pass(Seconds{1});
    EXPECT_TRUE(runner_->standing().at_rest());
    EXPECT_TRUE(lab_.log.empty());
}

TEST_F(RunnerTest, runs_predecessors_first_and_each_once) {
    want(ManifestBuilder().add(part("c")).add(part("a")).add(part("b")).edge("a", "b").edge("b",
                                                                                            "c"));
    settle();
    EXPECT_EQ(lab_.log, (Names{"a checked", "a applied", "b checked", "b applied", "c checked",
                               "c applied"}));
    EXPECT_EQ(phase("part[c]"), Phase::settled);
    EXPECT_EQ(report_.snapshot().changes, 3u);
}

TEST_F(RunnerTest, applies_nothing_where_the_check_finds_nothing) {
    subject("a").wrong = false;
    want(ManifestBuilder().add(part("a")));
    settle();
    EXPECT_EQ(lab_.log, Names{"a checked"});
    EXPECT_EQ(runs_.at(0).outcome, Outcome::unchanged);
}

TEST_F(RunnerTest, runs_independent_resources_at_once) {
    ManifestBuilder manifest;
    for (const char* name : {"a", "b", "c", "d"}) {
        manifest.add(part(name));
        subject(name).takes = Seconds{1};
    }
    want(manifest);
    pass(Milliseconds{500});
    EXPECT_EQ(runner_->standing().running, 4u);
    pass(Milliseconds{600});
    EXPECT_TRUE(runner_->standing().at_rest());
}

TEST_F(RunnerTest, a_vertex_that_joins_branches_waits_for_all_of_them_and_runs_once) {
    for (const char* name : {"a", "b"}) subject(name).takes = Seconds{name[0] == 'a' ? 1 : 2};
    want(ManifestBuilder().add(part("a")).add(part("b")).add(part("z")).edge("a", "z").edge("b",
                                                                                            "z"));
    pass(Milliseconds{1500});
    EXPECT_EQ(subject("z").checks, 0);
    EXPECT_EQ(phase("part[z]"), Phase::waiting);
    EXPECT_EQ(runner_->standing().due, 1u);
    settle();
    EXPECT_EQ(subject("z").checks, 1);
}

TEST_F(RunnerTest, says_what_a_vertex_waits_for) {
    subject("a").takes = subject("b").takes = Seconds{1};
    want(ManifestBuilder()
             .add(part("a"))
             .add(part("b"))
             .add(part("y"))
             .add(part("z"))
             .edge("a", "y")
             .edge("a", "z")
             .edge("b", "z"));
    pass(Milliseconds{1});
    EXPECT_EQ(detail("part[y]"), "part[a]");
    EXPECT_EQ(detail("part[z]"), "part[a] and 1 more");
}

TEST_F(RunnerTest, repairs_what_a_watch_reports_and_leaves_clean_successors_alone) {
    want(ManifestBuilder().add(watched("a")).add(part("b")).edge("a", "b"));
    settle();
    take_log();
    disturb("a");
    pass(Milliseconds{10});
    EXPECT_EQ(take_log(), (Names{"a checked", "a applied"}));
    EXPECT_EQ(subject("b").checks, 1);
}

TEST_F(RunnerTest, a_dirty_vertex_with_clean_predecessors_just_runs) {
    want(ManifestBuilder().add(part("a")).add(watched("b")).edge("a", "b"));
    settle();
    disturb("b");
    pass(Milliseconds{10});
    EXPECT_EQ(subject("b").applies, 2);
    EXPECT_EQ(subject("a").checks, 1);
}

TEST_F(RunnerTest, a_dirty_vertex_waits_for_a_predecessor_that_is_dirty_again) {
    subject("a").takes = Seconds{1};
    want(ManifestBuilder().add(watched("a")).add(watched("b")).edge("a", "b"));
    settle();
    disturb("a");
    pass(Milliseconds{10});
    disturb("b");
    pass(Milliseconds{500});
    EXPECT_EQ(subject("b").applies, 1) << "a is still being repaired";
    settle();
    EXPECT_EQ(subject("b").applies, 2);
}

TEST_F(RunnerTest, events_during_a_run_make_for_one_more_run) {
    subject("a").takes = Seconds{1};
    want(ManifestBuilder().add(watched("a")));
    pass(Milliseconds{200});
    for (int i = 0; i < 5; ++i) {
        disturb("a");
        pass(Milliseconds{10});
    }
    EXPECT_EQ(subject("a").checks, 1);
    settle();
    EXPECT_EQ(subject("a").checks, 2);
    EXPECT_EQ(subject("a").most_inside, 1);
}

TEST_F(RunnerTest, what_its_own_apply_wakes_costs_one_clean_check_at_most) {
    subject("a").during_apply = [this] { ASSERT_TRUE(machine_.files.write("/a", "x", {})); };
    want(ManifestBuilder().add(watched("a")));
    settle();
    EXPECT_LE(subject("a").checks, 2);
    EXPECT_EQ(subject("a").applies, 1);
    pass(Seconds{5});
    EXPECT_LE(subject("a").checks, 2);
}

TEST_F(RunnerTest, the_watch_is_there_before_the_first_check) {
    subject("a").during_check = [this] {
        subject("a").during_check = nullptr;
        disturb("a");  // behind the back of this very check
    };
    subject("a").wrong = false;
    want(ManifestBuilder().add(watched("a")));
    settle();
    EXPECT_EQ(subject("a").checks, 2);
}

TEST_F(RunnerTest, a_failure_blocks_descendants_only) {
    subject("a").failing_applies = 1;
    want(ManifestBuilder()
             .add(part("a"))
             .add(part("b"))
             .add(part("c"))
             .add(part("x"))
             .add(part("y"))
             .edge("a", "b")
             .edge("b", "c")
             .edge("x", "y"));
    settle();
    EXPECT_EQ(subject("b").checks + subject("c").checks, 0);
    EXPECT_EQ(subject("y").applies, 1);
    EXPECT_EQ(phase("part[a]"), Phase::failed);
    EXPECT_EQ(phase("part[c]"), Phase::blocked);
    EXPECT_EQ(detail("part[b]"), "part[a] is failed");
    EXPECT_EQ(detail("part[c]"), "part[b] is blocked");
    const Standing standing = runner_->standing();
    EXPECT_EQ(standing.failed, 1u);
    EXPECT_EQ(standing.blocked, 2u);
    EXPECT_EQ(standing.due, 0u);
    EXPECT_TRUE(standing.at_rest());
}

TEST_F(RunnerTest, what_was_blocked_runs_when_the_failure_is_overcome) {
    subject("a").failing_checks = 1;
    want(ManifestBuilder()
             .add(watched("a"))
             .add(part("b"))
             .add(part("c"))
             .edge("a", "b")
             .edge("b", "c"));
    settle();
    EXPECT_EQ(phase("part[c]"), Phase::blocked);
    disturb("a");
    settle();
    EXPECT_EQ(phase("part[c]"), Phase::settled);
    EXPECT_EQ(subject("b").checks, 1);
    EXPECT_EQ(subject("c").checks, 1);
}

TEST_F(RunnerTest, a_failure_later_leaves_settled_descendants_settled_but_holds_dirty_ones) {
    want(ManifestBuilder()
             .add(watched("a"))
             .add(watched("b"))
             .add(part("c"))
             .edge("a", "b")
             .edge("a", "c"));
    settle();
    subject("a").failing_checks = 1;
    disturb("a");
    settle();
    EXPECT_EQ(phase("part[b]"), Phase::settled);
    disturb("b");
    settle();
    EXPECT_EQ(phase("part[b]"), Phase::blocked);
    EXPECT_EQ(phase("part[c]"), Phase::settled);
    disturb("a");
    settle();
    EXPECT_EQ(phase("part[b]"), Phase::settled);
    EXPECT_EQ(subject("b").applies, 2);
}

TEST_F(RunnerTest, an_error_is_told_with_its_text) {
    subject("a").failing_applies = 1;
    want(ManifestBuilder().add(part("a")));
    settle();
    ASSERT_EQ(runs_.size(), 1u);
    EXPECT_EQ(runs_[0].outcome, Outcome::failed);
    EXPECT_EQ(runs_[0].error, "the apply of a failed");
    EXPECT_FALSE(runs_[0].retry_in);
}

TEST_F(RunnerTest, shows_changes_cut_printable_and_without_secrets) {
    want(ManifestBuilder().add(part("a", {{"value", "new\x1b[2J"}, {"secret", "swordfish"}})));
    settle();
    ASSERT_EQ(runs_.at(0).changes.size(), 2u);
    EXPECT_EQ(runs_[0].changes[0].from, "old\\n");
    EXPECT_EQ(runs_[0].changes[0].to.find('\x1b'), std::string::npos);
    EXPECT_EQ(runs_[0].changes[1].to, "(hidden)");
    EXPECT_EQ(runs_[0].changes[1].from, "");
}

TEST_F(RunnerTest, of_what_is_sensitive_neither_values_nor_errors_are_told) {
    Declaration secret = part("a", {{"value", "swordfish"}});
    Declaration failing = part("b");
    secret.meta.sensitive = failing.meta.sensitive = true;
    subject("b").failing_applies = 1;
    want(ManifestBuilder().add(secret).add(failing).edge("a", "b"));
    settle();
    ASSERT_EQ(runs_.size(), 2u);
    ASSERT_EQ(runs_[0].changes.size(), 1u);
    EXPECT_EQ(runs_[0].changes[0].field, "value");
    EXPECT_EQ(runs_[0].changes[0].to, "(hidden)");
    EXPECT_EQ(runs_[1].outcome, Outcome::failed);
    EXPECT_EQ(runs_[1].error.find("the apply of b failed"), std::string::npos);
    EXPECT_NE(runs_[1].error.find("hidden"), std::string::npos) << runs_[1].error;
}

// Notifications.

TEST_F(RunnerTest, a_change_refreshes_along_edges_that_notify) {
    want(ManifestBuilder()
             .add(watched("a"))
             .add(part("b", {{"acts", "true"}}))
             .add(part("c", {{"acts", "true"}}))
             .notify("a", "b")
             .edge("a", "c"));
    settle();
    EXPECT_EQ(subject("b").applies, 1);
    EXPECT_EQ(subject("b").refreshes, 1);
    disturb("a");
    settle();
    EXPECT_EQ(subject("b").applies, 2) << "though its check finds nothing";
    EXPECT_EQ(subject("b").refreshes, 2);
    EXPECT_EQ(subject("c").applies, 1);
    EXPECT_EQ(subject("c").checks, 1);
}

TEST_F(RunnerTest, a_clean_check_refreshes_nobody) {
    want(ManifestBuilder().add(watched("a")).add(part("b", {{"acts", "true"}})).notify("a", "b"));
    settle();
    nudge("a");
    settle();
    EXPECT_EQ(subject("a").checks, 2);
    EXPECT_EQ(subject("b").checks, 1);
}

TEST_F(RunnerTest, a_refresh_that_changes_nothing_goes_no_further) {
    subject("b").wrong = false;
    want(ManifestBuilder()
             .add(part("a"))
             .add(part("b"))
             .add(part("c", {{"acts", "true"}}))
             .notify("a", "b")
             .notify("b", "c"));
    settle();
    EXPECT_EQ(subject("b").refreshes, 1);
    EXPECT_EQ(subject("c").refreshes, 0);
}

TEST_F(RunnerTest, a_refresh_is_kept_until_a_run_succeeds) {
    subject("b").failing_checks = 2;
    Declaration patient = watched("b", {{"acts", "true"}});
    patient.meta.retry = 1;
    want(ManifestBuilder().add(part("a")).add(patient).notify("a", "b"));
    settle();
    EXPECT_EQ(phase("part[b]"), Phase::failed);
    EXPECT_EQ(subject("b").refreshes, 2);
    subject("b").wrong = false;
    nudge("b");
    settle();
    EXPECT_EQ(subject("b").applies, 1) << "only the refresh asks for it";
    EXPECT_EQ(subject("b").refreshes, 3);
    nudge("b");
    settle();
    EXPECT_EQ(subject("b").refreshes, 3);
}

TEST_F(RunnerTest, a_refresh_during_a_run_makes_for_one_more) {
    subject("b").takes = Seconds{2};
    want(ManifestBuilder().add(watched("a")).add(part("b", {{"acts", "true"}})).notify("a", "b"));
    pass(Milliseconds{100});
    disturb("a");
    pass(Milliseconds{100});
    disturb("a");
    settle();
    EXPECT_EQ(subject("b").applies, 2);
    EXPECT_EQ(subject("b").most_inside, 1);
}

// Noop.

TEST_F(RunnerTest, noop_reports_and_changes_nothing_and_sends_no_refresh) {
    Declaration dry = part("a");
    dry.meta.noop = true;
    subject("b").wrong = false;
    want(ManifestBuilder().add(dry).add(part("b", {{"acts", "true"}})).notify("a", "b"));
    settle();
    EXPECT_EQ(subject("a").applies, 0);
    EXPECT_EQ(subject("b").checks, 1);
    EXPECT_EQ(subject("b").applies, 0);
    EXPECT_EQ(runs_.at(0).outcome, Outcome::would_change);
    EXPECT_EQ(runs_.at(0).changes.size(), 1u);
    EXPECT_EQ(phase("part[a]"), Phase::settled);
}

TEST_F(RunnerTest, noop_for_all_holds_for_all) {
    make_runner({.noop = true});
    want(ManifestBuilder().add(part("a")).add(part("b")).edge("a", "b"));
    settle();
    EXPECT_EQ(lab_.log, (Names{"a checked", "b checked"}));
    EXPECT_EQ(report_.snapshot().changes, 0u);
}

// Activity and standing.

TEST_F(RunnerTest, changes_and_failed_attempts_are_activity_and_clean_checks_are_not) {
    want(ManifestBuilder().add(watched("a")));
    settle();
    const Instant first = runner_->last_activity();
    pass(Seconds{5});
    ASSERT_TRUE(machine_.files.write("/a", "again", {}));
    settle();
    EXPECT_EQ(subject("a").checks, 2);
    EXPECT_EQ(runner_->last_activity(), first);
    pass(Seconds{5});
    disturb("a");
    settle();
    const Instant second = runner_->last_activity();
    EXPECT_GE(second - first, Seconds{10});
    pass(Seconds{5});
    subject("a").failing_checks = 1;
    disturb("a");
    settle();
    EXPECT_GE(runner_->last_activity() - second, Seconds{5});
}

TEST_F(RunnerTest, tells_when_its_standing_may_have_changed) {
    subject("a").takes = Seconds{1};
    want(ManifestBuilder().add(part("a")));
    EXPECT_GT(moved_, 0);
    const int before = moved_;
    settle();
    EXPECT_GT(moved_, before);
}

// Size.

TEST_F(RunnerTest, works_off_a_very_long_chain) {
    constexpr int many = 20'000;
    ManifestBuilder manifest;
    for (int i = 0; i < many; ++i) manifest.add(part(std::to_string(i)));
    for (int i = 1; i < many; ++i) manifest.edge(std::to_string(i - 1), std::to_string(i));
    subject("0").failing_checks = 1;
    want(manifest);
    settle();
    EXPECT_EQ(runner_->standing().blocked, many - 1u);
    want(manifest.notify("0", "1"));
    EXPECT_EQ(runner_->standing().blocked, many - 1u);
    make_runner({});
    Graph fresh(catalog_);
    graph_ = std::move(fresh);
    want(manifest);
    settle();
    EXPECT_EQ(report_.snapshot().changes, static_cast<std::uint64_t>(many));
}

TEST_F(RunnerTest, a_wide_graph_costs_no_more_than_its_vertices) {
    constexpr int many = 20'000;
    ManifestBuilder manifest;
    manifest.add(watched("first")).add(part("last"));
    for (int i = 0; i < many; ++i) {
        const std::string name = std::to_string(i);
        manifest.add(part(name)).edge("first", name).edge(name, "last");
    }
    want(manifest);
    settle();
    EXPECT_EQ(report_.snapshot().changes, many + 2u);
    EXPECT_EQ(lab_.log.front(), "first checked");
    EXPECT_EQ(lab_.log.back(), "last applied");
    disturb("first");
    settle();
    EXPECT_EQ(report_.snapshot().changes, many + 3u);
}

}  // namespace
}  // namespace hansa
