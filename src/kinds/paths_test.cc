#include "kinds/paths.h"

#include <gtest/gtest.h>

namespace hansa::kinds {
namespace {

TEST(Paths, come_into_one_form) {
    EXPECT_EQ(*normal_path("/a//b/./c"), "/a/b/c");
    EXPECT_EQ(*normal_path("/a/b//"), "/a/b/");
    EXPECT_EQ(*normal_path("/a/."), "/a/");
    EXPECT_EQ(*normal_path("/"), "/");
    EXPECT_EQ(*normal_path("///"), "/");
    EXPECT_EQ(*normal_path("/..a/b.."), "/..a/b..");
    for (const char* bad : {"", "a", "./a", "/..", "/a/../b", "/a\n", "/\x7f"})
        EXPECT_FALSE(normal_path(bad)) << bad;
    EXPECT_FALSE(normal_path(std::string_view("/a\0b", 4)));
}

TEST(Paths, come_apart) {
    EXPECT_EQ(as_entry("/a/b/"), "/a/b");
    EXPECT_EQ(as_entry("/"), "/");
    EXPECT_EQ(parent_of("/a/b"), "/a");
    EXPECT_EQ(parent_of("/a/b/"), "/a");
    EXPECT_EQ(parent_of("/a"), "/");
    EXPECT_EQ(parent_of("/"), "/");
    EXPECT_EQ(base_of("/a/b"), "b");
    EXPECT_EQ(base_of("/a/b/"), "b/");
    EXPECT_EQ(base_of("/"), "");
}

}  // namespace
}  // namespace hansa::kinds
