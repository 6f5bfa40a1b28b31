// Files of other hosts: what a declaration with a directory that it must not leave can touch.
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <stdio.h>

#include <atomic>
#include <thread>

#include "kinds/file/file.h"
#include "kinds/testing/bench.h"

namespace hansa::kinds {
namespace {

class HeldFile : public testing::TestWithParam<std::unique_ptr<Bench> (*)()> {
 protected:
    void SetUp() override {
        for (const char* below : {"in", "in/d", "out"})
            ASSERT_TRUE(files().make_directory(path(below), {}));
        ASSERT_TRUE(files().write(path("out/f"), "precious", {.mode = 0640}));
    }

    Files& files() { return bench_->machine().files; }
    std::string path(const std::string& below) { return bench_->root() + "/" + below; }

    ResourcePtr wish(const std::string& below, const std::string& fields) {
        Declaration declaration = declare("file", path(below), fields);
        declaration.origin.exporter = "b";
        declaration.beneath = path("in");
        return made(declaration);
    }
    std::string converge(const std::string& below, const std::string& fields) {
        return run(*bench_, wish(below, fields));
    }
    std::string content(const std::string& below) {
        auto bytes = files().read(path(below), 1 << 20);
        return bytes ? *bytes : "<" + std::string(name_of(bytes.error().code)) + ">";
    }
    void link(const std::string& below, const std::string& target) {
        ASSERT_TRUE(files().make_symlink(path(below), target));
    }
    void expect_nothing_outside_changed() {
        EXPECT_EQ(content("out/f"), "precious");
        EXPECT_EQ(files().status(path("out/f"))->mode, 0640u);
        EXPECT_EQ(files().list(path("out"))->size(), 1u);
    }

    std::unique_ptr<Bench> bench_ = GetParam()();
};

TEST_P(HeldFile, is_made_and_kept_in_its_directory) {
    EXPECT_EQ(converge("in/f", "{content: hello, mode: '0600'}"), "changed");
    EXPECT_EQ(converge("in/f", "{content: hello, mode: '0600'}"), "ok");
    EXPECT_EQ(converge("in/new/", "{state: exists}"), "changed");
    EXPECT_EQ(converge("in/new/f", "{content: x}"), "changed");
    EXPECT_EQ(content("in/f") + content("in/new/f"), "hellox");
    EXPECT_EQ(converge("in/f", "{state: absent}"), "changed");
    EXPECT_EQ(content("in/f"), "<missing>");
}

TEST_P(HeldFile, never_appears_behind_a_link) {
    for (const std::string& target : {path("out"), std::string("../out")}) {
        link("in/l", target);
        for (const char* fields :
             {"{content: theirs}", "{content: theirs, force: true}", "{mode: '0777'}",
              "{state: absent}", "{state: absent, force: true}", "{symlink: x}"})
            EXPECT_NE(converge("in/l/f", fields).find("symbolic link stands on the way"),
                      std::string::npos)
                << fields;
        EXPECT_NE(converge("in/l/new/", "{state: exists}").find("symbolic link"),
                  std::string::npos);
    }
    expect_nothing_outside_changed();
}

TEST_P(HeldFile, replaces_a_link_in_its_own_place_only_by_force) {
    link("in/l", path("out/f"));
    EXPECT_NE(converge("in/l", "{content: theirs}").find("symbolic link"), std::string::npos);
    EXPECT_NE(converge("in/l", "{mode: '0777'}").find("symbolic link"), std::string::npos);
    EXPECT_EQ(converge("in/l", "{content: theirs, force: true}"), "changed");
    EXPECT_EQ(content("in/l"), "theirs");
    expect_nothing_outside_changed();
}

TEST_P(HeldFile, is_refused_anywhere_else) {
    EXPECT_NE(converge("out/f", "{content: theirs}").find("does not lie below"), std::string::npos);
    EXPECT_NE(converge("in/", "{mode: '0777'}").find("may only be changed below"),
              std::string::npos);
    expect_nothing_outside_changed();
}

TEST_P(HeldFile, gets_no_set_id_bits_from_the_file_that_was_there) {
    for (const char* fields : {"{content: a}", "{content: b, mode: a+r}"}) {
        ASSERT_TRUE(files().write(path("in/tool"), "old", {.mode = 04755}));
        EXPECT_EQ(converge("in/tool", fields), "changed");
        EXPECT_EQ(files().status(path("in/tool"))->mode, 0755u) << fields;
    }
}

TEST_P(HeldFile, says_which_directory_is_missing) {
    ASSERT_TRUE(files().remove_tree(path("in")));
    EXPECT_NE(converge("in/f", "{content: x}").find("parent directory " + path("in")),
              std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Sim, HeldFile, testing::Values(&make_bench<SimBench>));
INSTANTIATE_TEST_SUITE_P(Linux, HeldFile, testing::Values(&make_bench<LinuxBench>));

// A user of this machine who owns something below the directory exchanges it for a link, again and
// again, while the resource converges.
class HeldFileRace : public HeldFile {};

TEST_P(HeldFileRace, ten_thousand_exchanges_lead_no_apply_out) {
    constexpr int rounds = 10'000;
    link("in/l", path("out"));
    link("in/end", path("out/f"));
    ASSERT_TRUE(files().write(path("in/last"), "mine", {}));
    std::atomic<int> exchanged = 0;
    std::jthread attacker([&](const std::stop_token& over) {
        const auto swap = [this](const std::string& a, const std::string& b) {
            return ::renameat2(-1, path(a).c_str(), -1, path(b).c_str(), RENAME_EXCHANGE) == 0;
        };
        while (!over.stop_requested()) {
            if (swap("in/d", "in/l")) exchanged.fetch_add(1);
            swap("in/last", "in/end");
        }
    });
    int changed = 0;
    for (int turn = 0; turn < 50 || exchanged < rounds || changed == 0; ++turn) {
        const std::string odd = std::to_string(turn);
        if (converge("in/d/f", "{content: '" + odd + "', mode: '0777'}") == "changed") ++changed;
        (void)converge("in/last", "{content: '" + odd + "', force: true, mode: '0777'}");
        (void)converge("in/d/f", "{mode: '0700'}");
        (void)converge("in/d/f", "{state: absent}");
        (void)converge("in/d/new/", "{state: exists, mode: '0777'}");
        (void)converge("in/d/new/", "{state: absent, force: true}");
        ASSERT_EQ(content("out/f"), "precious") << turn;
    }
    attacker = {};
    EXPECT_GE(exchanged, rounds);
    expect_nothing_outside_changed();
}

INSTANTIATE_TEST_SUITE_P(Linux, HeldFileRace, testing::Values(&make_bench<LinuxBench>));

}  // namespace
}  // namespace hansa::kinds
