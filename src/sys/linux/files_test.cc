#include "sys/linux/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "sys/contract/held_files_suite.h"
#include "sys/linux/test_loop.h"

namespace hansa {

using contract::code_name;
using test::FreshDirectory;

namespace {

class LinuxFilesBench final : public contract::FilesBench {
 public:
    Files& files() override { return files_; }
    std::string root() override { return directory_.path(); }
    void make_pipe(const std::string& path) override { EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0); }

 private:
    FreshDirectory directory_;
    LinuxFiles files_;
};

class LinuxHeldBench final : public contract::FilesBench {
 public:
    Files& files() override { return *view_; }
    std::string root() override { return directory_.path(); }
    void make_pipe(const std::string& path) override { EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0); }
    bool confined() const override { return true; }

 private:
    FreshDirectory directory_;
    LinuxFiles all_;
    std::unique_ptr<Files> view_ = *all_.within(directory_.path());
};

template <class Bench>
std::unique_ptr<contract::FilesBench> make() {
    return std::make_unique<Bench>();
}

// A small tmpfs, or nothing where we may not mount.
class SmallDisk {
 public:
    explicit SmallDisk(const std::string& path) : path_(path) {
        ::mkdir(path.c_str(), 0755);
        mounted_ = ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=64k") == 0;
    }
    ~SmallDisk() {
        if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    bool mounted() const { return mounted_; }

 private:
    std::string path_;
    bool mounted_ = false;
};

}  // namespace

namespace contract {
INSTANTIATE_TEST_SUITE_P(Linux, FilesContract, testing::Values(&make<LinuxFilesBench>));
INSTANTIATE_TEST_SUITE_P(LinuxView, FilesContract, testing::Values(&make<LinuxHeldBench>));
INSTANTIATE_TEST_SUITE_P(Linux, HeldFilesContract, testing::Values(&make<LinuxFilesBench>));
}  // namespace contract

class LinuxFilesTest : public testing::Test {
 protected:
    std::string path(const std::string& name) { return directory_.path() + "/" + name; }

    FreshDirectory directory_;
    LinuxFiles files_;
};

TEST_F(LinuxFilesTest, a_full_disk_leaves_the_old_file_and_nothing_else) {
    SmallDisk disk(path("disk"));
    if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount";
    ASSERT_TRUE(files_.write(path("disk/f"), "old", {}));
    auto written = files_.write(path("disk/f"), std::string(1 << 20, 'x'), {});
    EXPECT_EQ(code_name(written), "unavailable");
    EXPECT_NE(written.error().text.find("no space left"), std::string::npos);
    EXPECT_EQ(*files_.read(path("disk/f"), 100), "old");
    EXPECT_EQ(files_.list(path("disk"))->size(), 1u);
}

TEST_F(LinuxFilesTest, remove_tree_stops_at_a_mount_point) {
    ASSERT_TRUE(files_.make_directory(path("tree"), {}));
    SmallDisk disk(path("tree/disk"));
    if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount";
    ASSERT_TRUE(files_.write(path("tree/disk/f"), "precious", {}));
    auto removed = files_.remove_tree(path("tree"));
    EXPECT_EQ(code_name(removed), "conflict");
    EXPECT_NE(removed.error().text.find("tree/disk: something is mounted"), std::string::npos);
    EXPECT_EQ(*files_.read(path("tree/disk/f"), 100), "precious");
    EXPECT_EQ(code_name(files_.remove_tree(path("tree/disk"))), "conflict");
    EXPECT_EQ(*files_.read(path("tree/disk/f"), 100), "precious");
}

TEST_F(LinuxFilesTest, remove_tree_takes_deep_trees) {
    std::string deep = path("deep");
    for (int i = 0; i < 150; ++i) {
        ASSERT_TRUE(files_.make_directory(deep, {}));
        ASSERT_TRUE(files_.write(deep + "/f", "x", {}));
        deep += "/d";
    }
    ASSERT_TRUE(files_.remove_tree(path("deep")));
    EXPECT_EQ(code_name(files_.status(path("deep"))), "missing");
}

TEST_F(LinuxFilesTest, pipes_and_sockets_neither_hang_a_read_nor_are_replaced) {
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    EXPECT_EQ(files_.status(path("pipe"))->type, FileType::other);
    EXPECT_EQ(code_name(files_.read(path("pipe"), 100)), "invalid");
    EXPECT_EQ(code_name(files_.holds(path("pipe"), "")), "invalid");
    auto written = files_.write(path("pipe"), "x", {});
    EXPECT_EQ(code_name(written), "invalid");
    EXPECT_NE(written.error().text.find("not a regular file"), std::string::npos);
    EXPECT_TRUE(files_.remove(path("pipe")));
}

