#include "daemon/seat_teller.h"

#include <gtest/gtest.h>

#include "sys/sim/machine.h"

namespace hansa {
namespace {

constexpr std::uint64_t gib = std::uint64_t{1} << 30;

const std::vector<std::string> urls{"https://192.0.2.1:2380"};

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
    Result<SeatTeller::Times> syncs = SeatTeller::Times{};  // as many as asked for, of its first
    std::vector<std::size_t> probes;
    SeatTeller teller{{loop, machine.workers, random, report},
                      {.where =
                           [this] {
                               return RoomAsked{"/p", ballast};
                           },
                       .look = [this](const RoomAsked& asked) -> Result<RoomFound> {
                           looks.push_back(asked);
                           if (!space) return space.error();
                           const DiskSpace found{100 * gib, *space};
                           return RoomFound{found, is_low(found, asked.was_low), ""};
                       },
                       .time_syncs =
                           [this](const std::string& path, std::size_t count) {
                               EXPECT_EQ(path, "/p/fsync-probe");
                               probes.push_back(count);
                               if (syncs && !syncs->empty()) syncs->resize(count, syncs->front());
                               return syncs;
                           },
                       .tell = [this](SeatOffer offer) { told.push_back(std::move(offer)); }}};

    // The steward's host `a` tells its time, which was `ahead` of ours, each minute.
    void hear_the_time(Milliseconds ahead, int times = 2) {
        for (; times > 0; --times) {
            const Duration theirs = loop.clock().wall().time_since_epoch() + ahead;
            teller.hear({"a", duration_cast<Milliseconds>(theirs)});
            loop.run_for(Seconds{60});
        }
    }

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
    rig.teller.use({.domain = "dc=lon", .peer_urls = urls});
    ASSERT_EQ(rig.told.size(), 1u);
    const SeatOffer lon{.domain = "dc=lon", .peer_urls = urls};
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
    rig.teller.use({.domain = "dc=par", .peer_urls = urls});
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
    rig.teller.use({.domain = "", .wish = SeatWish::prefer, .peer_urls = urls});
    EXPECT_EQ(rig.told.back().wish, SeatWish::no);
    rig.teller.refuse_seats(true);
    EXPECT_EQ(rig.told.size(), 1u) << "what is the same is not told again";
    rig.teller.refuse_seats(false);
    EXPECT_EQ(rig.told.back().wish, SeatWish::prefer);
}

TEST(SeatTeller, says_at_once_that_a_disk_is_nearly_full_and_when_it_has_room_again) {
    Rig rig;
    rig.teller.use({.domain = "", .peer_urls = urls});
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

TEST(SeatTeller, tells_how_fast_the_disk_writes_once_it_has_seen_enough) {
    Rig rig;
    rig.syncs = SeatTeller::Times{Milliseconds{5}};
    rig.teller.use({.domain = "", .peer_urls = urls});
    rig.loop.run_for(Seconds{29});
    EXPECT_TRUE(rig.probes.empty()) << "the first moments belong to what the host is for";
    rig.loop.run_for(Seconds{120});
    EXPECT_EQ(rig.probes.front(), 4u);
    EXPECT_FALSE(rig.told.back().fsync_p99) << "of a few writes nothing is said";
    rig.loop.run_for(Seconds{300});
    EXPECT_EQ(rig.told.back().fsync_p99, Milliseconds{8});
    const std::size_t told = rig.told.size();
    rig.loop.run_for(Seconds{3600});
    EXPECT_EQ(rig.told.size(), told);
    rig.syncs = Error{Code::unavailable, "no space left"};
    rig.loop.run_for(Seconds{120});
    EXPECT_FALSE(rig.told.back().fsync_p99) << "of a full disk nothing is known";
    EXPECT_EQ(rig.told.back().disk_free, 16 * gib);
}

TEST(SeatTeller, writes_to_a_disk_only_where_somebody_may_need_the_figure) {
    Rig rig;
    rig.syncs = SeatTeller::Times{Milliseconds{5}};
    rig.teller.use({.domain = "", .wish = SeatWish::no, .peer_urls = urls});
    rig.loop.run_for(Seconds{600});
    EXPECT_TRUE(rig.probes.empty());
    rig.ballast = "/p/ballast";  // a member is here all the same
    rig.loop.run_for(Seconds{600});
    ASSERT_GE(rig.probes.size(), 80u);
    EXPECT_EQ(rig.probes.back(), 1u);
    EXPECT_EQ(rig.told.back().fsync_p99, Milliseconds{8});
}

TEST(SeatTeller, tells_how_far_its_clock_is_off_and_warns_above_a_second) {
    Rig rig;
    rig.teller.use({.domain = "", .peer_urls = urls});
    rig.loop.run_for(Seconds{120});
    EXPECT_FALSE(rig.told.back().clock_offset) << "nobody has told any time";
    rig.hear_the_time(Milliseconds{0});
    EXPECT_EQ(rig.told.back().clock_offset, Milliseconds{0});
    EXPECT_TRUE(rig.warnings.empty());
    const std::size_t told = rig.told.size();
    rig.hear_the_time(Milliseconds{200}, 5);
    EXPECT_EQ(rig.told.size(), told);
    rig.hear_the_time(Milliseconds{5000}, 5);
    EXPECT_EQ(rig.told.back().clock_offset, Milliseconds{-5000});
    ASSERT_EQ(rig.warnings.size(), 1u);
    EXPECT_NE(rig.warnings[0].find("is 5 s behind that of a"), std::string::npos)
        << rig.warnings[0];
    rig.hear_the_time(Milliseconds{0}, 10);
    EXPECT_EQ(rig.told.back().clock_offset, Milliseconds{0});
    EXPECT_EQ(rig.warnings.size(), 1u);
}

TEST(SeatTeller, of_a_host_that_can_have_no_seat_measures_the_clock_only) {
    Rig rig;
    rig.syncs = SeatTeller::Times{Milliseconds{5}};
    rig.teller.use({.domain = "dc=lon", .wish = SeatWish::no, .peer_urls = {}});
    rig.hear_the_time(Milliseconds{-3000}, 4);
    ASSERT_EQ(rig.told.size(), 2u);
    EXPECT_EQ(rig.told.back().clock_offset, Milliseconds{3000});
    EXPECT_EQ(rig.told.back().domain, "dc=lon");
    EXPECT_TRUE(rig.looks.empty());
    EXPECT_TRUE(rig.probes.empty());
}

TEST(SeatTeller, looks_more_often_beside_a_member) {
    Rig rig;
    rig.teller.use({.domain = "", .peer_urls = urls});
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
