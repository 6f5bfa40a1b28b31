#include "daemon/recovery/bench_places.h"

#include <gtest/gtest.h>

#include "sys/sim/machine.h"

namespace hansa {
namespace {

class Benches : public testing::Test {
 protected:
    void make(const std::string& path) { ASSERT_TRUE(machine.files.make_directories(path)); }
    bool has(const std::string& path) { return static_cast<bool>(machine.files.status(path)); }

    SimLoop loop;
    SimMachine machine{loop, 1, {}};
    SeededRandom random{5};
};

TEST_F(Benches, what_commands_left_behind_goes_and_nothing_else) {
    const std::string made = bench_place("/s", BenchUse::make, random);
    const std::string looked = bench_place("/s", BenchUse::look, random);
    EXPECT_TRUE(made.starts_with("/s/new-")) << made;
    EXPECT_TRUE(looked.starts_with("/s/look-")) << looked;
    for (const std::string& bench : {made, looked}) make(bench + "/etcd/member");
    const std::vector<std::string> others = {"/s/etcd/member", "/s/etcd.aside-20261122T150113Z",
                                             "/s/new-", "/s/new-store", made + "x"};
    for (const std::string& other : others) make(other);
    const auto cleared = clear_benches(machine.files, "/s");
    ASSERT_TRUE(cleared) << cleared.error().text;
    EXPECT_EQ(*cleared, 2U);
    EXPECT_FALSE(has(made));
    EXPECT_FALSE(has(looked));
    for (const std::string& other : others) EXPECT_TRUE(has(other)) << other;
    EXPECT_EQ(*clear_benches(machine.files, "/s"), 0U);
}

TEST_F(Benches, where_there_is_no_store_there_is_nothing_to_clear) {
    EXPECT_EQ(*clear_benches(machine.files, "/none"), 0U);
}

}  // namespace
}  // namespace hansa
