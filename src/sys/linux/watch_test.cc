#include "sys/linux/watch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "base/text.h"
#include "sys/contract/watch_suite.h"
#include "sys/linux/test_loop.h"

namespace hansa {

using test::FreshDirectory;
using test::run_for;
using test::run_until;

namespace {

class LinuxWatchBench final : public contract::WatchBench {
 public:
    Loop& loop() override { return loop_; }
    PathWatcher& watcher() override { return *watcher_; }
    Files& files() override { return files_; }
    std::string root() override { return directory_.path(); }
    bool run_until(const std::function<bool()>& holds) override {
        return test::run_until(loop_, holds);
    }
    void run_for_a_while() override { test::run_for(loop_, Milliseconds{15}); }

 private:
    FreshDirectory directory_;
    LinuxFiles files_;
    LinuxLoop loop_;
    std::unique_ptr<LinuxPathWatcher> watcher_ = *LinuxPathWatcher::make(loop_);
};

std::unique_ptr<contract::WatchBench> make_bench() {
    return std::make_unique<LinuxWatchBench>();
}

}  // namespace

namespace contract {
INSTANTIATE_TEST_SUITE_P(Linux, WatchContract, testing::Values(&make_bench));
}  // namespace contract

class LinuxWatch : public testing::Test {
 protected:
    std::string path(const std::string& name) { return directory_.path() + "/" + name; }
    Held watch(const std::string& name, int& calls, WatchDepth depth = WatchDepth::entry) {
        auto held = watcher_->watch(path(name), depth, [&calls] { ++calls; });
        EXPECT_TRUE(held) << held.error().text;
        return held ? *std::move(held) : nullptr;
    }
    bool woken(int& calls) {
        bool came = run_until(loop_, [&] { return calls > 0; });
        run_for(loop_, Milliseconds{10});
        calls = 0;
        return came;
    }

    // As the kernel counts them.
    std::size_t kernel_watches() {
        std::size_t count = 0;
        auto fds = files_.list("/proc/self/fdinfo");
        for (const DirectoryEntry& fd : *fds) {
            auto info = files_.read("/proc/self/fdinfo/" + fd.name, 1 << 20);
            if (!info) continue;
            for (const std::string& line : split(*info, '\n')) {
                if (line.starts_with("inotify wd:")) ++count;
            }
        }
        return count;
    }

