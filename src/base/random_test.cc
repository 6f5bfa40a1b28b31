#include "base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "base/text.h"

namespace hansa {
namespace {

TEST(Random, gives_the_published_numbers_of_splitmix64) {
    SeededRandom random{1234567};
    EXPECT_EQ(random.next(), 6457827717110365317ULL);
    EXPECT_EQ(random.next(), 3203168211198807973ULL);
    EXPECT_EQ(random.next(), 9817491932198370423ULL);
}

TEST(Random, stays_below_its_bound_and_reaches_every_number) {
    SeededRandom random{7};
    std::array<int, 6> seen{};
    for (int i = 0; i < 6000; ++i) ++seen.at(random.below(6));
    for (int count : seen) EXPECT_NEAR(count, 1000, 150);
    EXPECT_EQ(random.below(1), 0U);
}

TEST(Random, has_no_bias_where_the_bound_is_huge) {
    SeededRandom random{7};
    const std::uint64_t bound = (std::uint64_t{1} << 63) + 1;
    int upper = 0;
    for (int i = 0; i < 2000; ++i) upper += random.below(bound) > bound / 2 ? 1 : 0;
    EXPECT_NEAR(upper, 1000, 150);
}

TEST(Random, takes_chances_as_often_as_asked) {
    SeededRandom random{11};
    int taken = 0;
    for (int i = 0; i < 10'000; ++i) {
        EXPECT_FALSE(random.chance(0));
        EXPECT_TRUE(random.chance(1));
        taken += random.chance(0.25) ? 1 : 0;
    }
    EXPECT_NEAR(taken, 2500, 200);
}

TEST(Random, makes_version_4_uuids_that_differ) {
    SeededRandom random{3};
    std::set<std::string> made;
    for (int i = 0; i < 100; ++i) {
        const std::string uuid = make_uuid(random);
        ASSERT_TRUE(glob_matches("*-*-4*-[89ab]*-*", uuid)) << uuid;
        ASSERT_EQ(uuid.size(), 36U);
        EXPECT_EQ(uuid[14], '4');
        EXPECT_EQ(uuid[23], '-');
        made.insert(uuid);
    }
    EXPECT_EQ(made.size(), 100U);
    SeededRandom again{3};
    EXPECT_TRUE(made.contains(make_uuid(again)));
}

TEST(RandomDeathTest, refuses_a_bound_of_zero) {
    SeededRandom random{1};
    EXPECT_DEATH(random.below(0), "broken promise");
}

}  // namespace
}  // namespace hansa
