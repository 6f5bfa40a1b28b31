#include "cli/refusal_pace.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

using happened::Refused;

constexpr std::uint64_t most = RefusalPace::lines_max;

struct Rig {
    RefusalPace pace;
    WallTime now = WallTime{} + Seconds{1'000'000};

    // How many of so many get a line.
    std::uint64_t lines(const std::string& exporter, const std::string& cause,
                        std::uint64_t times) {
        std::uint64_t let = 0;
        for (std::uint64_t i = 0; i < times; ++i)
            let += pace.lets({cause, "text", exporter}, now) ? 1 : 0;
        return let;
    }
};

TEST(RefusalPace, a_flood_gets_a_few_lines_and_a_sum) {
    Rig rig;
    EXPECT_EQ(rig.lines("b", "denied", 1'000), most);
    EXPECT_TRUE(rig.pace.sums(rig.now).empty()) << "not before the minute is over";
    rig.now += RefusalPace::window;
    const auto sums = rig.pace.sums(rig.now);
    ASSERT_EQ(sums.size(), 1u);
    EXPECT_EQ(sums[0].cause, "denied");
    EXPECT_EQ(sums[0].exporter, "b");
    EXPECT_EQ(sums[0].text.find("exports of b: 990 more refusals for this cause since "), 0u)
        << sums[0].text;
    EXPECT_TRUE(rig.pace.sums(rig.now).empty()) << "once";
    EXPECT_EQ(rig.lines("b", "denied", 1'000), most) << "a new minute";
}

TEST(RefusalPace, nobody_takes_another_s_lines) {
    Rig rig;
    rig.lines("b", "denied", 1'000);
    EXPECT_EQ(rig.lines("c", "denied", 2), 2u);
    EXPECT_EQ(rig.lines("b", "digest", 2), 2u);
    EXPECT_EQ(rig.lines("", "store_error", 2), 2u);
    rig.now += RefusalPace::window;
    EXPECT_EQ(rig.pace.sums(rig.now).size(), 1u) << "few are told without a sum";
}

TEST(RefusalPace, invented_exporters_share) {
    Rig rig;
    std::uint64_t lines = 0;
    for (int i = 0; i < 10'000; ++i) lines += rig.lines("h" + std::to_string(i), "denied", 1);
    EXPECT_EQ(lines, RefusalPace::windows_max + most);
}

TEST(RefusalPace, the_end_tells_what_is_left_and_a_clock_that_is_set_back_keeps_nobody_silent) {
    Rig rig;
    rig.lines("b", "denied", most + 1);
    const auto sums = rig.pace.sums();
    ASSERT_EQ(sums.size(), 1u);
    EXPECT_NE(sums[0].text.find(": 1 more refusal for"), std::string::npos) << sums[0].text;
    rig.lines("b", "denied", 1'000);
    rig.now -= Seconds{3600};
    EXPECT_EQ(rig.pace.sums(rig.now).size(), 1u);
    EXPECT_EQ(rig.lines("b", "denied", 1), 1u);
}

}  // namespace
}  // namespace hansa
