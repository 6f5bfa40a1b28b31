#include "sys/linux/rotated_file.h"

#include <gtest/gtest.h>

#include "sys/linux/test_loop.h"

namespace hansa {
namespace {

std::string content(const std::string& path) {
    auto bytes = LinuxFiles().read(path, 1 << 20);
    return bytes ? *bytes : "(" + bytes.error().text + ")";
}

TEST(RotatedFile, goes_on_where_an_earlier_one_ended) {
    const test::FreshDirectory directory;
    const auto path = directory.path() + "/log";
    for (const auto* line : {"one", "two"}) {
        auto file = RotatedFile::open(path, 1000);
        ASSERT_TRUE(file);
        EXPECT_TRUE(file->add(line));
    }
    EXPECT_EQ(content(path), "one\ntwo\n");
    EXPECT_EQ(LinuxFiles().status(path)->mode, 0600u);
}

TEST(RotatedFile, keeps_two_files_of_bounded_size) {
    const test::FreshDirectory directory;
    const auto path = directory.path() + "/log";
    auto file = RotatedFile::open(path, 12);
    ASSERT_TRUE(file);
    for (const auto* line : {"11111", "22222", "33333", "44444", "55555"})
        EXPECT_TRUE(file->add(line));
    EXPECT_EQ(content(path + ".1"), "33333\n44444\n");
    EXPECT_EQ(content(path), "55555\n");
    EXPECT_EQ(LinuxFiles().list(directory.path())->size(), 2u);
}

TEST(RotatedFile, takes_a_line_longer_than_a_file_whole) {
    const test::FreshDirectory directory;
    auto file = RotatedFile::open(directory.path() + "/log", 4);
    ASSERT_TRUE(file);
    EXPECT_TRUE(file->add("much longer"));
    EXPECT_EQ(content(directory.path() + "/log"), "much longer\n");
}

TEST(RotatedFile, comes_back_after_its_directory_was_away) {
    const test::FreshDirectory directory;
    const auto folder = directory.path() + "/folder";
    LinuxFiles files;
    ASSERT_TRUE(files.make_directory(folder, {}));
    auto file = RotatedFile::open(folder + "/log", 12);
    ASSERT_TRUE(file);
    EXPECT_TRUE(file->add("11111111"));
    ASSERT_TRUE(files.remove_tree(folder));
    EXPECT_FALSE(file->add("22222222"));
    EXPECT_FALSE(file->add("33333333"));
    ASSERT_TRUE(files.make_directory(folder, {}));
    EXPECT_TRUE(file->add("44444444"));
    EXPECT_EQ(content(folder + "/log"), "44444444\n");
}

TEST(RotatedFile, grows_where_it_cannot_be_put_aside) {
    const test::FreshDirectory directory;
    const auto path = directory.path() + "/log";
    ASSERT_TRUE(LinuxFiles().make_directory(path + ".1", {}));
    auto file = RotatedFile::open(path, 12);
    ASSERT_TRUE(file);
    EXPECT_TRUE(file->add("11111111"));
    EXPECT_TRUE(file->add("22222222"));
    EXPECT_EQ(content(path), "11111111\n22222222\n");
}

TEST(RotatedFile, says_where_it_cannot_be_opened) {
    auto file = RotatedFile::open("/nonexistent/log", 100);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, Code::missing);
    EXPECT_NE(file.error().text.find("/nonexistent/log"), std::string::npos);
}

}  // namespace
}  // namespace hansa
