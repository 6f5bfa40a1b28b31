#include "daemon/rest.h"

#include <gtest/gtest.h>

#include <vector>

#include "sys/sim/loop.h"

namespace hansa {
namespace {

struct Rig {
    SimLoop loop;
    Report report{loop.clock()};
    Standing standing;
    Instant activity{};
    MeshRest mesh;
    int converged = 0;
    std::vector<std::string> told;
    Rest rest;

    explicit Rig(std::optional<Seconds> quiet)
        : rest({loop, report, [this] { return standing; }, [this] { return activity; },
                [this] { return mesh; }},
               quiet, [this] { ++converged; }) {
        report.listen([this](const Event& event, WallTime) {
            const auto* at_rest = std::get_if<happened::AtRest>(&event);
            if (at_rest && !at_rest->only_a_number)
                told.push_back(at_rest->resting ? "rests" : at_rest->waiting_for);
        });
    }
    void look() {
        rest.moved();
        loop.run_for(Milliseconds{1});
    }
};

TEST(Rest, converges_after_the_quiet_time) {
    Rig rig(Seconds{5});
    rig.standing.running = 1;
    rig.look();
    rig.standing.running = 0;
    rig.look();
    rig.loop.run_for(Milliseconds{4900});
    EXPECT_EQ(rig.converged, 0);
    rig.loop.run_for(Milliseconds{200});
    EXPECT_EQ(rig.converged, 1);
    EXPECT_EQ(rig.told, (std::vector<std::string>{"1 resource", "rests"}));
}

TEST(Rest, activity_begins_the_quiet_time_anew) {
    Rig rig(Seconds{5});
    rig.look();
    rig.loop.run_for(Seconds{4});
    rig.activity = rig.loop.clock().now();
    rig.look();
    rig.loop.run_for(Seconds{4});
    EXPECT_EQ(rig.converged, 0);
    rig.loop.run_for(Seconds{2});
    EXPECT_EQ(rig.converged, 1);
}

TEST(Rest, waits_for_the_store_and_says_so) {
    Rig rig(Seconds{0});
    rig.mesh.exports_acknowledged = false;
    rig.look();
    rig.loop.run_for(Seconds{60});
    EXPECT_EQ(rig.converged, 0);
    rig.mesh = {.exports_acknowledged = true, .collect_folded = false};
    rig.look();
    EXPECT_EQ(rig.converged, 0);
    rig.mesh.collect_folded = true;
    rig.look();
    EXPECT_EQ(rig.converged, 1);
    EXPECT_EQ(rig.told, (std::vector<std::string>{"the store", "rests"}));
}

TEST(Rest, without_a_timeout_it_only_tells) {
    Rig rig(std::nullopt);
    rig.look();
    rig.standing.due = 3;
    rig.look();
    rig.standing.due = 0;
    rig.look();
    rig.loop.run_for(Seconds{3600});
    EXPECT_EQ(rig.converged, 0);
    EXPECT_EQ(rig.told, (std::vector<std::string>{"rests", "3 resources", "rests"}));
}

TEST(Rest, the_picture_shows_what_is_waited_for_now_and_the_log_only_what_is_new) {
    Rig rig(std::nullopt);
    const std::string& shown = rig.report.snapshot().rest.waiting_for;
    rig.standing.due = 3;
    rig.mesh.exports_acknowledged = false;
    rig.look();
    rig.standing.due = 1;
    rig.look();
    EXPECT_EQ(shown, "1 resource");
    rig.standing.due = 0;
    rig.look();
    EXPECT_EQ(shown, "the store");
    rig.standing.due = 2;
    rig.look();
    EXPECT_EQ(shown, "2 resources");
    rig.standing.due = 0;
    rig.mesh.exports_acknowledged = true;
    rig.look();
    EXPECT_EQ(shown, "");
    EXPECT_EQ(rig.told,
              (std::vector<std::string>{"3 resources", "the store", "2 resources", "rests"}));
}

TEST(Rest, a_retry_that_is_due_is_no_rest_but_what_failed_for_good_is) {
    EXPECT_EQ(waiting_for({.retrying = 1}, {}), "1 resource");
    EXPECT_EQ(waiting_for({.failed = 2, .blocked = 3, .missing = 1}, {}), "");
}

}  // namespace
}  // namespace hansa
