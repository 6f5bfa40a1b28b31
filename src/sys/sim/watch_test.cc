#include "sys/sim/watch.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

using namespace std::chrono_literals;

class SimWatchTest : public ::testing::Test {
 protected:
    SimWatchTest() { (void)files.make_directories("/d/e"); }

    void watch(const std::string& path, WatchDepth depth) {
        auto held = watcher.watch(path, depth, [this] { ++calls; });
        ASSERT_TRUE(held);
        watches.push_back(std::move(*held));
    }

    // Calls since the last question.
    int called() {
        EXPECT_TRUE(loop.run_until_idle(1s));
        return std::exchange(calls, 0);
    }

    SimLoop loop;
    SimFiles files{loop.clock()};
    SimPathWatcher watcher{loop, files, 1};
    std::vector<Held> watches;
    int calls = 0;
};

TEST_F(SimWatchTest, an_entry_wakes_for_itself_and_what_is_above_it) {
    watch("/d/e/f", WatchDepth::entry);
    (void)files.write("/d/e/f", "x", {});
    EXPECT_EQ(called(), 1);
    (void)files.write("/d/e/g", "x", {});
    EXPECT_EQ(called(), 0);
    (void)files.set_attributes("/d/e/f", {.mode = 0});
    EXPECT_EQ(called(), 1);
    (void)files.remove("/d/e/f");
    EXPECT_EQ(called(), 1);
    (void)files.remove_tree("/d");
    EXPECT_EQ(called(), 1);
    (void)files.make_directories("/d/e");
    EXPECT_EQ(called(), 1);  // two steps, one call
}

TEST_F(SimWatchTest, content_reaches_one_step_down_and_a_tree_all) {
    watch("/d", WatchDepth::content);
    (void)files.write("/d/f", "x", {});
    EXPECT_EQ(called(), 1);
    (void)files.write("/d/e/f", "x", {});
    EXPECT_EQ(called(), 0);
    watches.clear();
    watch("/d", WatchDepth::tree);
    (void)files.write("/d/e/f", "y", {});
    EXPECT_EQ(called(), 1);
    (void)files.write("/dd", "y", {});
    EXPECT_EQ(called(), 0);
    watches.clear();
    watch("/", WatchDepth::tree);
    (void)files.write("/d/e/f", "z", {});
    EXPECT_EQ(called(), 1);
}

TEST_F(SimWatchTest, what_was_moved_away_is_no_longer_watched) {
    (void)files.write("/d/e/f", "x", {});
    watch("/d/e/f", WatchDepth::entry);
    (void)files.rename("/d/e", "/d/away");
    EXPECT_EQ(called(), 1);
    (void)files.write("/d/away/f", "y", {});
    EXPECT_EQ(called(), 0);
    (void)files.make_directory("/d/e", {});
    EXPECT_EQ(called(), 1);
    (void)files.write("/d/e/f", "x", {});
    EXPECT_EQ(called(), 1);
}

TEST_F(SimWatchTest, a_path_through_a_link_follows_the_link) {
    (void)files.make_directories("/one");
    (void)files.make_directories("/two");
    (void)files.make_symlink("/l", "one");
    watch("/l/f", WatchDepth::entry);
    (void)files.write("/one/f", "x", {});
    EXPECT_EQ(called(), 1);
    (void)files.make_symlink("/l", "two");
    EXPECT_EQ(called(), 1);
    (void)files.write("/one/f", "y", {});
    EXPECT_EQ(called(), 0);
    (void)files.write("/two/f", "y", {});
    EXPECT_EQ(called(), 1);
}

TEST_F(SimWatchTest, a_dropped_watch_is_silent_even_with_a_call_under_way) {
    watch("/d/f", WatchDepth::entry);
    (void)files.write("/d/f", "x", {});
    watches.clear();
    EXPECT_EQ(called(), 0);
    EXPECT_EQ(watcher.size(), 0u);
}

TEST_F(SimWatchTest, a_call_may_drop_its_own_watch) {
    Held self;
    auto held = watcher.watch("/d/f", WatchDepth::entry, [&] {
        ++calls;
        self.reset();
    });
    ASSERT_TRUE(held);
    self = std::move(*held);
    (void)files.write("/d/f", "x", {});
    EXPECT_EQ(called(), 1);
    (void)files.write("/d/f", "y", {});
    EXPECT_EQ(called(), 0);
}

TEST_F(SimWatchTest, an_overflow_calls_every_watch) {
    watch("/d/a", WatchDepth::entry);
    watch("/d/b", WatchDepth::entry);
    (void)files.write("/d/a", "x", {});
    watcher.overflow();
    EXPECT_EQ(called(), 2);
}

TEST_F(SimWatchTest, refuses_above_the_kernels_limit_and_what_is_no_path) {
    SimPathWatcher small(loop, files, 1, {.watches_max = 1});
    auto first = small.watch("/d", WatchDepth::entry, [] {});
    ASSERT_TRUE(first);
    auto second = small.watch("/d", WatchDepth::entry, [] {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::unavailable);
    EXPECT_NE(second.error().text.find("max_user_watches"), std::string::npos);
    EXPECT_EQ(watcher.watch("d", WatchDepth::entry, [] {}).error().code, Code::invalid);
}

}  // namespace
}  // namespace hansa
