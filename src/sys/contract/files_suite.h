// What every Files port must do. See bench.h for how a side runs it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "sys/contract/bench.h"
#include "sys/files.h"

namespace hansa::contract {

class FilesBench {
 public:
    virtual ~FilesBench() = default;
    virtual Files& files() = 0;
    // An existing empty directory without trailing slash, of this bench alone.
    virtual std::string root() = 0;
    virtual void make_pipe(const std::string& path) = 0;
    // Whether files() is a view of within(root()).
    virtual bool confined() const { return false; }
};

class FilesContract : public testing::TestWithParam<std::unique_ptr<FilesBench> (*)()> {
 protected:
    Files& files() { return bench_->files(); }
    std::string path(const std::string& name) { return bench_->root() + "/" + name; }

    std::string content(const std::string& name) {
        auto bytes = files().read(path(name), 1 << 20);
        return bytes ? *bytes : "<" + bytes.error().text + ">";
    }
    std::string names() {
        auto entries = files().list(bench_->root());
        if (!entries) return "<" + entries.error().text + ">";
        std::string all;
        for (const DirectoryEntry& entry : *entries) all += (all.empty() ? "" : " ") + entry.name;
        return all;
    }
    void put(const std::string& name, const std::string& bytes) {
        auto done = files().write(path(name), bytes, {});
        ASSERT_TRUE(done) << done.error().text;
    }
    void make_directory(const std::string& name) {
        auto done = files().make_directory(path(name), {});
        ASSERT_TRUE(done) << done.error().text;
    }

