#include "cli/render.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "report/explain.h"
#include "report/json.h"

namespace hansa {
namespace {

using namespace happened;

// The line without its clock time, which depends on the time zone.
std::string line(const Event& event, Detail detail = Detail::normal, Colour colour = Colour::none) {
    auto text = as_line(event, WallTime{}, detail, colour);
    return text ? text->substr(9) : "(nothing)";
}

ResourceRan ran(Outcome outcome) {
    ResourceRan event;
    event.id = "file[/etc/motd]";
    event.outcome = outcome;
    event.took = Milliseconds{2};
    return event;
}

TEST(Render, a_change_says_what_it_was_and_how_long_it_took) {
    ResourceRan event = ran(Outcome::changed);
    event.changes = {{"content", "12 B", "18 B"}, {"mode", "", "0644"}, {"owner", "bob", ""}};
    EXPECT_EQ(line(event),
              "file[/etc/motd] changed: content 12 B -> 18 B, mode 0644, owner bob -> nothing "
              "(2 ms)");
}

TEST(Render, what_is_as_declared_is_told_only_to_those_who_ask) {
    EXPECT_EQ(line(ran(Outcome::unchanged)), "(nothing)");
    EXPECT_EQ(line(ran(Outcome::unchanged), Detail::verbose),
              "file[/etc/motd] is as declared (2 ms)");
}

TEST(Render, a_failure_is_told_even_when_quiet_and_says_when_it_is_tried_again) {
    ResourceRan event = ran(Outcome::failed);
    event.error = "no space left on device";
    event.retry_in = Seconds{1};
    event.attempt = 2;
    EXPECT_EQ(line(event, Detail::quiet),
              "file[/etc/motd] failed: no space left on device (2 ms); attempt 3 in 1 s");
}

TEST(Render, quiet_leaves_out_what_is_well) {
    EXPECT_EQ(line(ran(Outcome::changed), Detail::quiet), "(nothing)");
    EXPECT_EQ(line(Published{.exports = 2, .written = 2, .removed = 0, .took = {}}, Detail::quiet),
              "(nothing)");
    EXPECT_NE(line(Warned{"careful"}, Detail::quiet), "(nothing)");
    EXPECT_NE(line(StoreChanged{StoreChanged::State::away, "refused"}, Detail::quiet), "(nothing)");
}

TEST(Render, a_store_without_a_quorum_is_read_only_since_some_time) {
    const StoreChanged event{StoreChanged::State::read_only, "1 of 3 members answer",
                             WallTime{Seconds{3600}}};
    const auto text = as_line(event, event.since, Detail::quiet, Colour::none);
    ASSERT_TRUE(text);
    const std::string clock = text->substr(0, 8);
    EXPECT_EQ(text->substr(9), "store: read-only since " + clock +
                                   ", 1 of 3 members answer; what is known stays enforced");
}

TEST(Render, colours_only_where_they_are_wanted) {
    EXPECT_EQ(line(Warned{"careful"}), "warning: careful");
    const std::string coloured = line(Warned{"careful"}, Detail::normal, Colour::ansi);
    EXPECT_NE(coloured.find("\033["), std::string::npos);
    EXPECT_TRUE(coloured.ends_with("\033[0m"));
}

TEST(Render, several_errors_stand_below_each_other) {
    const std::string text = line(GraphRefused{"a.yaml:1:1: one\na.yaml:2:1: two"});
    EXPECT_EQ(split(text, '\n').size(), 3u);
    EXPECT_TRUE(split(text, '\n')[2].starts_with("         a.yaml:2:1: two"));
}

Snapshot with_resource(const std::string& id, const std::string& error) {
    Snapshot snapshot;
    ResourceRan event;
    event.id = id;
    event.outcome = Outcome::failed;
    event.error = error;
    fold(snapshot, ResourcePhase{id, Phase::failed, {}}, WallTime{});
    fold(snapshot, event, WallTime{});
    return snapshot;
}

TEST(Render, a_run_that_was_notified_says_so) {
    ResourceRan event = ran(Outcome::changed);
    event.refreshed = true;
    EXPECT_EQ(line(event), "file[/etc/motd] changed (2 ms, notified)");
}

TEST(Render, an_old_error_does_not_hide_what_is_waited_for) {
    Snapshot snapshot = with_resource("file[x]", "disk full");
    fold(snapshot, ResourcePhase{"file[x]", Phase::blocked, "exec[y] is failed"}, WallTime{});
    for (const std::string& text : {as_status(to_value(snapshot)), as_summary(snapshot, {})})
        EXPECT_NE(text.find("exec[y] is failed; before that: disk full"), std::string::npos)
            << text;
}

TEST(Render, what_is_collected_is_told_in_one_line) {
    EXPECT_EQ(line(GraphAmended{8, 1, 1, 0, Duration{0}}), "(nothing)");
    EXPECT_EQ(line(Fatal{"the port is taken"}, Detail::quiet), "the port is taken");
}

TEST(Render, a_host_that_goes_and_what_it_exported) {
    using State = PeerTurned::State;
    const PeerTurned gone{State::stale, "b", Seconds{600}};
    const PeerTurned expired{State::expired, "b", Seconds{600}};
    EXPECT_EQ(line(gone), "host b is gone; what it exports stays in force for 10 min");
    EXPECT_EQ(line(expired),
              "warning: host b has been gone for 10 min; what it exports is no longer collected");
    EXPECT_EQ(line(PeerTurned{State::back, "b", {}}), "host b is back");
    EXPECT_EQ(line(PeerTurned{State::forgotten, "b", {}}), "(nothing)");

    Snapshot snapshot;
    fold(snapshot, gone, WallTime{});
    EXPECT_NE(as_status(to_value(snapshot))
                  .find("stale   host b, gone since 1970-01-01T00:00:00.000Z; what it exports is "
                        "still in force\n"),
              std::string::npos);
    fold(snapshot, expired, WallTime{Seconds{600}});
    EXPECT_NE(as_status(to_value(snapshot)).find("expired host b, gone since 1970-01-01T00:00:00"),
              std::string::npos);
}

TEST(Render, nothing_that_is_told_can_move_the_cursor) {
    EXPECT_EQ(line(Warned{"a\033[2Jb\rc\xc2\x9b"}), "warning: a\\x1B[2Jb\\x0Dc\\xC2\\x9B");
    const std::string status =
        as_status(to_value(with_resource("file[\033[31m]", "no \007 bell\nsecond line")));
    EXPECT_EQ(status.find_first_of("\033\007"), std::string::npos);
    EXPECT_NE(status.find("no \\x07 bell"), std::string::npos);
}

TEST(Render, the_announcements_words_at_the_end) {
    EXPECT_EQ(line(Converged{Seconds{5}}), "Converged for 5 seconds, exiting!");
    EXPECT_EQ(line(Converged{Seconds{0}}), "Converged, exiting!");
    EXPECT_EQ(line(Stopped{0}), "Goodbye!");
}

Snapshot with_resources() {
    Snapshot snapshot;
    for (int number = 0; number < 30; ++number) {
        const std::string id = "file[f" + std::to_string(number) + "]";
        const WallTime time{};
        fold(snapshot, ResourcePhase{id, number < 5 ? Phase::settled : Phase::failed, {}}, time);
    }
    return snapshot;
}

TEST(Render, the_summary_counts_and_names_what_is_wrong_up_to_a_limit) {
    const auto lines = split(as_summary(with_resources(), WallTime{Seconds{3}}), '\n');
    EXPECT_TRUE(lines[0].starts_with("30 resources: 5 as declared, 25 failed; 0 changes in"))
        << lines[0];
    EXPECT_EQ(lines.size(), 22u);
    EXPECT_EQ(lines.back(), "  and 5 more");
}

TEST(Explanation, names_exporter_signature_and_policy_line) {
    using happened::Judged;
    Snapshot snapshot;
    const WallTime time{Seconds{1'475'323'200}};
    fold(snapshot, happened::ResourcePhase{"file[a] from b", Phase::settled, {}}, time);
    fold(snapshot,
         Judged{Judged::Verdict::allowed, "file[a] from b", "/x/", "b", "u", "k1", "p.yaml:3", ""},
         time);
    fold(
        snapshot,
        Judged{Judged::Verdict::denied, "exec[e] from b", "", "b", "u", "k1", "default", "no rule"},
        time);
    EXPECT_EQ(as_explanation(explain(snapshot, "file[a]")),
              "file[a] from b\n"
              "  state      settled since 2016-10-01T12:00:00.000Z, 0 runs, 0 changes, 0 failures\n"
              "  exporter   b, uuid u\n"
              "  into       /x/\n"
              "  signature  good, by key k1\n"
              "  policy     allowed by p.yaml:3\n");
    EXPECT_EQ(as_explanation(explain(snapshot, "exec[e]")),
              "exec[e] from b\n"
              "  state      not applied\n"
              "  exporter   b, uuid u\n"
              "  signature  good, by key k1\n"
              "  policy     denied by default: no rule\n");
}

TEST(Explanation, a_refused_signature_says_why_and_that_the_policy_was_not_asked) {
    using happened::Judged;
    Snapshot snapshot;
    fold(snapshot,
         Judged{Judged::Verdict::refused, "file[a] from b", "", "b", "", "", "", "bad \033[31m"},
         {});
    const std::string text = as_explanation(explain(snapshot, ""));
    EXPECT_NE(text.find("exporter   b, not certified\n"), std::string::npos) << text;
    EXPECT_NE(text.find("refused: bad \\x1B[31m; what was accepted before stays"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("policy     not asked\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace hansa
