#include "report/report.h"

#include <gtest/gtest.h>

#include <set>

namespace hansa {
namespace {

class HandClock final : public Clock {
 public:
    Instant now() const override { return Instant{}; }
    WallTime wall() const override { return time; }

    WallTime time = WallTime{} + Seconds{1000};
};

happened::ResourceRan ran(std::string id, Outcome outcome, std::string error = {}) {
    happened::ResourceRan event;
    event.id = std::move(id);
    event.outcome = outcome;
    event.error = std::move(error);
    return event;
}

TEST(Report, counts_resources_by_phase) {
    HandClock clock;
    Report report(clock);
    report.publish(happened::ResourcePhase{"noop[a]", Phase::waiting, "noop[b]"});
    report.publish(happened::ResourcePhase{"noop[b]", Phase::running, {}});
    EXPECT_EQ(report.snapshot().count_by_phase,
              (std::map<Phase, std::size_t>{{Phase::waiting, 1}, {Phase::running, 1}}));

    report.publish(happened::ResourcePhase{"noop[b]", Phase::settled, {}});
    report.publish(happened::ResourcePhase{"noop[a]", Phase::settled, {}});
    EXPECT_EQ(report.snapshot().count_by_phase,
              (std::map<Phase, std::size_t>{{Phase::settled, 2}}));

    report.publish(happened::ResourceGone{"noop[a]"});
    report.publish(happened::ResourceGone{"noop[never-there]"});
    EXPECT_EQ(report.snapshot().count_by_phase,
              (std::map<Phase, std::size_t>{{Phase::settled, 1}}));
    EXPECT_EQ(report.snapshot().resources.size(), 1u);
}

TEST(Report, remembers_since_when_a_phase_lasts) {
    HandClock clock;
    Report report(clock);
    const WallTime began = clock.time;
    report.publish(happened::ResourcePhase{"noop[a]", Phase::waiting, "noop[b]"});
    clock.time += Seconds{5};
    report.publish(happened::ResourcePhase{"noop[a]", Phase::waiting, "noop[c]"});
    EXPECT_EQ(report.snapshot().resources.at("noop[a]").since, began);
    EXPECT_EQ(report.snapshot().resources.at("noop[a]").detail, "noop[c]");

    report.publish(happened::ResourcePhase{"noop[a]", Phase::settled, {}});
    EXPECT_EQ(report.snapshot().resources.at("noop[a]").since, began + Seconds{5});
    EXPECT_EQ(report.snapshot().resources.at("noop[a]").detail, "");
}

TEST(Report, a_success_clears_the_last_error) {
    HandClock clock;
    Report report(clock);
    report.publish(happened::ResourcePhase{"exec[x]", Phase::running, {}});
    report.publish(ran("exec[x]", Outcome::failed, "exit status 1"));
    EXPECT_EQ(report.snapshot().resources.at("exec[x]").last_error, "exit status 1");
    EXPECT_EQ(report.snapshot().resources.at("exec[x]").failures, 1u);

    report.publish(ran("exec[x]", Outcome::changed));
    const ResourceReport& now = report.snapshot().resources.at("exec[x]");
    EXPECT_EQ(now.last_error, "");
    EXPECT_EQ(now.runs, 2u);
    EXPECT_EQ(now.changes, 1u);
    EXPECT_EQ(now.failures, 1u);
    EXPECT_EQ(report.snapshot().runs, 2u);
    EXPECT_EQ(report.snapshot().changes, 1u);
}

TEST(Report, a_late_run_does_not_bring_back_a_resource_that_left) {
    HandClock clock;
    Report report(clock);
    report.publish(happened::ResourcePhase{"exec[x]", Phase::running, {}});
    report.publish(happened::ResourceGone{"exec[x]"});
    report.publish(ran("exec[x]", Outcome::would_change));
    EXPECT_TRUE(report.snapshot().resources.empty());
    EXPECT_TRUE(report.snapshot().count_by_phase.empty());
    EXPECT_EQ(report.snapshot().runs, 1u);
    EXPECT_EQ(report.snapshot().changes, 0u);
}

TEST(Report, a_refused_graph_is_shown_until_one_is_adopted) {
    HandClock clock;
    Report report(clock);
    report.publish(happened::GraphAdopted{"web", 3, 2, 3, 0, true, Duration{0}});
    report.publish(happened::GraphRefused{"web.yaml:3:1: no kind \"scv\""});
    EXPECT_EQ(report.snapshot().graph.name, "web");
    EXPECT_EQ(report.snapshot().refused_graph, "web.yaml:3:1: no kind \"scv\"");

    report.publish(happened::GraphAdopted{"web", 4, 2, 1, 0, false, Duration{0}});
    EXPECT_EQ(report.snapshot().refused_graph, "");
    EXPECT_EQ(report.snapshot().graph.resources, 4u);
}

TEST(Report, counts_a_redraw_once_whoever_brought_it) {
    HandClock clock;
    Report report(clock);
    report.publish(happened::GraphAdopted{});
    EXPECT_EQ(report.snapshot().redraws, 1u);
    report.publish(happened::GraphAmended{9, 1, 1, 0, Duration{0}});
    report.publish(happened::Collected{9, 1, 0});
    EXPECT_EQ(report.snapshot().redraws, 2u);
    EXPECT_EQ(report.snapshot().graph.resources, 9u);
}

TEST(Report, what_is_collected_does_not_hide_a_refused_graph) {
    HandClock clock;
    Report report(clock);
    report.publish(happened::GraphRefused{"web.yaml:3:1: no kind"});
    report.publish(happened::GraphAmended{});
    EXPECT_EQ(report.snapshot().refused_graph, "web.yaml:3:1: no kind");
}

TEST(Report, shows_agent_store_rest_and_refusals_by_cause) {
    HandClock clock;
    Report report(clock);
    EXPECT_FALSE(report.snapshot().rest.resting);
    report.publish(happened::AgentStarted{"1.0", "a", "a.yaml", "standalone", 7});
    report.publish(happened::StoreChanged{happened::StoreChanged::State::away, "refused"});
    report.publish(happened::AtRest{true, {}});
    report.publish(happened::Refused{"bad_record", "x"});
    report.publish(happened::Refused{"bad_record", "y"});
    report.publish(happened::Refused{"quota", "z"});

    const Snapshot& now = report.snapshot();
    EXPECT_EQ(now.agent.host, "a");
    EXPECT_EQ(now.started, clock.time);
    EXPECT_EQ(now.store.state, happened::StoreChanged::State::away);
    EXPECT_TRUE(now.rest.resting);
    EXPECT_EQ(now.refusals,
              (std::map<std::string, std::uint64_t>{{"bad_record", 2}, {"quota", 1}}));
}

TEST(Report, shows_hosts_that_have_ended_and_since_when) {
    using State = happened::PeerTurned::State;
    Snapshot snapshot;
    const auto turn = [&snapshot](State state, const std::string& host, int at) {
        fold(snapshot, happened::PeerTurned{state, host, Seconds{600}}, WallTime{Seconds{at}});
    };
    turn(State::stale, "a", 1);
    turn(State::stale, "b", 2);
    turn(State::stale, "c", 3);
    turn(State::expired, "b", 602);
    turn(State::back, "a", 603);
    turn(State::forgotten, "c", 604);
    ASSERT_EQ(snapshot.absent_hosts.size(), 1u);
    EXPECT_EQ(snapshot.absent_hosts.at("b").state, State::expired);
    EXPECT_EQ(snapshot.absent_hosts.at("b").since, WallTime{Seconds{2}});
}

TEST(Report, what_is_only_told_leaves_the_picture_alone) {
    HandClock clock;
    Report report(clock);
    int heard = 0;
    report.listen([&heard](const Event&, WallTime) { ++heard; });
    report.publish(happened::Published{});
    report.publish(happened::Conflict{});
    report.publish(happened::Warned{"w"});
    report.publish(happened::Noted{"n"});
    report.publish(happened::Spoke{"s"});
    report.publish(happened::Converged{});
    report.publish(happened::Fatal{"f"});
    report.publish(happened::Stopping{});
    report.publish(happened::Stopped{});
    EXPECT_EQ(heard, 9);
    EXPECT_EQ(report.snapshot().runs, 0u);
    EXPECT_EQ(report.snapshot().redraws, 0u);
    EXPECT_TRUE(report.snapshot().refusals.empty());
}

TEST(Report, every_listener_hears_events_in_one_order_even_when_one_answers) {
    HandClock clock;
    Report report(clock);
    std::vector<std::string> heard;
    report.listen([&report](const Event& event, WallTime) {
        const auto* note = std::get_if<happened::Noted>(&event);
        if (note && note->text == "question") report.publish(happened::Noted{"answer"});
    });
    report.listen([&heard](const Event& event, WallTime) {
        if (const auto* note = std::get_if<happened::Noted>(&event)) heard.push_back(note->text);
    });
    report.publish(happened::Noted{"question"});
    report.publish(happened::Noted{"later"});
    EXPECT_EQ(heard, (std::vector<std::string>{"question", "answer", "later"}));
}

TEST(Report, listeners_see_the_picture_with_their_event_in_it) {
    HandClock clock;
    Report report(clock);
    std::size_t seen = 0;
    report.listen([&](const Event&, WallTime time) {
        seen = report.snapshot().resources.size();
        EXPECT_EQ(time, clock.time);
    });
    report.publish(happened::ResourcePhase{"noop[a]", Phase::settled, {}});
    EXPECT_EQ(seen, 1u);
}

TEST(Report, every_phase_and_outcome_has_a_name_of_its_own) {
    std::set<std::string_view> names;
    for (int phase = 0; phase <= static_cast<int>(Phase::yielding); ++phase)
        names.insert(name_of(static_cast<Phase>(phase)));
    EXPECT_EQ(names.size(), 8u);
    EXPECT_EQ(name_of(Outcome::would_change), "would_change");
    EXPECT_EQ(name_of(Outcome::failed), "failed");
    EXPECT_EQ(name_of(Outcome::unchanged), "unchanged");
    EXPECT_EQ(name_of(Outcome::changed), "changed");
}

}  // namespace
}  // namespace hansa
