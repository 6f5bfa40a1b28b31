#include "daemon/ending.h"

#include <gtest/gtest.h>

#include <vector>

namespace hansa {
namespace {

struct StoppedClock final : Clock {
    Instant now() const override { return {}; }
    WallTime wall() const override { return {}; }
};

struct Rig {
    StoppedClock clock;
    Report report{clock};
    std::vector<std::string> steps;
    Ending ending{report,
                  {.stop = [this] { steps.push_back("stop"); },
                   .cancel = [this] { steps.push_back("cancel"); },
                   .leave = [this] { steps.push_back("leave"); }}};
};

TEST(Ending, each_signal_is_firmer_than_the_one_before) {
    Rig rig;
    rig.ending.on_signal("SIGINT");
    EXPECT_EQ(rig.steps, std::vector<std::string>{"stop"});
    rig.ending.on_signal("SIGINT");
    rig.ending.on_signal("SIGINT");
    EXPECT_EQ(rig.steps, (std::vector<std::string>{"stop", "cancel", "leave"}));
    EXPECT_EQ(rig.ending.code(), ExitCode::fine);
}

TEST(Ending, the_first_reason_gives_the_exit_code) {
    Rig rig;
    rig.ending.finish("the time is up", ExitCode::max_runtime);
    rig.ending.finish("converged", ExitCode::failures);
    EXPECT_EQ(rig.ending.code(), ExitCode::max_runtime);
    EXPECT_EQ(rig.steps, std::vector<std::string>{"stop"});
}

TEST(Ending, a_signal_after_a_reason_of_our_own_stops_only_once) {
    Rig rig;
    rig.ending.finish("", ExitCode::failures);
    rig.ending.on_signal("SIGTERM");
    EXPECT_EQ(rig.steps, std::vector<std::string>{"stop"});
    rig.ending.on_signal("SIGTERM");
    EXPECT_EQ(rig.steps, (std::vector<std::string>{"stop", "cancel"}));
    EXPECT_EQ(rig.ending.code(), ExitCode::failures);
}

}  // namespace
}  // namespace hansa
