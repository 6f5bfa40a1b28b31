#include "daemon/disk_room.h"

#include <gtest/gtest.h>

#include "sys/sim/machine.h"

namespace hansa {
namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20, gib = 1024 * mib;

TEST(DiskRoom, is_low_below_a_tenth_or_a_gibibyte_whichever_is_less) {
    EXPECT_FALSE(is_low({100 * gib, gib}, false));
    EXPECT_TRUE(is_low({100 * gib, gib - 1}, false));
    EXPECT_FALSE(is_low({gib, 103 * mib}, false)) << "a small disk holds seats too";
    EXPECT_TRUE(is_low({gib, 102 * mib}, false));
}

TEST(DiskRoom, is_low_until_half_as_much_again_is_free) {
    EXPECT_TRUE(is_low({100 * gib, gib}, true));
    EXPECT_TRUE(is_low({100 * gib, gib + gib / 2 - 1}, true));
    EXPECT_FALSE(is_low({100 * gib, gib + gib / 2}, true));
}

TEST(DiskRoom, ballast_comes_where_there_is_plenty_and_goes_when_there_is_almost_nothing) {
    EXPECT_EQ(ballast_size(100 * gib), 64 * mib);
    EXPECT_EQ(ballast_size(500 * mib), 10 * mib);
    const auto deed = [](std::uint64_t free, bool is_there) {
        return ballast_deed({100 * gib, free}, is_there);
    };
    EXPECT_EQ(deed(50 * gib, false), BallastDeed::make);
    EXPECT_EQ(deed(gib + 600 * mib, false), BallastDeed::nothing);
    EXPECT_EQ(deed(gib, false), BallastDeed::nothing);
    EXPECT_EQ(deed(0, false), BallastDeed::nothing);
    EXPECT_EQ(deed(128 * mib, true), BallastDeed::nothing);
    EXPECT_EQ(deed(127 * mib, true), BallastDeed::drop);
    for (std::uint64_t size : {10 * mib, 300 * mib, 4 * gib, 1000 * gib})
        for (std::uint64_t free = 0; free <= size; free += size / 97) {
            if (ballast_deed({size, free}, false) != BallastDeed::make) continue;
            const DiskSpace after{size, free - ballast_size(size)};
            EXPECT_FALSE(is_low(after, true)) << "ballast makes no disk low";
            EXPECT_EQ(ballast_deed(after, true), BallastDeed::nothing);
        }
}

class DiskRoomLook : public testing::Test {
 protected:
    DiskRoomLook() { EXPECT_TRUE(machine.files.make_directories("/p/cluster")); }
    RoomFound look(const RoomAsked& of) {
        auto found = room.look(of);
        EXPECT_TRUE(found);
        return *found;
    }
    bool has(const std::string& path) { return static_cast<bool>(machine.files.status(path)); }

    SimLoop loop;
    SimMachine machine{loop, 1};
    DiskSpace space{100 * gib, 50 * gib};
    std::uint64_t occupied = 0;
    DiskRoom room{{machine.files, [this](const std::string&) -> Result<DiskSpace> { return space; },
                   [this](const std::string& path, std::uint64_t bytes) {
                       occupied = bytes;
                       return machine.files.write(path, "ballast", {});
                   }}};
    const RoomAsked asked{"/p", "/p/cluster/ballast"};
};

TEST_F(DiskRoomLook, makes_ballast_beside_a_member_and_throws_it_away_with_a_word) {
    EXPECT_FALSE(look({"/p"}).is_low);
    EXPECT_EQ(occupied, 0u) << "no member is here";
    EXPECT_EQ(look(asked).says, "");
    EXPECT_EQ(occupied, 64 * mib);
    occupied = 0;
    (void)look(asked);
    EXPECT_EQ(occupied, 0u) << "it is there";
    space.free = gib / 2;
    EXPECT_TRUE(look(asked).is_low);
    EXPECT_TRUE(has(asked.ballast));
    space.free = 100 * mib;
    const RoomFound found = look(asked);
    EXPECT_TRUE(found.is_low);
    EXPECT_NE(found.says.find("100 MiB"), std::string::npos) << found.says;
    EXPECT_FALSE(has(asked.ballast));
    EXPECT_EQ(look(asked).says, "");
}

TEST_F(DiskRoomLook, removes_the_ballast_of_a_member_that_is_gone) {
    (void)look(asked);
    ASSERT_TRUE(has(asked.ballast));
    (void)look({"/p", "", {asked.ballast}});
    EXPECT_FALSE(has(asked.ballast));
}

}  // namespace
}  // namespace hansa