    std::unique_ptr<FilesBench> bench_ = GetParam()();
};

TEST_P(FilesContract, a_written_file_is_read_back_byte_for_byte) {
    std::string bytes("a\0b\nc\xff", 6);
    put("f", bytes);
    EXPECT_EQ(content("f"), bytes);
    EXPECT_EQ(names(), "f");
    put("f", "");
    EXPECT_EQ(content("f"), "");
}

TEST_P(FilesContract, a_missing_file_is_missing_and_so_is_one_without_a_parent) {
    EXPECT_EQ(code_name(files().status(path("f"))), "missing");
    EXPECT_EQ(code_name(files().read(path("f"), 10)), "missing");
    EXPECT_EQ(code_name(files().holds(path("f"), "")), "missing");
    EXPECT_EQ(code_name(files().list(path("f"))), "missing");
    EXPECT_EQ(code_name(files().remove(path("f"))), "missing");
    EXPECT_EQ(code_name(files().remove_tree(path("f"))), "missing");
    EXPECT_EQ(code_name(files().read_symlink(path("f"))), "missing");
    EXPECT_EQ(code_name(files().set_attributes(path("f"), {})), "missing");
    EXPECT_EQ(code_name(files().rename(path("f"), path("g"))), "missing");
    EXPECT_EQ(code_name(files().write(path("no/f"), "x", {})), "missing");
    EXPECT_EQ(code_name(files().make_directory(path("no/d"), {})), "missing");
    EXPECT_EQ(code_name(files().make_symlink(path("no/l"), "t")), "missing");
    EXPECT_EQ(names(), "");
}

TEST_P(FilesContract, paths_that_are_not_absolute_or_hold_nul_are_invalid) {
    for (std::string bad : {std::string("f"), std::string(""), std::string("./f"),
                            bench_->root() + std::string("/a\0b", 4)}) {
        EXPECT_EQ(code_name(files().status(bad)), "invalid") << bad;
        EXPECT_EQ(code_name(files().read(bad, 10)), "invalid") << bad;
        EXPECT_EQ(code_name(files().write(bad, "x", {})), "invalid") << bad;
        EXPECT_EQ(code_name(files().make_directory(bad, {})), "invalid") << bad;
        EXPECT_EQ(code_name(files().remove_tree(bad)), "invalid") << bad;
        EXPECT_EQ(code_name(files().rename(bad, path("g"))), "invalid") << bad;
        EXPECT_EQ(code_name(files().rename(path("g"), bad)), "invalid") << bad;
    }
    EXPECT_EQ(names(), "");
}

TEST_P(FilesContract, replacing_keeps_the_mode_and_makes_a_new_inode) {
    ASSERT_TRUE(files().write(path("f"), "one", {.mode = 0640, .owner = {}, .group = {}}));
    FileStatus before = *files().status(path("f"));
    EXPECT_EQ(before.mode, 0640u);
    put("f", "twice");
    FileStatus after = *files().status(path("f"));
    EXPECT_EQ(after.mode, 0640u);
    EXPECT_EQ(after.owner, before.owner);
    EXPECT_EQ(after.size, 5u);
    EXPECT_EQ(after.type, FileType::regular);
    EXPECT_NE(after.inode, before.inode);
    EXPECT_EQ(after.device, before.device);
}

TEST_P(FilesContract, a_limit_holds_when_reading) {
    put("f", "12345");
    EXPECT_EQ(*files().read(path("f"), 5), "12345");
    EXPECT_EQ(code_name(files().read(path("f"), 4)), "invalid");
}

TEST_P(FilesContract, holds_compares_every_byte) {
    std::string large(100'000, 'x');
    put("f", large);
    EXPECT_TRUE(*files().holds(path("f"), large));
    std::string other = large;
    other.back() = 'y';
    EXPECT_FALSE(*files().holds(path("f"), other));
    EXPECT_FALSE(*files().holds(path("f"), large + "x"));
    put("f", "");
    EXPECT_TRUE(*files().holds(path("f"), ""));
    EXPECT_FALSE(*files().holds(path("f"), "x"));
}

TEST_P(FilesContract, a_directory_is_not_a_file) {
    make_directory("d");
    EXPECT_EQ(code_name(files().read(path("d"), 10)), "invalid");
    EXPECT_EQ(code_name(files().holds(path("d"), "")), "invalid");
    EXPECT_EQ(code_name(files().write(path("d"), "x", {})), "invalid");
    EXPECT_EQ(files().status(path("d"))->type, FileType::directory);
    EXPECT_EQ(names(), "d");
}

TEST_P(FilesContract, a_file_is_not_a_directory) {
    put("f", "x");
    EXPECT_EQ(code_name(files().list(path("f"))), "invalid");
    EXPECT_EQ(code_name(files().make_directory(path("f"), {})), "conflict");
    EXPECT_EQ(code_name(files().status(path("f/below"))), "missing");
    EXPECT_EQ(code_name(files().write(path("f/below"), "x", {})), "missing");
    EXPECT_EQ(content("f"), "x");
}

TEST_P(FilesContract, directories_list_their_entries_in_byte_order) {
    make_directory("d");
    put("d/b", "1");
    put("d/B", "2");
    make_directory("d/a");
    ASSERT_TRUE(files().make_symlink(path("d/c"), "nowhere"));
    auto entries = files().list(path("d"));
    ASSERT_TRUE(entries);
    ASSERT_EQ(entries->size(), 4u);
    EXPECT_EQ((*entries)[0].name, "B");
    EXPECT_EQ((*entries)[1].name, "a");
    EXPECT_EQ((*entries)[1].type, FileType::directory);
    EXPECT_EQ((*entries)[2].type, FileType::regular);
    EXPECT_EQ((*entries)[3].type, FileType::symlink);
    EXPECT_EQ(files().list(path("d/"))->size(), 4u);
}

TEST_P(FilesContract, a_directory_takes_its_mode_and_exists_only_once) {
    ASSERT_TRUE(files().make_directory(path("d"), {.mode = 0710, .owner = {}, .group = {}}));
    EXPECT_EQ(files().status(path("d"))->mode, 0710u);
    EXPECT_EQ(code_name(files().make_directory(path("d"), {})), "conflict");
}

TEST_P(FilesContract, a_link_in_the_last_component_is_never_followed) {
    put("target", "precious");
    ASSERT_TRUE(files().make_symlink(path("l"), path("target")));
    EXPECT_EQ(files().status(path("l"))->type, FileType::symlink);
    EXPECT_EQ(files().status(path("l/"))->type, FileType::symlink);
    EXPECT_EQ(*files().read_symlink(path("l")), path("target"));
    EXPECT_EQ(code_name(files().read(path("l"), 100)), "invalid");
    EXPECT_EQ(code_name(files().holds(path("l"), "precious")), "invalid");
    EXPECT_EQ(code_name(files().read_symlink(path("target"))), "invalid");
    EXPECT_EQ(
        code_name(files().set_attributes(path("l"), {.mode = 0600, .owner = {}, .group = {}})),
        "invalid");
    put("l", "own");
    EXPECT_EQ(content("target"), "precious");
    EXPECT_EQ(files().status(path("l"))->type, FileType::regular);
    EXPECT_EQ(content("l"), "own");
}

TEST_P(FilesContract, a_link_to_a_directory_leads_on_but_is_removed_as_a_link) {
    make_directory("d");
    put("d/f", "precious");
    ASSERT_TRUE(files().make_symlink(path("l"), path("d")));
    auto through = files().read(path("l/f"), 100);
    EXPECT_EQ(code_name(through), bench_->confined() ? "denied" : "ok");
    EXPECT_EQ(code_name(files().list(path("l"))), "invalid");
    ASSERT_TRUE(files().remove_tree(path("l")));
    EXPECT_EQ(content("d/f"), "precious");
    EXPECT_EQ(names(), "d");
}

TEST_P(FilesContract, a_symlink_replaces_a_file_or_a_link_but_no_directory) {
    put("f", "x");
    ASSERT_TRUE(files().make_symlink(path("f"), "a"));
    ASSERT_TRUE(files().make_symlink(path("f"), "b"));
    EXPECT_EQ(*files().read_symlink(path("f")), "b");
    make_directory("d");
    EXPECT_EQ(code_name(files().make_symlink(path("d"), "a")), "invalid");
    EXPECT_EQ(code_name(files().make_symlink(path("g"), "")), "invalid");
    EXPECT_EQ(names(), "d f");
}

TEST_P(FilesContract, attributes_change_alone) {
    put("f", "x");
    ASSERT_TRUE(files().set_attributes(path("f"), {.mode = 04751, .owner = {}, .group = {}}));
    FileStatus status = *files().status(path("f"));
    EXPECT_EQ(status.mode, 04751u);
    ASSERT_TRUE(files().set_attributes(path("f"), {}));
    EXPECT_EQ(files().status(path("f"))->mode, 04751u);
    EXPECT_EQ(content("f"), "x");
}

TEST_P(FilesContract, a_file_that_changes_hands_runs_as_nobody_else) {
    constexpr FileAttributes theirs{.mode = {}, .owner = 4321, .group = 4321};
    put("f", "x");
    ASSERT_TRUE(files().set_attributes(path("f"), {.mode = 06755, .owner = {}, .group = {}}));
    const auto given = files().set_attributes(path("f"), theirs);
    if (!given && given.error().code == Code::denied) GTEST_SKIP() << "only root gives files away";
    ASSERT_TRUE(given);
    EXPECT_EQ(files().status(path("f"))->mode, 0755u);
    EXPECT_EQ(files().status(path("f"))->owner, 4321u);

    put("g", "x");
    ASSERT_TRUE(files().set_attributes(path("g"), {.mode = 06755, .owner = {}, .group = {}}));
    ASSERT_TRUE(files().write(path("g"), "y", theirs));
    EXPECT_EQ(files().status(path("g"))->mode, 0755u);

    const FileAttributes asked{.mode = 04711, .owner = 1234, .group = {}};
    if (bench_->confined()) {
        EXPECT_EQ(code_name(files().set_attributes(path("f"), asked)), "denied") << "not ours now";
        return;
    }
    ASSERT_TRUE(files().set_attributes(path("f"), asked));
    EXPECT_EQ(files().status(path("f"))->mode, 04711u);
    ASSERT_TRUE(files().write(path("g"), "y", asked));
    EXPECT_EQ(files().status(path("g"))->mode, 04711u);
    ASSERT_TRUE(files().set_attributes(path("g"), asked));
    EXPECT_EQ(files().status(path("g"))->mode, 04711u) << "nothing has moved";
}

TEST_P(FilesContract, a_directory_that_changes_hands_keeps_its_mode) {
    make_directory("d");
    ASSERT_TRUE(files().set_attributes(path("d"), {.mode = 02775, .owner = {}, .group = {}}));
    const auto given =
        files().set_attributes(path("d"), {.mode = {}, .owner = 4321, .group = 4321});
    if (!given && given.error().code == Code::denied) GTEST_SKIP() << "only root gives files away";
    EXPECT_EQ(files().status(path("d"))->mode, 02775u);
}

TEST_P(FilesContract, a_pipe_is_not_replaced_by_a_file_but_removed_like_one) {
    bench_->make_pipe(path("p"));
    EXPECT_EQ(files().status(path("p"))->type, FileType::other);
    EXPECT_EQ(code_name(files().write(path("p"), "x", {})), "invalid");
    EXPECT_EQ(code_name(files().read(path("p"), 10)), "invalid");
    ASSERT_TRUE(files().remove(path("p")));
    bench_->make_pipe(path("p"));
    ASSERT_TRUE(files().make_symlink(path("p"), "t"));
    EXPECT_EQ(names(), "p");
}

TEST_P(FilesContract, remove_takes_files_and_empty_directories_only) {
    make_directory("d");
    put("d/f", "x");
    EXPECT_EQ(code_name(files().remove(path("d"))), "conflict");
    ASSERT_TRUE(files().remove(path("d/f")));
    ASSERT_TRUE(files().remove(path("d")));
    EXPECT_EQ(names(), "");
}

TEST_P(FilesContract, remove_tree_takes_everything_below_and_nothing_else) {
    put("outside", "precious");
    make_directory("d");
    make_directory("d/sub");
    make_directory("d/sub/sub");
    put("d/sub/sub/f", "x");
    ASSERT_TRUE(files().make_symlink(path("d/sub/out"), bench_->root()));
    ASSERT_TRUE(files().make_symlink(path("d/out"), path("outside")));
    ASSERT_TRUE(files().remove_tree(path("d/")));
    EXPECT_EQ(names(), "outside");
    EXPECT_EQ(content("outside"), "precious");
}

TEST_P(FilesContract, rename_moves_and_replaces) {
    put("a", "1");
    put("b", "2");
    ASSERT_TRUE(files().rename(path("a"), path("b")));
    EXPECT_EQ(names(), "b");
    EXPECT_EQ(content("b"), "1");
    make_directory("d");
    ASSERT_TRUE(files().rename(path("d"), path("e")));
    EXPECT_EQ(names(), "b e");
}

TEST_P(FilesContract, names_may_hold_any_byte_but_slash_and_nul) {
    std::string odd = "new\nline \xff \"$(x)\" ..";
    put(odd, "x");
    EXPECT_EQ(content(odd), "x");
    EXPECT_EQ(names(), odd);
    std::string overlong(300, 'n');
    EXPECT_EQ(code_name(files().write(path(overlong), "x", {})), "invalid");
}

}  // namespace hansa::contract