    FreshDirectory directory_;
    LinuxFiles files_;
    LinuxLoop loop_;
    std::unique_ptr<LinuxPathWatcher> watcher_ = *LinuxPathWatcher::make(loop_);
};

TEST_F(LinuxWatch, ten_thousand_files_of_a_directory_cost_one_watch_of_the_kernel) {
    std::vector<Held> held;
    int calls = 0;
    for (int i = 0; i < 10'000; ++i) held.push_back(watch("f" + std::to_string(i), calls));
    EXPECT_EQ(kernel_watches(), 3u) << "the root, /tmp and the directory";
    ASSERT_TRUE(files_.write(path("f7777"), "x", {}));
    EXPECT_TRUE(woken(calls));
    held.clear();
    EXPECT_EQ(kernel_watches(), 0u);
}

TEST_F(LinuxWatch, writing_in_place_and_truncating_wake) {
    ASSERT_TRUE(files_.write(path("f"), "content", {}));
    int calls = 0;
    Held held = watch("f", calls);
    Fd file(::open(path("f").c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(::write(file.get(), "X", 1), 1);
    EXPECT_TRUE(woken(calls));
    file.close();
    EXPECT_TRUE(woken(calls));
    ASSERT_EQ(::truncate(path("f").c_str(), 0), 0);
    EXPECT_TRUE(woken(calls));
}

TEST_F(LinuxWatch, one_atomic_write_is_one_call) {
    int calls = 0;
    Held held = watch("f", calls);
    for (int i = 1; i <= 20; ++i) {
        ASSERT_TRUE(
            files_.write(path("f"), std::to_string(i), {.mode = 0640, .owner = {}, .group = {}}));
        ASSERT_TRUE(run_until(loop_, [&] { return calls == i; }));
        run_for(loop_, Milliseconds{5});
        ASSERT_EQ(calls, i);
    }
}

TEST_F(LinuxWatch, a_directory_removed_while_somebody_stays_in_it_is_noticed) {
    ASSERT_TRUE(files_.make_directory(path("d"), {}));
    ASSERT_TRUE(files_.write(path("d/f"), "x", {}));
    int calls = 0;
    Held held = watch("d/f", calls);
    Fd inside(::open(path("d").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(files_.remove_tree(path("d")));
    EXPECT_TRUE(woken(calls));
    ASSERT_TRUE(files_.make_directory(path("d"), {}));
    run_for(loop_, Milliseconds{10});
    calls = 0;
    ASSERT_TRUE(files_.write(path("d/f"), "y", {}));
    EXPECT_TRUE(woken(calls));
}

TEST_F(LinuxWatch, a_link_that_is_turned_elsewhere_is_followed_there) {
    for (const char* name : {"one", "two"}) {
        ASSERT_TRUE(files_.make_directory(path(name), {}));
        ASSERT_TRUE(files_.write(path(name) + "/f", name, {}));
    }
    ASSERT_TRUE(files_.make_symlink(path("l"), "one"));
    int calls = 0;
    Held held = watch("l/f", calls);
    ASSERT_TRUE(files_.make_symlink(path("l"), "two"));
    EXPECT_TRUE(woken(calls));
    ASSERT_TRUE(files_.write(path("two/f"), "new", {}));
    EXPECT_TRUE(woken(calls));
    ASSERT_TRUE(files_.write(path("one/f"), "new", {}));
    run_for(loop_, Milliseconds{20});
    EXPECT_EQ(calls, 0);
}

TEST_F(LinuxWatch, two_paths_to_one_directory_do_not_disturb_each_other) {
    ASSERT_TRUE(files_.make_directory(path("real"), {}));
    ASSERT_TRUE(files_.make_symlink(path("l"), "real"));
    int straight = 0;
    int linked = 0;
    int through = 0;
    Held first = watch("real/f", straight);
    Held second = watch("l/f", linked);
    Held passing = watch("l/sub/f", through);
    ASSERT_TRUE(files_.write(path("real/f"), "x", {}));
    EXPECT_TRUE(woken(straight));
    EXPECT_TRUE(woken(linked));
    second.reset();
    ASSERT_TRUE(files_.write(path("real/f"), "y", {}));
    EXPECT_TRUE(woken(straight));
    ASSERT_TRUE(files_.make_directory(path("real/sub"), {}));
    EXPECT_TRUE(woken(through));
    ASSERT_TRUE(files_.remove(path("l")));
    EXPECT_TRUE(woken(through));
    ASSERT_TRUE(files_.write(path("real/f"), "z", {}));
    EXPECT_TRUE(woken(straight));
    EXPECT_EQ(through, 0);
}

TEST_F(LinuxWatch, a_file_where_a_directory_should_be_is_not_the_end) {
    int calls = 0;
    ASSERT_TRUE(files_.write(path("d"), "a file", {}));
    Held held = watch("d/f", calls);
    ASSERT_TRUE(files_.remove(path("d")));
    ASSERT_TRUE(files_.make_directory(path("d"), {}));
    EXPECT_TRUE(woken(calls));
    ASSERT_TRUE(files_.write(path("d/f"), "x", {}));
    EXPECT_TRUE(woken(calls));
}

TEST_F(LinuxWatch, odd_spellings_of_a_path_are_one_folder) {
    int calls = 0;
    ASSERT_TRUE(files_.make_directory(path("d"), {}));
    Held held = watch("/d/.//f/", calls);
    ASSERT_TRUE(files_.write(path("d/f"), "x", {}));
    EXPECT_TRUE(woken(calls));
    auto root = watcher_->watch("/", WatchDepth::entry, [] {});
    EXPECT_TRUE(root);
}

TEST_F(LinuxWatch, lost_events_wake_every_watch_and_mend_the_map) {
    auto limit = files_.read("/proc/sys/fs/inotify/max_queued_events", 100);
    auto most = to_int(trim(*limit));
    ASSERT_TRUE(most);
    if (*most > 100'000) GTEST_SKIP() << "the queue of this machine is too long to fill";
    int near = 0;
    int far = 0;
    ASSERT_TRUE(files_.make_directory(path("d"), {}));
    Held held = watch("noisy", near);
    Held other = watch("d/sub/f", far);
    // Two names by turns, as the kernel merges equal events that follow each other.
    for (std::int64_t i = 0; i <= *most; ++i) {
        Fd file(::open(path(i % 2 == 0 ? "noisy" : "noise").c_str(), O_WRONLY | O_CREAT, 0600));
    }
    ASSERT_TRUE(files_.make_directory(path("d/sub"), {}));  // this event is lost
    EXPECT_TRUE(woken(far));
    ASSERT_TRUE(files_.write(path("d/sub/f"), "x", {}));
    EXPECT_TRUE(woken(far));
    EXPECT_GT(near, 0);
}

TEST_F(LinuxWatch, a_watch_costs_nothing_while_nothing_happens) {
    int calls = 0;
    Held held = watch("f", calls);
    rusage before;
    getrusage(RUSAGE_THREAD, &before);
    loop_.step(Milliseconds{100});
    rusage after;
    getrusage(RUSAGE_THREAD, &after);
    EXPECT_LE(after.ru_nvcsw - before.ru_nvcsw, 3);
}

// Directories, files and watches in every order: after each burst the watches that should have
// been woken were, and what they then see is the truth.
TEST_F(LinuxWatch, any_order_of_changes_ends_with_every_watch_alive) {
    SeededRandom random(7);
    const std::vector<std::string> names = {"a", "a/b", "a/b/c", "a/b/c/f", "a/f", "g"};
    std::vector<int> calls(names.size(), 0);
    std::vector<Held> held;
    for (std::size_t i = 0; i < names.size(); ++i) held.push_back(watch(names[i], calls[i]));
    for (int round = 0; round < 60; ++round) {
        for (int change = 0; change < 5; ++change) {
            const std::string& name = names[random.below(names.size())];
            switch (random.below(4)) {
                case 0: static_cast<void>(files_.make_directory(path(name), {})); break;
                case 1: static_cast<void>(files_.write(path(name), "x", {})); break;
                case 2: static_cast<void>(files_.remove_tree(path(name))); break;
                default:
                    static_cast<void>(files_.remove_tree(path("away")));
                    static_cast<void>(files_.rename(path(name), path("away")));
            }
        }
        run_for(loop_, Milliseconds{3});
        std::size_t chosen = random.below(names.size());
        calls[chosen] = 0;
        bool removed = bool(files_.remove_tree(path(names[chosen])));
        bool made = !removed && bool(files_.write(path(names[chosen]), "fresh", {}));
        if (removed || made) {
            ASSERT_TRUE(woken(calls[chosen])) << names[chosen] << " in round " << round;
        }
    }
}

}  // namespace hansa
