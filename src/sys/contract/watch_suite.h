// What every PathWatcher port must do. See bench.h for how a side runs it.
//
// A wake-up more than needed is allowed, one less is not, so the cases count "at least one since"
// and give silence only where a far away path changes.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "sys/contract/bench.h"
#include "sys/files.h"
#include "sys/watch.h"

namespace hansa::contract {

class WatchBench : public LoopBench {
 public:
    virtual PathWatcher& watcher() = 0;
    virtual Files& files() = 0;
    // An existing empty directory without trailing slash, of this bench alone.
    virtual std::string root() = 0;
};

class WatchContract : public testing::TestWithParam<std::unique_ptr<WatchBench> (*)()> {
 protected:
    std::string path(const std::string& name) { return bench_->root() + "/" + name; }
    void put(const std::string& name, const std::string& bytes = "x") {
        auto done = bench_->files().write(path(name), bytes, {});
        ASSERT_TRUE(done) << done.error().text;
    }
    void make(const std::string& name) {
        auto done = bench_->files().make_directory(path(name), {});
        ASSERT_TRUE(done) << done.error().text;
    }
    void move(const std::string& from, const std::string& to) {
        auto done = bench_->files().rename(path(from), path(to));
        ASSERT_TRUE(done) << done.error().text;
    }
    void remove(const std::string& name) {
        auto done = bench_->files().remove_tree(path(name));
        ASSERT_TRUE(done) << done.error().text;
    }
    Held watch(const std::string& name, int& calls, WatchDepth depth = WatchDepth::entry) {
        auto held = bench_->watcher().watch(path(name), depth, [&calls] { ++calls; });
        EXPECT_TRUE(held) << held.error().text;
        return held ? *std::move(held) : nullptr;
    }

    // True when `calls` grows; then waits for the rest of the burst.
    bool woken(int& calls) {
        bool came = bench_->run_until([&] { return calls > 0; });
        bench_->run_for_a_while();
        calls = 0;
        return came;
    }
    bool silent(int& calls) {
        bench_->run_for_a_while();
        return calls == 0;
    }

