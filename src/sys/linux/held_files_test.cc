// Views that cannot leave a directory, against somebody who exchanges what stands on the way while
// they are used.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "sys/contract/bench.h"
#include "sys/linux/files.h"
#include "sys/linux/test_loop.h"

namespace hansa {

using contract::code_name;
using test::FreshDirectory;

class HeldFiles : public testing::Test {
 protected:
    std::string path(const std::string& name) { return directory_.path() + "/" + name; }
    void put(const std::string& name, const std::string& bytes) {
        ASSERT_TRUE(files_.write(path(name), bytes, {.mode = 0640}));
    }

    // Everything about "outside" that a change would change, and everything in it.
    std::string outside() {
        std::string all;
        for (const char* name : {"out", "out/f", "out/g", "out/sub", "out/sub/f"}) {
            const std::string below = name;
            auto found = files_.status(path(below));
            if (!found) return "<" + found.error().text + ">";
            all += below + ":" + std::to_string(found->inode) + ":" + std::to_string(found->mode) +
                   ":" + std::to_string(found->modified.time_since_epoch().count()) + ":" +
                   std::to_string(found->owner) + "\n";
        }
        return all + *files_.read(path("out/f"), 100) +
               std::to_string(files_.list(path("out"))->size());
    }

    FreshDirectory directory_;
    LinuxFiles files_;
};

TEST_F(HeldFiles, no_round_of_exchanges_leads_out) {
    constexpr int rounds = 10'000;
    ASSERT_TRUE(files_.make_directory(path("held"), {}));
    ASSERT_TRUE(files_.make_directory(path("held/way"), {}));
    ASSERT_TRUE(files_.make_directory(path("held/way/sub"), {}));
    ASSERT_TRUE(files_.make_directory(path("out"), {}));
    ASSERT_TRUE(files_.make_directory(path("out/sub"), {}));
    put("out/f", "precious");
    put("out/g", "precious");
    put("out/sub/f", "precious");
    // Exchanged in one step with the directory "way", and with the file "last" in it.
    ASSERT_TRUE(files_.make_symlink(path("held/link"), path("out")));
    ASSERT_TRUE(files_.make_symlink(path("held/end"), path("out/f")));
    put("held/last", "mine");
    const std::string before = outside();

    auto view = files_.within(path("held"));
    ASSERT_TRUE(view);
    Files& held = **view;
    std::atomic<int> exchanged = 0;
    std::jthread attacker([&](const std::stop_token& over) {
        const auto swap = [&](const std::string& a, const std::string& b) {
            return ::renameat2(AT_FDCWD, path(a).c_str(), AT_FDCWD, path(b).c_str(),
                               RENAME_EXCHANGE) == 0;
        };
        while (!over.stop_requested()) {
            if (swap("held/way", "held/link")) exchanged.fetch_add(1);
            swap("held/last", "held/end");
        }
    });

    int done = 0;
    int refused = 0;
    const auto count = [&](const auto& result) { ++(result ? done : refused); };
    for (int turn = 0; turn < 100 || exchanged < rounds || done == 0 || refused == 0; ++turn) {
        count(held.write(path("held/way/f"), "theirs", {.mode = 0600}));
        count(held.write(path("held/last"), "theirs", {.mode = 0600}));
        count(held.set_attributes(path("held/way/g"), {.mode = 0777}));
        count(held.set_attributes(path("held/last"), {.mode = 0777}));
        count(held.make_directory(path("held/way/new"), {.mode = 0777}));
        count(held.make_symlink(path("held/way/l"), "x"));
        count(held.rename(path("held/way/f"), path("held/way/moved")));
        count(held.remove(path("held/way/g")));
        count(held.remove_tree(path("held/way/sub")));
        count(held.remove_tree(path("held/way/new")));
        auto bytes = held.read(path("held/way/f"), 100);
        EXPECT_TRUE(!bytes || *bytes != "precious");
        bytes = held.read(path("held/last"), 100);
        EXPECT_TRUE(!bytes || *bytes != "precious");
        EXPECT_FALSE(held.list(path("held/way/sub/f")));
    }
    attacker = {};
    EXPECT_EQ(outside(), before);
    EXPECT_GE(exchanged, rounds);
    EXPECT_GT(done, 0);
    EXPECT_GT(refused, 0);
}

// Removing a tree walks for a while: what is exchanged on its way is not walked into.
TEST_F(HeldFiles, the_removal_of_a_tree_does_not_walk_out) {
    ASSERT_TRUE(files_.make_directory(path("held"), {}));
    ASSERT_TRUE(files_.make_directory(path("out"), {}));
    ASSERT_TRUE(files_.make_directory(path("out/sub"), {}));
    put("out/f", "precious");
    put("out/g", "precious");
    put("out/sub/f", "precious");
    ASSERT_TRUE(files_.make_symlink(path("link"), path("out")));
    const std::string before = outside();
    auto view = files_.within(path("held"));
    ASSERT_TRUE(view);
    std::jthread attacker([&](const std::stop_token& over) {
        while (!over.stop_requested())
            ::renameat2(AT_FDCWD, path("held/d/sub").c_str(), AT_FDCWD, path("link").c_str(),
                        RENAME_EXCHANGE);
    });
    for (int turn = 0; turn < 200; ++turn) {
        (void)files_.make_directory(path("held/d"), {});
        (void)files_.make_directory(path("held/d/sub"), {});
        (void)files_.write(path("held/d/sub2"), "x", {});
        (void)(*view)->remove_tree(path("held/d"));
        if (files_.status(path("link"))->type != FileType::symlink) {
            (void)files_.remove_tree(path("link"));
            (void)files_.make_symlink(path("link"), path("out"));
        }
    }
    attacker = {};
    EXPECT_EQ(outside(), before);
}

TEST_F(HeldFiles, a_second_name_is_not_changed_with_the_first) {
    ASSERT_TRUE(files_.make_directory(path("held"), {}));
    put("secret", "precious");
    ASSERT_EQ(::link(path("secret").c_str(), path("held/f").c_str()), 0);
    auto view = files_.within(path("held"));
    ASSERT_TRUE(view);
    auto changed = (*view)->set_attributes(path("held/f"), {.mode = 0666});
    EXPECT_EQ(code_name(changed), "denied");
    EXPECT_NE(changed.error().text.find("hard links"), std::string::npos);
    EXPECT_EQ(files_.status(path("secret"))->mode, 0640u);
    ASSERT_TRUE((*view)->write(path("held/f"), "new", {.mode = 0644}));
    EXPECT_EQ(*files_.read(path("secret"), 100), "precious");
    EXPECT_EQ(files_.status(path("secret"))->mode, 0640u);
}

TEST_F(HeldFiles, no_magic_link_is_followed_and_no_descriptor_stays_open) {
    auto view = files_.within("/proc/self");
    ASSERT_TRUE(view);
    EXPECT_EQ(code_name((*view)->list("/proc/self/cwd/x")), "denied");
    EXPECT_EQ(code_name((*view)->status("/proc/self/root/etc")), "denied");
    const std::size_t before = files_.list("/proc/self/fd")->size();
    auto held = files_.within(directory_.path());
    for (int turn = 0; turn < 20; ++turn) {
        EXPECT_TRUE((*held)->write(path("f"), "x", {}));
        EXPECT_FALSE((*held)->write(path("no/f"), "x", {}));
        EXPECT_FALSE((*held)->status("/etc/passwd"));
        EXPECT_TRUE((*held)->holds(path("f"), "x"));
    }
    EXPECT_EQ(files_.list("/proc/self/fd")->size(), before);
}

}  // namespace hansa
