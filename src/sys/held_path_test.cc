#include "sys/held_path.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

std::string below(const std::string& directory, const std::string& path) {
    auto steps = steps_below(directory, path);
    return steps ? *steps : "<" + std::string(name_of(steps.error().code)) + ">";
}

TEST(HeldPath, is_what_lies_below_step_by_step) {
    EXPECT_EQ(below("/a/b", "/a/b/c/d"), "c/d");
    EXPECT_EQ(below("/a/b", "/a/b/c/"), "c");
    EXPECT_EQ(below("/a/b", "/a/b"), "");
    EXPECT_EQ(below("/a/b", "/a/b///"), "");
    EXPECT_EQ(below("/", "/a"), "a");
    EXPECT_EQ(below("/", "/"), "");
    EXPECT_EQ(below("/a", "/a/..."), "...");
}

TEST(HeldPath, refuses_every_other_spelling) {
    for (const char* path : {"/a/bc", "/a", "/", "/b/a", "/a/b/../c", "/a/b/..", "/a/b/./c",
                             "/a/b//c", "//a/b/c", "/a/b/c/../../../d"})
        EXPECT_EQ(below("/a/b", path), "<denied>") << path;
    EXPECT_EQ(below("/a", "a/b"), "<invalid>");
    EXPECT_EQ(below("/a", ""), "<invalid>");
    EXPECT_EQ(below("/a", std::string("/a/b\0c", 6)), "<invalid>");
}

TEST(HeldPath, a_directory_is_absolute_and_loses_its_slash) {
    EXPECT_EQ(*held_directory("/a/b//"), "/a/b");
    EXPECT_EQ(*held_directory("//"), "/");
    EXPECT_FALSE(held_directory("a"));
    EXPECT_FALSE(held_directory(""));
    EXPECT_FALSE(held_directory(std::string("/a\0", 3)));
}

}  // namespace
}  // namespace hansa