    std::unique_ptr<WatchBench> bench_ = GetParam()();
};

TEST_P(WatchContract, a_file_that_is_made_changed_and_removed_wakes_each_time) {
    int calls = 0;
    Held held = watch("f", calls);
    EXPECT_TRUE(silent(calls));
    put("f");
    EXPECT_TRUE(woken(calls));
    put("f", "y");
    EXPECT_TRUE(woken(calls));
    ASSERT_TRUE(
        bench_->files().set_attributes(path("f"), {.mode = 0600, .owner = {}, .group = {}}));
    EXPECT_TRUE(woken(calls));
    remove("f");
    EXPECT_TRUE(woken(calls));
}

TEST_P(WatchContract, callbacks_come_from_the_loop_and_never_from_within) {
    int calls = 0;
    Held held = watch("f", calls);
    put("f");
    EXPECT_EQ(calls, 0);
    EXPECT_TRUE(woken(calls));
}

TEST_P(WatchContract, neighbours_do_not_wake) {
    int calls = 0;
    put("f");
    Held held = watch("f", calls);
    put("g");
    remove("g");
    make("d");
    EXPECT_TRUE(silent(calls));
}

TEST_P(WatchContract, a_dropped_watch_is_silent_and_others_of_the_path_are_not) {
    int first = 0;
    int second = 0;
    Held dropped = watch("f", first);
    Held kept = watch("f", second);
    put("f");
    dropped.reset();
    EXPECT_TRUE(woken(second));
    EXPECT_EQ(first, 0);
    put("f", "y");
    EXPECT_TRUE(woken(second));
    EXPECT_EQ(first, 0);
}

TEST_P(WatchContract, a_callback_may_drop_its_own_and_other_watches_and_make_new_ones) {
    int calls = 0;
    int late = 0;
    Held one;
    Held other;
    Held fresh;
    auto drop = [&] {
        ++calls;
        one.reset();
        other.reset();
        fresh = watch("g", late);
    };
    one = *bench_->watcher().watch(path("f"), WatchDepth::entry, drop);
    other = *bench_->watcher().watch(path("f"), WatchDepth::entry, drop);
    put("f");
    EXPECT_TRUE(bench_->run_until([&] { return calls > 0; }));
    bench_->run_for_a_while();
    EXPECT_EQ(calls, 1);
    put("g");
    EXPECT_TRUE(woken(late));
}

TEST_P(WatchContract, missing_directories_are_climbed_down_as_they_appear) {
    int calls = 0;
    Held held = watch("a/b/c/f", calls);
    make("a");
    make("a/b");
    bench_->run_for_a_while();
    make("a/b/c");
    bench_->run_for_a_while();
    calls = 0;
    put("a/b/c/f");
    EXPECT_TRUE(woken(calls));
    put("a/b/c/f", "y");
    EXPECT_TRUE(woken(calls));
}

TEST_P(WatchContract, a_tree_that_appears_in_one_step_wakes) {
    make("away");
    make("away/b");
    put("away/b/f");
    int calls = 0;
    Held held = watch("a/b/f", calls);
    move("away", "a");
    EXPECT_TRUE(woken(calls));
    put("a/b/f", "y");
    EXPECT_TRUE(woken(calls));
}

TEST_P(WatchContract, directories_made_faster_than_they_are_noticed_lose_nothing) {
    int calls = 0;
    Held held = watch("a/b/c/f", calls);
    make("a");
    make("a/b");
    make("a/b/c");
    put("a/b/c/f");
    EXPECT_TRUE(woken(calls));
    put("a/b/c/f", "y");
    EXPECT_TRUE(woken(calls));
}

TEST_P(WatchContract, a_directory_moved_away_wakes_and_its_old_content_is_not_watched) {
    make("a");
    make("a/b");
    put("a/b/f");
    int calls = 0;
    Held held = watch("a/b/f", calls);
    move("a", "away");
    EXPECT_TRUE(woken(calls));
    put("away/b/f", "y");
    EXPECT_TRUE(silent(calls));
    make("a");
    make("a/b");
    bench_->run_for_a_while();
    calls = 0;
    put("a/b/f");
    EXPECT_TRUE(woken(calls));
    put("away/b/f", "z");
    EXPECT_TRUE(silent(calls));
}

TEST_P(WatchContract, a_removed_and_remade_directory_is_watched_again) {
    make("a");
    put("a/f");
    int calls = 0;
    Held held = watch("a/f", calls);
    for (int i = 0; i < 3; ++i) {
        remove("a");
        EXPECT_TRUE(woken(calls));
        make("a");
        bench_->run_for_a_while();
        calls = 0;
        put("a/f");
        EXPECT_TRUE(woken(calls));
    }
}

TEST_P(WatchContract, a_directory_by_entry_wakes_for_itself_and_not_for_its_content) {
    make("d");
    int calls = 0;
    Held held = watch("d", calls);
    ASSERT_TRUE(
        bench_->files().set_attributes(path("d"), {.mode = 0700, .owner = {}, .group = {}}));
    EXPECT_TRUE(woken(calls));
    remove("d");
    EXPECT_TRUE(woken(calls));
    make("d");
    EXPECT_TRUE(woken(calls));
}

TEST_P(WatchContract, content_wakes_for_direct_entries_also_when_the_directory_comes_later) {
    int calls = 0;
    Held held = watch("d", calls, WatchDepth::content);
    make("d");
    EXPECT_TRUE(woken(calls));
    put("d/f");
    EXPECT_TRUE(woken(calls));
    put("d/f", "y");
    EXPECT_TRUE(woken(calls));
    make("d/sub");
    EXPECT_TRUE(woken(calls));
    remove("d/f");
    EXPECT_TRUE(woken(calls));
}

TEST_P(WatchContract, tree_wakes_for_everything_below) {
    make("d");
    make("d/old");
    int calls = 0;
    Held held = watch("d", calls, WatchDepth::tree);
    put("d/old/f");
    EXPECT_TRUE(woken(calls));
    make("d/new");
    EXPECT_TRUE(woken(calls));
    make("d/new/deep");
    EXPECT_TRUE(woken(calls));
    put("d/new/deep/f");
    EXPECT_TRUE(woken(calls));
    remove("d/new");
    EXPECT_TRUE(woken(calls));
    move("d", "away");
    EXPECT_TRUE(woken(calls));
    put("away/old/g");
    EXPECT_TRUE(silent(calls));
    put("outside");
    EXPECT_TRUE(silent(calls));
}

TEST_P(WatchContract, a_link_in_the_middle_of_a_path_is_followed) {
    make("real");
    put("real/f");
    ASSERT_TRUE(bench_->files().make_symlink(path("l"), path("real")));
    int calls = 0;
    Held held = watch("l/f", calls);
    put("real/f", "y");
    EXPECT_TRUE(woken(calls));
    put("l/f", "z");
    EXPECT_TRUE(woken(calls));
}

TEST_P(WatchContract, bad_paths_are_invalid) {
    for (std::string bad : {std::string("f"), std::string(""), std::string("/a\0b", 4)}) {
        auto held = bench_->watcher().watch(bad, WatchDepth::entry, [] {});
        ASSERT_FALSE(held) << bad;
        EXPECT_EQ(held.error().code, Code::invalid);
    }
}

}  // namespace hansa::contract
