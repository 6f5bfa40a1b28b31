#include "report/metrics.h"

#include <gtest/gtest.h>

#include <sstream>

namespace hansa {
namespace {

class Measured : public ::testing::Test {
 protected:
    struct Frozen final : Clock {
        Instant now() const override { return {}; }
        WallTime wall() const override { return WallTime{Seconds{1'700'000'000}}; }
    };

    void tell(const Event& event) { report.publish(event); }
    std::string text() const { return metrics_text(report.snapshot(), tally, seats); }
    // The value of that line; "none" when there is no such line.
    std::string value(const std::string& name) const {
        std::istringstream lines(text());
        for (std::string line; std::getline(lines, line);)
            if (line.starts_with(name + " ")) return line.substr(name.size() + 1);
        return "none";
    }

    Measured() {
        report.listen([this](const Event& event, WallTime) { count(tally, event); });
    }

    Frozen clock;
    Report report{clock};
    Tally tally;
    std::optional<SeatFigures> seats;
};

happened::ResourceRan ran(Outcome outcome, Duration took) {
    happened::ResourceRan event;
    event.id = "file[a]";
    event.outcome = outcome;
    event.took = took;
    return event;
}

TEST_F(Measured, every_figure_has_its_type_and_help_and_is_a_number) {
    seats = SeatFigures{};
    std::istringstream lines(text());
    std::string family;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# HELP ")) continue;
        if (line.starts_with("# TYPE ")) {
            family = line.substr(7, line.find(' ', 7) - 7);
            EXPECT_TRUE(line.ends_with(" gauge") || line.ends_with(" counter")) << line;
            EXPECT_EQ(line.ends_with(" counter"), family.ends_with("_total")) << line;
            continue;
        }
        EXPECT_TRUE(line.starts_with(family + " ") || line.starts_with(family + "{")) << line;
        std::size_t end = 0;
        const std::string number = line.substr(line.rfind(' ') + 1);
        (void)std::stod(number, &end);
        EXPECT_EQ(end, number.size()) << line;
    }
}

TEST_F(Measured, what_happens_is_counted) {
    tell(ran(Outcome::changed, Milliseconds{1500}));
    tell(ran(Outcome::failed, Milliseconds{500}));
    tell(happened::Published{2, 3, 1, Milliseconds{250}});
    tell(happened::Collected{7, 2, 1});
    tell(happened::GraphRefused{"bad"});
    EXPECT_EQ(value("hansa_runs_total{outcome=\"changed\"}"), "1");
    EXPECT_EQ(value("hansa_runs_total{outcome=\"unchanged\"}"), "0");
    EXPECT_EQ(value("hansa_run_seconds_total"), "2");
    EXPECT_EQ(value("hansa_records_written_total"), "3");
    EXPECT_EQ(value("hansa_records_removed_total"), "1");
    EXPECT_EQ(value("hansa_publish_seconds_total"), "0.25");
    EXPECT_EQ(value("hansa_resources_collected"), "7");
    EXPECT_EQ(value("hansa_withdrawn_total"), "1");
    EXPECT_EQ(value("hansa_graph_is_refused"), "1");
}

TEST_F(Measured, a_store_is_lost_as_often_as_it_was_there) {
    using State = happened::StoreChanged::State;
    for (const State state : {State::starting, State::away, State::connected, State::read_only,
                              State::away, State::connected, State::away})
        tell(happened::StoreChanged{state, "", {}});
    EXPECT_EQ(value("hansa_store_losses_total"), "2");
    EXPECT_EQ(value("hansa_store_state{state=\"away\"}"), "1");
    EXPECT_EQ(value("hansa_store_state{state=\"connected\"}"), "0");
}

TEST_F(Measured, words_of_others_cannot_break_a_line) {
    tell(happened::Refused{"a\"b\\c\nd", "text"});
    EXPECT_EQ(value("hansa_refusals_total{cause=\"a\\\"b\\\\c\\nd\"}"), "1");
}

TEST_F(Measured, seats_are_told_by_the_agent_of_a_voter_only) {
    EXPECT_EQ(value("hansa_voter"), "0");
    EXPECT_EQ(value("hansa_voters"), "none");
    seats = SeatFigures{true, false, 5, 3, 1, 1, 4096};
    EXPECT_EQ(value("hansa_voter"), "1");
    EXPECT_EQ(value("hansa_leader"), "1");
    EXPECT_EQ(value("hansa_steward"), "0");
    EXPECT_EQ(value("hansa_seats_ideal"), "5");
    EXPECT_EQ(value("hansa_voters"), "3");
    EXPECT_EQ(value("hansa_store_bytes"), "4096");
}

}  // namespace
}  // namespace hansa
