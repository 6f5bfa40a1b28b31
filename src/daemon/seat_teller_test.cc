#include "daemon/seat_teller.h"

#include <gtest/gtest.h>

#include "sys/sim/machine.h"

namespace hansa {
namespace {

constexpr std::uint64_t gib = std::uint64_t{1} << 30;

struct Rig {
    SimLoop loop;
    SimMachine machine{loop, 1};
    SeededRandom random{3};
    Result<std::uint64_t> space = 20 * gib;
    Report report{loop.clock()};
    std::vector<std::string> warnings;
    std::string ballast;
    std::vector<RoomAsked> looks;
    std::vector<SeatOffer> told;
    SeatTeller teller{{loop, machine.workers, random, report},
                      [this] {
                          return RoomAsked{"/p", ballast};
                      },
                      [this](const RoomAsked& asked) -> Result<RoomFound> {
                          looks.push_back(asked);
                          if (!space) return space.error();
                          const DiskSpace found{100 * gib, *space};
                          return RoomFound{found, is_low(found, asked.was_low), ""};
                      },
                      [this](SeatOffer offer) { told.push_back(std::move(offer)); }};
    Rig() {
        report.listen([this](const Event& event, WallTime) {
            if (const auto* one = std::get_if<happened::Warned>(&event))
                warnings.push_back(one->text);
        });
    }
};

TEST(SeatTeller, rounds_space_down_and_keeps_what_it_said_until_it_has_clearly_changed) {
    EXPECT_EQ(told_space(0, 20 * gib), 16 * gib);
    for (const std::uint64_t near : {16 * gib, 15 * gib, 31 * gib, 33 * gib, 35 * gib})
        EXPECT_EQ(told_space(16 * gib, near), 16 * gib) << near;
    EXPECT_EQ(told_space(16 * gib, 14 * gib), 8 * gib);
    EXPECT_EQ(told_space(16 * gib, 36 * gib), 32 * gib);
    EXPECT_EQ(told_space(16 * gib, 0), 0u);
    EXPECT_EQ(told_space(gib, 900 << 20), 512u << 20) << "never more than there is, by much";
}

TEST(SeatTeller, tells_at_once_what_it_is_told_and_again_only_what_changed) {
    Rig rig;
    rig.teller.use({.domain = "dc=lon", .peer_urls = {}});
    ASSERT_EQ(rig.told.size(), 1u);
    const SeatOffer lon{.domain = "dc=lon", .peer_urls = {}};
    EXPECT_EQ(rig.told[0], lon);
    rig.loop.run_for(Seconds{3600});
    ASSERT_EQ(rig.told.size(), 2u);
    EXPECT_EQ(rig.told[1].disk_free, 16 * gib);
    rig.space = 19 * gib;
    rig.loop.run_for(Seconds{3600});
    EXPECT_EQ(rig.told.size(), 2u);
    rig.space = 3 * gib;
    rig.loop.run_for(Seconds{120});
    ASSERT_EQ(rig.told.size(), 3u);
    EXPECT_EQ(rig.told[2].disk_free, 2 * gib);
    rig.space = Error{Code::unavailable, "no disk"};
    rig.loop.run_for(Seconds{3600});
    EXPECT_EQ(rig.told.size(), 3u);
    rig.teller.use({.domain = "dc=par", .peer_urls = {}});
    ASSERT_EQ(rig.told.size(), 4u);
    EXPECT_EQ(rig.told[3].disk_free, 2 * gib) << "what was measured still holds";
    rig.space = 20 * gib;
    rig.loop.run_for(Seconds{120});
    EXPECT_EQ(rig.told.back().disk_free, 16 * gib);
}

TEST(SeatTeller, refuses_seats_for_as_long_as_it_is_told_to) {
    Rig rig;
    rig.teller.refuse_seats(true);
    EXPECT_TRUE(rig.told.empty()) << "who offers none has none to refuse";
    rig.teller.use({.domain = "", .wish = SeatWish::prefer, .peer_urls = {}});
    EXPECT_EQ(rig.told.back().wish, SeatWish::no);
    rig.teller.refuse_seats(true);
    EXPECT_EQ(rig.told.size(), 1u) << "what is the same is not told again";
    rig.teller.refuse_seats(false);
    EXPECT_EQ(rig.told.back().wish, SeatWish::prefer);
}

TEST(SeatTeller, says_at_once_that_a_disk_is_nearly_full_and_when_it_has_room_again) {
    Rig rig;
    rig.teller.use({});
    rig.loop.run_for(Seconds{120});
    EXPECT_FALSE(rig.told.back().disk_low);
    rig.space = gib - 1;
    rig.loop.run_for(Seconds{120});
    EXPECT_TRUE(rig.told.back().disk_low);
    ASSERT_EQ(rig.warnings.size(), 1u);
    EXPECT_NE(rig.warnings[0].find("1023 MiB of 102400 MiB are free: this host is given no seat"),
              std::string::npos)
        << rig.warnings[0];
    rig.space = gib;
    rig.loop.run_for(Seconds{120});
    EXPECT_TRUE(rig.told.back().disk_low) << "not yet: it would go to and fro";
    rig.space = 2 * gib;
    rig.loop.run_for(Seconds{120});
    EXPECT_FALSE(rig.told.back().disk_low);
    EXPECT_EQ(rig.warnings.size(), 1u);
}

TEST(SeatTeller, looks_more_often_beside_a_member) {
    Rig rig;
    rig.teller.use({});
    rig.loop.run_for(Seconds{600});
    EXPECT_LT(rig.looks.size(), 15u);
    rig.ballast = "/p/ballast";
    rig.looks.clear();
    rig.teller.look_anew();
    rig.loop.run_for(Milliseconds{10});
    EXPECT_EQ(rig.looks.size(), 1u);
    rig.loop.run_for(Seconds{100});
    EXPECT_GE(rig.looks.size(), 15u);
}

}  // namespace
}  // namespace hansa