TEST_F(LinuxFilesTest, a_new_file_follows_the_umask_unless_told_otherwise) {
    mode_t before = ::umask(027);
    EXPECT_TRUE(files_.write(path("f"), "x", {}));
    EXPECT_TRUE(files_.write(path("g"), "x", {.mode = 0666, .owner = {}, .group = {}}));
    EXPECT_TRUE(files_.make_directory(path("d"), {}));
    ::umask(before);
    EXPECT_EQ(files_.status(path("f"))->mode, 0640u);
    EXPECT_EQ(files_.status(path("g"))->mode, 0666u);
    EXPECT_EQ(files_.status(path("d"))->mode, 0750u);
}

TEST_F(LinuxFilesTest, owner_group_and_set_id_bits_are_kept_where_nothing_is_asked_for) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    ASSERT_TRUE(files_.write(path("f"), "x", {.mode = 06755, .owner = 1234, .group = 4321}));
    ASSERT_TRUE(files_.write(path("f"), "y", {}));
    FileStatus status = *files_.status(path("f"));
    EXPECT_EQ(status.owner, 1234u);
    EXPECT_EQ(status.group, 4321u);
    EXPECT_EQ(status.mode, 06755u);
    ASSERT_TRUE(files_.set_attributes(path("f"), {.mode = {}, .owner = 77, .group = {}}));
    status = *files_.status(path("f"));
    EXPECT_EQ(status.owner, 77u);
    EXPECT_EQ(status.mode, 0755u);
}

TEST_F(LinuxFilesTest, a_link_gets_an_owner_of_its_own) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    ASSERT_TRUE(files_.write(path("target"), "x", {}));
    ASSERT_TRUE(files_.make_symlink(path("l"), path("target")));
    ASSERT_TRUE(files_.set_attributes(path("l"), {.mode = {}, .owner = 1234, .group = 1}));
    EXPECT_EQ(files_.status(path("l"))->owner, 1234u);
    EXPECT_EQ(files_.status(path("target"))->owner, 0u);
}

TEST_F(LinuxFilesTest, a_reader_never_sees_half_a_file) {
    ASSERT_TRUE(files_.write(path("f"), std::string(50'000, '0'), {}));
    std::thread writer([this] {
        for (int i = 0; i < 200; ++i) {
            auto done =
                files_.write(path("f"), std::string(50'000, static_cast<char>('0' + i % 10)), {});
            EXPECT_TRUE(done);
        }
    });
    for (int i = 0; i < 200; ++i) {
        auto bytes = files_.read(path("f"), 100'000);
        ASSERT_TRUE(bytes) << bytes.error().text;
        ASSERT_EQ(bytes->size(), 50'000u);
        EXPECT_EQ(bytes->find_first_not_of(bytes->front()), std::string::npos);
    }
    writer.join();
    EXPECT_EQ(files_.list(directory_.path())->size(), 1u);
}

TEST_F(LinuxFilesTest, two_writers_do_not_disturb_each_other) {
    LinuxFiles other;
    auto write_often = [this](LinuxFiles& files, char letter) {
        for (int i = 0; i < 300; ++i) {
            auto done = files.write(path("f"), std::string(100, letter), {});
            EXPECT_TRUE(done);
        }
    };
    std::thread first([&] { write_often(files_, 'a'); });
    std::thread second([&] { write_often(files_, 'b'); });
    std::thread third([&] { write_often(other, 'c'); });
    first.join();
    second.join();
    third.join();
    EXPECT_EQ(files_.read(path("f"), 1000)->size(), 100u);
    EXPECT_EQ(files_.list(directory_.path())->size(), 1u);
}

TEST_F(LinuxFilesTest, no_descriptor_stays_open) {
    auto open_count = [this] { return files_.list("/proc/self/fd")->size(); };
    std::size_t before = open_count();
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(files_.write(path("f"), "x", {}));
        EXPECT_FALSE(files_.write(path("no/f"), "x", {}));
        EXPECT_FALSE(files_.list(path("f")));
        EXPECT_TRUE(files_.holds(path("f"), "x"));
        ASSERT_TRUE(files_.make_directory(path("d"), {}));
        ASSERT_TRUE(files_.remove_tree(path("d")));
    }
    EXPECT_EQ(open_count(), before);
}

TEST_F(LinuxFilesTest, errors_name_the_path_in_printable_form) {
    auto found = files_.status(path("no\nsuch"));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().text, directory_.path() + "/no\\nsuch: no such file or directory");
}

TEST_F(LinuxFilesTest, rights_that_are_lacking_are_denied) {
    auto written = files_.write("/proc/version", "x", {});
    EXPECT_FALSE(written);
    auto made = files_.make_directory("/sys/hansa-test", {});
    EXPECT_EQ(code_name(made), "denied");
}

}  // namespace hansa
