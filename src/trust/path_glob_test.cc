#include "trust/path_glob.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

TEST(PathGlob, a_star_stays_within_one_step) {
    EXPECT_TRUE(path_glob_matches("/srv/*.conf", "/srv/a.conf"));
    EXPECT_FALSE(path_glob_matches("/srv/*.conf", "/srv/d/a.conf"));
    EXPECT_FALSE(path_glob_matches("/srv/*", "/srv/d/a"));
    EXPECT_FALSE(path_glob_matches("/srv/*", "/srv"));
    EXPECT_TRUE(path_glob_matches("/srv/web-?", "/srv/web-1"));
    EXPECT_TRUE(path_glob_matches("/srv/[ab]", "/srv/a"));
    EXPECT_TRUE(path_glob_matches("/srv", "/srv"));
    EXPECT_FALSE(path_glob_matches("/srv", "/srv2"));
}

TEST(PathGlob, two_stars_are_any_steps_and_at_the_end_at_least_one) {
    EXPECT_TRUE(path_glob_matches("/srv/**", "/srv/a"));
    EXPECT_TRUE(path_glob_matches("/srv/**", "/srv/a/b/c"));
    EXPECT_FALSE(path_glob_matches("/srv/**", "/srv"));
    EXPECT_FALSE(path_glob_matches("/srv/**", "/srv2/a"));
    EXPECT_TRUE(path_glob_matches("/**/x", "/x"));
    EXPECT_TRUE(path_glob_matches("/**/x", "/a/b/x"));
    EXPECT_FALSE(path_glob_matches("/**/x", "/a/xy"));
    EXPECT_TRUE(path_glob_matches("/a/**/b/**/c", "/a/b/q/b/c"));
    EXPECT_FALSE(path_glob_matches("/a/**/b/**/c", "/a/q/c"));
    EXPECT_FALSE(path_glob_matches("/**", "/"));
}

TEST(PathGlob, a_long_walk_back_stays_cheap) {
    std::string glob;
    for (int step = 0; step < 200; ++step) glob += "/**/a";
    std::string path;
    for (int step = 0; step < 2000; ++step) path += "/a";
    EXPECT_TRUE(path_glob_matches(glob, path));
    EXPECT_FALSE(path_glob_matches(glob + "/b", path));
}

TEST(PathGlob, touches_what_lies_below_and_what_leads_there) {
    EXPECT_TRUE(path_glob_touches("/etc/cron*", "/etc/cron.d/x"));
    EXPECT_TRUE(path_glob_touches("/etc/cron*", "/etc/crontab"));
    EXPECT_TRUE(path_glob_touches("/etc/cron*", "/etc"));
    EXPECT_TRUE(path_glob_touches("/etc/cron*", "/"));
    EXPECT_FALSE(path_glob_touches("/etc/cron*", "/etc/motd"));
    EXPECT_FALSE(path_glob_touches("/etc/cron*", "/et"));
    EXPECT_TRUE(path_glob_touches("/srv/secret/**", "/srv/secret"));
    EXPECT_TRUE(path_glob_touches("/**/.ssh", "/home/bob/.ssh/config"));
    EXPECT_FALSE(path_glob_touches("/**/.ssh", "/home/bob/ssh"));
}

TEST(PathGlob, its_root_holds_everything_that_it_matches) {
    EXPECT_EQ(path_glob_root("/srv/www/**"), "/srv/www");
    EXPECT_EQ(path_glob_root("/srv/www/*.html"), "/srv/www");
    EXPECT_EQ(path_glob_root("/srv/*/a/b"), "/srv");
    EXPECT_EQ(path_glob_root("/etc/motd"), "/etc");
    EXPECT_EQ(path_glob_root("/motd"), "/");
    EXPECT_EQ(path_glob_root("/**/x"), "/");
    EXPECT_EQ(path_glob_root("/srv/a\\*b/c"), "/srv");
}

TEST(PathGlob, faults_are_named) {
    EXPECT_EQ(path_glob_fault("/srv/**"), "");
    EXPECT_NE(path_glob_fault("srv"), "");
    EXPECT_NE(path_glob_fault(""), "");
    EXPECT_NE(path_glob_fault("/"), "");
    EXPECT_NE(path_glob_fault("/srv/"), "");
    EXPECT_NE(path_glob_fault("/srv//x"), "");
    EXPECT_NE(path_glob_fault("/srv/../x"), "");
    EXPECT_NE(path_glob_fault("/srv/./x"), "");
    EXPECT_NE(path_glob_fault("/srv/a**"), "");
    EXPECT_NE(path_glob_fault("/" + std::string(5000, 'a')), "");
}

}  // namespace
}  // namespace hansa
