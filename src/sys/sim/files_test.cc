#include "sys/sim/files.h"

#include <gtest/gtest.h>

#include "sys/sim/loop.h"

namespace hansa {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t no_limit = 1 << 30;

class SimFilesTest : public ::testing::Test {
 protected:
    Code code_of_write(const std::string& path) {
        auto written = files.write(path, "x", {});
        return written ? Code::internal : written.error().code;
    }
    std::string content(const std::string& path) {
        auto bytes = files.read(path, no_limit);
        return bytes ? *bytes : bytes.error().text;
    }

    SimLoop loop;
    SimFiles files{loop.clock()};
};

TEST_F(SimFilesTest, a_write_is_a_new_inode_that_keeps_mode_and_owner) {
    ASSERT_TRUE(files.write("/tmp/a", "one", {.mode = 0600, .owner = 7, .group = 8}));
    const FileStatus before = *files.status("/tmp/a");
    loop.run_for(5s);
    ASSERT_TRUE(files.write("/tmp/a", "two!", {}));
    const FileStatus after = *files.status("/tmp/a");
    EXPECT_NE(after.inode, before.inode);
    EXPECT_EQ(after.mode, 0600u);
    EXPECT_EQ(after.owner, 7u);
    EXPECT_EQ(after.group, 8u);
    EXPECT_EQ(after.size, 4u);
    EXPECT_EQ(after.modified - before.modified, 5s);
    EXPECT_TRUE(*files.holds("/tmp/a", "two!"));
    EXPECT_FALSE(*files.holds("/tmp/a", "two"));
}

TEST_F(SimFilesTest, an_edit_in_place_keeps_the_inode) {
    ASSERT_TRUE(files.write("/tmp/a", "one", {}));
    const std::uint64_t inode = files.status("/tmp/a")->inode;
    ASSERT_TRUE(files.overwrite("/tmp/a", "two"));
    EXPECT_EQ(files.status("/tmp/a")->inode, inode);
    EXPECT_EQ(content("/tmp/a"), "two");
}

TEST_F(SimFilesTest, refuses_what_is_no_path_and_what_has_no_parent) {
    EXPECT_EQ(code_of_write("relative"), Code::invalid);
    EXPECT_EQ(code_of_write(""), Code::invalid);
    EXPECT_EQ(code_of_write(std::string("/tmp/a\0b", 8)), Code::invalid);
    EXPECT_EQ(code_of_write("/tmp/" + std::string(256, 'a')), Code::invalid);
    EXPECT_EQ(code_of_write("/nowhere/a"), Code::missing);
    ASSERT_TRUE(files.write("/tmp/file", "", {}));
    EXPECT_EQ(code_of_write("/tmp/file/below"), Code::missing);
    EXPECT_EQ(code_of_write("/tmp"), Code::invalid);
    EXPECT_EQ(files.read("/tmp", no_limit).error().code, Code::invalid);
    EXPECT_EQ(files.read("/tmp/none", no_limit).error().text,
              "/tmp/none: no such file or directory");
    ASSERT_TRUE(files.write("/tmp/long", "12345", {}));
    EXPECT_EQ(files.read("/tmp/long", 4).error().code, Code::invalid);
}

TEST_F(SimFilesTest, follows_links_on_the_way_but_not_at_the_end) {
    ASSERT_TRUE(files.make_directories("/data/real"));
    ASSERT_TRUE(files.make_symlink("/data/link", "real"));
    ASSERT_TRUE(files.make_symlink("/data/up", "../data/link"));
    ASSERT_TRUE(files.write("/data/up/f", "hello", {}));
    EXPECT_EQ(content("/data/real/f"), "hello");
    EXPECT_EQ(files.real_path("/data/up/f"), "/data/real/f");
    EXPECT_EQ(files.real_path("/data/up/x/y/"), "/data/real/x/y");
    EXPECT_EQ(files.status("/data/link")->type, FileType::symlink);
    EXPECT_EQ(*files.read_symlink("/data/up"), "../data/link");

    ASSERT_TRUE(files.make_symlink("/data/real/l", "f"));
    ASSERT_TRUE(files.write("/data/real/l", "own", {}));  // replaces the link, not its target
    EXPECT_EQ(content("/data/real/f"), "hello");
    EXPECT_EQ(content("/data/real/l"), "own");
}

TEST_F(SimFilesTest, a_ring_of_links_is_refused) {
    ASSERT_TRUE(files.make_symlink("/tmp/a", "b"));
    ASSERT_TRUE(files.make_symlink("/tmp/b", "a"));
    EXPECT_EQ(files.status("/tmp/a/x").error().code, Code::invalid);
}

TEST_F(SimFilesTest, directories_are_listed_in_order_and_removed_when_empty) {
    ASSERT_TRUE(files.make_directory("/d", {.mode = 0700}));
    EXPECT_EQ(files.status("/d")->mode, 0700u);
    EXPECT_EQ(files.make_directory("/d", {}).error().code, Code::conflict);
    ASSERT_TRUE(files.write("/d/b", "", {}));
    ASSERT_TRUE(files.make_directory("/d/a", {}));
    ASSERT_TRUE(files.make_pipe("/d/c"));
    const auto entries = *files.list("/d");
    ASSERT_EQ(entries.size(), 3u);
    EXPECT_EQ(entries[0].name, "a");
    EXPECT_EQ(entries[0].type, FileType::directory);
    EXPECT_EQ(entries[2].type, FileType::other);
    EXPECT_EQ(files.list("/d/b").error().code, Code::invalid);

    EXPECT_EQ(files.remove("/d").error().code, Code::conflict);
    EXPECT_EQ(files.remove("/d/none").error().code, Code::missing);
    ASSERT_TRUE(files.remove("/d/a"));
    ASSERT_TRUE(files.remove_tree("/d"));
    EXPECT_EQ(files.status("/d").error().code, Code::missing);
    EXPECT_EQ(files.remove_tree("/").error().code, Code::conflict);
}

TEST_F(SimFilesTest, removing_a_link_spares_its_target) {
    ASSERT_TRUE(files.make_directories("/keep"));
    ASSERT_TRUE(files.write("/keep/f", "x", {}));
    ASSERT_TRUE(files.make_directory("/d", {}));
    ASSERT_TRUE(files.make_symlink("/d/l", "/keep"));
    ASSERT_TRUE(files.remove_tree("/d"));
    EXPECT_EQ(content("/keep/f"), "x");
}

TEST_F(SimFilesTest, renames_as_posix_says) {
    ASSERT_TRUE(files.make_directories("/a/b"));
    ASSERT_TRUE(files.write("/a/f", "f", {}));
    ASSERT_TRUE(files.write("/a/g", "g", {}));
    const std::uint64_t inode = files.status("/a/f")->inode;
    ASSERT_TRUE(files.rename("/a/f", "/a/g"));
    EXPECT_EQ(files.status("/a/g")->inode, inode);
    EXPECT_EQ(files.status("/a/f").error().code, Code::missing);

    EXPECT_EQ(files.rename("/a", "/a/b/c").error().code, Code::invalid);
    EXPECT_EQ(files.rename("/a/g", "/a/b").error().code, Code::invalid);
    EXPECT_EQ(files.rename("/a/b", "/a/g").error().code, Code::missing);
    EXPECT_EQ(files.rename("/none", "/x").error().code, Code::missing);
    ASSERT_TRUE(files.make_directory("/e", {}));
    EXPECT_EQ(files.rename("/e", "/a").error().code, Code::conflict);
    ASSERT_TRUE(files.rename("/a", "/e"));
    EXPECT_EQ(content("/e/g"), "f");
}

TEST_F(SimFilesTest, attributes_change_alone) {
    ASSERT_TRUE(files.write("/tmp/a", "x", {}));
    EXPECT_EQ(files.status("/tmp/a")->mode, 0644u);
    ASSERT_TRUE(files.set_attributes("/tmp/a", {.mode = 01755}));
    ASSERT_TRUE(files.set_attributes("/tmp/a", {.group = 5}));
    EXPECT_EQ(files.status("/tmp/a")->mode, 01755u);
    EXPECT_EQ(files.status("/tmp/a")->group, 5u);
    EXPECT_EQ(files.set_attributes("/tmp/none", {.mode = 0}).error().code, Code::missing);
    ASSERT_TRUE(files.make_symlink("/tmp/l", "a"));
    ASSERT_TRUE(files.set_attributes("/tmp/l", {.owner = 9}));
    EXPECT_EQ(files.status("/tmp/a")->owner, 0u);
}

TEST_F(SimFilesTest, faults_hold_where_they_were_set_until_healed) {
    ASSERT_TRUE(files.make_directories("/full"));
    ASSERT_TRUE(files.write("/full/old", "old", {}));
    files.set_fault("/full", FileFault::no_space);
    EXPECT_EQ(files.write("/full/old", "new", {}).error().text,
              "/full/old: no space left on device");
    EXPECT_EQ(content("/full/old"), "old");
    EXPECT_TRUE(files.write("/fuller", "", {}));
    EXPECT_TRUE(files.remove("/full/old"));

    files.set_fault("/full", FileFault::denied);
    EXPECT_EQ(code_of_write("/full/x"), Code::denied);
    EXPECT_EQ(files.list("/full").error().code, Code::denied);
    EXPECT_TRUE(files.status("/full"));

    files.set_fault("/full", FileFault::io);
    EXPECT_EQ(files.status("/full").error().code, Code::unavailable);
    files.heal("/full");
    EXPECT_TRUE(files.write("/full/x", "", {}));
}

TEST_F(SimFilesTest, tells_every_change_by_its_real_path) {
    std::vector<std::string> told;
    ASSERT_TRUE(files.make_directories("/d"));
    ASSERT_TRUE(files.make_symlink("/l", "d"));
    files.listen([&](const std::string& path) { told.push_back(path); });
    (void)files.write("/l/a", "", {});
    (void)files.set_attributes("/d/a", {.mode = 0});
    (void)files.rename("/d/a", "/d/b");
    (void)files.remove("/d/none");
    (void)files.remove_tree("/d");
    EXPECT_EQ(told, (std::vector<std::string>{"/d/a", "/d/a", "/d/a", "/d/b", "/d"}));
}

TEST_F(SimFilesTest, shows_the_whole_tree) {
    ASSERT_TRUE(files.make_directories("/t/d"));
    ASSERT_TRUE(files.write("/t/d/f", "x", {}));
    ASSERT_TRUE(files.make_symlink("/t/l", "d"));
    EXPECT_EQ(files.tree("/t"), (std::vector<std::string>{"/t/d/", "/t/d/f\tx", "/t/l -> d"}));
    EXPECT_TRUE(files.tree("/none").empty());
}

}  // namespace
}  // namespace hansa
