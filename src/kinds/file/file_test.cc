#include "kinds/file/file.h"

#include <sys/stat.h>

#include "base/text.h"
#include "kinds/testing/bench.h"

namespace hansa::kinds {
namespace {

class FileKind : public testing::TestWithParam<std::unique_ptr<Bench> (*)()> {
 protected:
    Files& files() { return bench_->machine().files; }
    std::string path(const std::string& below) { return bench_->root() + "/" + below; }

    // The fields with every ROOT replaced by the bench's directory.
    Declaration wish(const std::string& below, std::string fields) {
        for (auto at = fields.find("ROOT"); at != std::string::npos; at = fields.find("ROOT"))
            fields.replace(at, 4, bench_->root());
        return declare("file", path(below), fields);
    }
    std::string converge(const std::string& below, const std::string& fields) {
        return run(*bench_, made(wish(below, fields)));
    }
    std::string difference(const std::string& below, const std::string& fields) {
        return text_of(look(*bench_, made(wish(below, fields))));
    }
    void put(const std::string& below, const std::string& bytes,
             const FileAttributes& attributes = {}) {
        auto done = files().write(path(below), bytes, attributes);
        ASSERT_TRUE(done) << done.error().text;
    }
    void directory(const std::string& below) {
        auto done = files().make_directory(path(below), {});
        ASSERT_TRUE(done) << done.error().text;
    }
    void link(const std::string& below, const std::string& target) {
        auto done = files().make_symlink(path(below), target);
        ASSERT_TRUE(done) << done.error().text;
    }
    std::string content(const std::string& below) {
        auto bytes = files().read(path(below), 1 << 20);
        return bytes ? *bytes : "<" + std::string(name_of(bytes.error().code)) + ">";
    }
    FileStatus status(const std::string& below) {
        auto found = files().status(path(below));
        EXPECT_TRUE(found) << found.error().text;
        return found ? *found : FileStatus{};
    }
    bool exists(const std::string& below) { return bool{files().status(path(below))}; }

    std::unique_ptr<Bench> bench_ = GetParam()();
};

INSTANTIATE_TEST_SUITE_P(Simulated, FileKind, testing::Values(&make_bench<SimBench>));
INSTANTIATE_TEST_SUITE_P(Linux, FileKind, testing::Values(&make_bench<LinuxBench>));

TEST_P(FileKind, writes_content_once_and_leaves_it_alone_then) {
    EXPECT_EQ(difference("f", "{content: hello}"),
              "state: absent -> exists; content:  -> \"hello\"");
    EXPECT_EQ(converge("f", "{content: hello}"), "changed");
    EXPECT_EQ(content("f"), "hello");
    const std::uint64_t inode = status("f").inode;
    EXPECT_EQ(converge("f", "{content: hello}"), "ok");
    EXPECT_EQ(status("f").inode, inode);
}

TEST_P(FileKind, tells_and_mends_what_was_edited) {
    put("f", "spoiled\n");
    EXPECT_EQ(difference("f", "{content: hello}"), "content: \"spoiled\" -> \"hello\"");
    put("f", "jello");  // of equal size
    EXPECT_EQ(difference("f", "{content: hello}"), "content: \"jello\" -> \"hello\"");
    put("f", std::string(1000, 'x'));
    EXPECT_EQ(difference("f", "{content: hello}"), "content: 1000 bytes -> \"hello\"");
    EXPECT_EQ(converge("f", "{content: hello}"), "changed");
    EXPECT_EQ(content("f"), "hello");
}

TEST_P(FileKind, holds_content_of_any_bytes) {
    EXPECT_EQ(converge("f", "{content: {base64: AP8K}}"), "changed");
    EXPECT_EQ(content("f"), std::string("\0\xff\n", 3));
    EXPECT_EQ(converge("f", "{content: {base64: AP8K}}"), "ok");
    EXPECT_EQ(converge("f", "{content: \"\"}"), "changed");
    EXPECT_EQ(content("f"), "");
}

TEST_P(FileKind, without_content_is_made_empty_and_keeps_what_it_has) {
    for (const char* fields : {"{state: exists}", "{}"}) {
        EXPECT_EQ(converge("f", fields), "changed");
        EXPECT_EQ(content("f"), "");
        put("f", "mine");
        EXPECT_EQ(converge("f", fields), "ok");
        EXPECT_EQ(content("f"), "mine");
        ASSERT_TRUE(files().remove(path("f")));
    }
}

TEST_P(FileKind, with_attributes_alone_makes_nothing) {
    EXPECT_EQ(converge("f", "{mode: \"0600\"}"), "ok");
    EXPECT_FALSE(exists("f"));
    put("f", "mine", {.mode = 0644, .owner = {}, .group = {}});
    EXPECT_EQ(difference("f", "{mode: \"0600\"}"), "mode: 0644 -> 0600");
    EXPECT_EQ(converge("f", "{mode: \"0600\"}"), "changed");
    EXPECT_EQ(status("f").mode, 0600u);
    EXPECT_EQ(content("f"), "mine");
    directory("d");
    EXPECT_NE(converge("d", "{mode: \"0600\", force: true}").find("with a trailing slash"),
              std::string::npos);
}

TEST_P(FileKind, keeps_the_mode_of_the_file_it_replaces) {
    put("f", "old", {.mode = 0640, .owner = {}, .group = {}});
    EXPECT_EQ(converge("f", "{content: new}"), "changed");
    EXPECT_EQ(status("f").mode, 0640u);
}

TEST_P(FileKind, what_gets_another_owner_runs_as_it_only_where_that_is_asked_for) {
    const auto set_id = [this](const char* name) {
        put(name, "x", {.mode = 04755, .owner = {}, .group = {}});
    };
    set_id("f");
    const std::string given = converge("f", "{owner: \"4321\"}");
    if (given.find("denied") != std::string::npos) GTEST_SKIP() << "only root gives files away";
    EXPECT_EQ(given, "changed");
    EXPECT_EQ(status("f").mode, 0755u);
    set_id("g");
    EXPECT_EQ(converge("g", "{owner: \"4321\", mode: \"u+x\"}"), "changed");
    EXPECT_EQ(status("g").mode, 0755u);
    EXPECT_EQ(converge("g", "{owner: \"4321\", mode: \"u+x\"}"), "ok");
    set_id("h");
    EXPECT_EQ(converge("h", "{owner: \"4321\", mode: \"u+s\"}"), "changed");
    EXPECT_EQ(status("h").mode, 04755u);
}

TEST_P(FileKind, sets_modes_as_chmod_does) {
    EXPECT_EQ(converge("f", "{content: x, mode: \"u=rw,go=r\"}"), "changed");
    EXPECT_EQ(status("f").mode, 0644u);
    EXPECT_EQ(converge("f", "{content: x, mode: \"u+x,go-r\"}"), "changed");
    EXPECT_EQ(status("f").mode, 0700u);
    EXPECT_EQ(converge("f", "{content: x, mode: \"u+x,go-r\"}"), "ok");
    EXPECT_EQ(converge("d/", "{state: exists, mode: 1777}"), "changed");
    EXPECT_EQ(status("d").mode, 01777u);
}

TEST_P(FileKind, removes_what_shall_be_absent) {
    put("f", "x");
    EXPECT_EQ(difference("f", "{state: absent}"), "state: exists -> absent");
    EXPECT_EQ(converge("f", "{state: absent}"), "changed");
    EXPECT_FALSE(exists("f"));
    EXPECT_EQ(converge("f", "{state: absent}"), "ok");
    EXPECT_EQ(converge("no/such/parent", "{state: absent}"), "ok");
}

TEST_P(FileKind, removes_a_full_directory_only_with_force) {
    directory("d");
    put("d/f", "x");
    const std::string refused = converge("d/", "{state: absent}");
    EXPECT_NE(refused.find("is not empty (1 entry); set force: true"), std::string::npos)
        << refused;
    EXPECT_EQ(content("d/f"), "x");
    EXPECT_EQ(converge("d/", "{state: absent, force: true}"), "changed");
    EXPECT_FALSE(exists("d"));
    directory("d");
    EXPECT_EQ(converge("d/", "{state: absent}"), "changed");
    EXPECT_FALSE(exists("d"));
}

TEST_P(FileKind, replaces_another_type_only_with_force) {
    directory("f");
    put("f/inner", "x");
    const std::string refused = converge("f", "{content: hello}");
    EXPECT_NE(
        refused.find("is a directory where a file should be; write path with a trailing slash"),
        std::string::npos)
        << refused;
    EXPECT_NE(converge("f", "{state: absent}").find("is a directory"), std::string::npos);
    EXPECT_EQ(content("f/inner"), "x");
    EXPECT_EQ(converge("f", "{content: hello, force: true}"), "changed");
    EXPECT_EQ(content("f"), "hello");
    EXPECT_NE(converge("f/", "{state: exists}").find("is a file where a directory should be"),
              std::string::npos);
    EXPECT_EQ(converge("f/", "{state: exists, force: true}"), "changed");
    EXPECT_EQ(status("f").type, FileType::directory);
}

TEST_P(FileKind, never_follows_a_link_at_its_path) {
    put("precious", "mine", {.mode = 0644, .owner = {}, .group = {}});
    link("f", path("precious"));
    const std::string refused = converge("f", "{content: hello, mode: \"0600\"}");
    EXPECT_NE(refused.find("is a symbolic link where a file should be"), std::string::npos);
    EXPECT_EQ(converge("f", "{content: hello, mode: \"0600\", force: true}"), "changed");
    EXPECT_EQ(content("f"), "hello");
    EXPECT_EQ(content("precious"), "mine");
    EXPECT_EQ(status("precious").mode, 0644u);

    link("l", path("precious"));
    EXPECT_EQ(converge("l", "{state: absent}"), "changed");
    EXPECT_EQ(content("precious"), "mine");
}

TEST_P(FileKind, makes_and_mends_symbolic_links) {
    EXPECT_EQ(converge("l", "{symlink: ../far away}"), "changed");
    EXPECT_EQ(*files().read_symlink(path("l")), "../far away");
    EXPECT_EQ(converge("l", "{symlink: ../far away}"), "ok");
    EXPECT_EQ(difference("l", "{symlink: near}"), "symlink: ../far away -> near");
    EXPECT_EQ(converge("l", "{symlink: near}"), "changed");
    EXPECT_EQ(*files().read_symlink(path("l")), "near");
    put("f", "x");
    EXPECT_NE(converge("f", "{symlink: near}").find("where a symbolic link should be"),
              std::string::npos);
    EXPECT_EQ(converge("f", "{symlink: near, force: true}"), "changed");
}

TEST_P(FileKind, says_which_parent_is_missing) {
    EXPECT_EQ(converge("no/f", "{content: x}"),
              path("no/f") + ": parent directory " + path("no") +
                  " does not exist; declare it as a file resource or create it");
    EXPECT_NE(converge("no/d/", "{state: exists}").find("parent directory"), std::string::npos);
    EXPECT_NE(converge("no/l", "{symlink: x}").find("parent directory"), std::string::npos);
}

TEST_P(FileKind, says_which_account_is_missing) {
    const std::string text = converge("f", "{content: x, owner: no-such-user}");
    EXPECT_NE(text.find("owner \"no-such-user\""), std::string::npos) << text;
    EXPECT_FALSE(exists("f"));
    EXPECT_NE(converge("f", "{content: x, group: no-such-group}").find("no-such-group"),
              std::string::npos);
}

TEST_P(FileKind, copies_a_source_file) {
    put("s", "from here");
    EXPECT_EQ(converge("f", "{source: ROOT/s}"), "changed");
    EXPECT_EQ(content("f"), "from here");
    EXPECT_EQ(converge("f", "{source: ROOT/s}"), "ok");
    put("s", "more");
    EXPECT_EQ(converge("f", "{source: ROOT/s}"), "changed");
    EXPECT_EQ(content("f"), "more");
    ASSERT_TRUE(files().remove(path("s")));
    EXPECT_EQ(converge("f", "{source: ROOT/s}").find("source: "), 0u);
    EXPECT_EQ(content("f"), "more");
}

TEST_P(FileKind, copies_a_tree_and_purges_it) {
    const std::string copy = "{source: ROOT/s/, recurse: true}";
    directory("s");
    directory("s/sub");
    put("s/a", "A", {.mode = 0755, .owner = {}, .group = {}});
    put("s/sub/b", "B");
    link("s/l", "a");
    EXPECT_EQ(converge("t/", copy), "changed");
    EXPECT_EQ(content("t/a"), "A");
    EXPECT_EQ(status("t/a").mode, 0755u);
    EXPECT_EQ(content("t/sub/b"), "B");
    EXPECT_EQ(*files().read_symlink(path("t/l")), "a");
    EXPECT_EQ(converge("t/", copy), "ok");

    put("t/sub/b", "spoiled");
    put("t/extra", "X");
    directory("t/more");
    put("t/more/x", "X");
    EXPECT_EQ(difference("t/", copy), "source:  -> sub/b");
    EXPECT_EQ(converge("t/", copy), "changed");
    EXPECT_EQ(content("t/sub/b"), "B");
    EXPECT_EQ(content("t/extra"), "X");

    const std::string purge = "{source: ROOT/s/, recurse: true, purge: true}";
    EXPECT_EQ(difference("t/", purge), "purge: extra -> ; purge: more -> ");
    EXPECT_EQ(converge("t/", purge), "changed");
    EXPECT_FALSE(exists("t/extra"));
    EXPECT_FALSE(exists("t/more"));
    EXPECT_EQ(content("t/a"), "A");
    EXPECT_EQ(converge("t/", purge), "ok");
}

TEST_P(FileKind, purges_around_what_others_declare) {
    directory("s");
    put("s/a", "A");
    directory("t");
    for (const char* below : {"t/theirs", "t/tree", "t/way", "t/way/deep", "t/wayward"})
        directory(below);
    put("t/kept", "K");
    put("t/kept.old", "X");
    put("t/tree/inner", "I");
    put("t/way/deep/conf", "C");
    put("t/way/deep/junk", "X");
    put("t/way/junk", "X");
    link("t/link", path("t/tree"));
    const auto resource = made(wish("t/", "{source: ROOT/s/, recurse: true, purge: true}"));
    EXPECT_EQ(resource->clears(), (Thing{"path", path("t")}));
    Circumstances around;
    for (const char* below : {"t/kept", "t/link/x", "t/missing/f", "t/tree", "t/way/deep/conf"})
        around.claimed.push_back(path(below));
    EXPECT_EQ(run(*bench_, resource, around), "changed");
    EXPECT_EQ(content("t/a"), "A");
    EXPECT_EQ(content("t/kept"), "K");
    EXPECT_EQ(content("t/tree/inner"), "I");
    EXPECT_EQ(content("t/way/deep/conf"), "C");
    EXPECT_TRUE(exists("t/link")) << "a declared path leads through it";
    for (const char* gone :
         {"t/kept.old", "t/theirs", "t/wayward", "t/way/deep/junk", "t/way/junk"})
        EXPECT_FALSE(exists(gone)) << gone;
    EXPECT_EQ(run(*bench_, resource, around), "ok");
    EXPECT_EQ(run(*bench_, resource), "changed") << "declared no longer";
    EXPECT_FALSE(exists("t/way"));
    EXPECT_FALSE(exists("t/kept"));
}

TEST_P(FileKind, purge_leaves_what_is_being_written) {
    directory("s");
    directory("t");
    put("t/.hansa-0123456789abcdef", "half a fi");
    put("t/.hansa-notes", "somebody's");
    const char* purge = "{source: ROOT/s/, recurse: true, purge: true}";
    EXPECT_EQ(converge("t/", purge), "changed");
    EXPECT_TRUE(exists("t/.hansa-0123456789abcdef"));
    EXPECT_FALSE(exists("t/.hansa-notes"));
    EXPECT_EQ(converge("t/", purge), "ok");
    if (dynamic_cast<SimBench*>(bench_.get()) == nullptr) return;
    static_cast<SimLoop&>(bench_->loop()).run_for(std::chrono::hours{2});
    EXPECT_EQ(converge("t/", purge), "changed");
    EXPECT_FALSE(exists("t/.hansa-0123456789abcdef"));
}

TEST_P(FileKind, replaces_a_pipe_by_force_only) {
    for (const char* fields : {"{content: hello, force: true}", "{symlink: near, force: true}"}) {
        if (auto* simulated = dynamic_cast<SimBench*>(bench_.get()))
            ASSERT_TRUE(simulated->sim().files.make_pipe(path("p")));
        else
            ASSERT_EQ(::mkfifo(path("p").c_str(), 0600), 0);
        EXPECT_NE(converge("p", "{content: hello}").find("set force: true"), std::string::npos);
        EXPECT_EQ(converge("p", fields), "changed");
        EXPECT_EQ(converge("p", fields), "ok");
        ASSERT_TRUE(files().remove(path("p")));
    }
}

TEST_P(FileKind, clears_nothing_without_purge) {
    EXPECT_EQ(made(wish("t/", "{source: ROOT/s/, recurse: true}"))->clears(), std::nullopt);
}

TEST_P(FileKind, never_leaves_the_tree_through_a_link) {
    directory("s");
    directory("s/d");
    put("s/d/f", "F");
    directory("outside");
    put("outside/f", "F");
    put("outside/other", "mine");
    directory("t");
    link("t/d", path("outside"));
    const std::string refused = converge("t/", "{source: ROOT/s/, recurse: true, purge: true}");
    EXPECT_NE(refused.find("is a symbolic link where a directory should be"), std::string::npos);
    EXPECT_EQ(converge("t/", "{source: ROOT/s/, recurse: true, purge: true, force: true}"),
              "changed");
    EXPECT_EQ(status("t/d").type, FileType::directory);
    EXPECT_EQ(content("t/d/f"), "F");
    EXPECT_EQ(content("outside/f"), "F");
    EXPECT_EQ(content("outside/other"), "mine");
}

TEST_P(FileKind, counts_what_it_does_not_list) {
    directory("s");
    for (int at = 10; at < 25; ++at) put("s/" + std::to_string(at), "x");
    directory("t");
    const std::string text = difference("t/", "{source: ROOT/s/, recurse: true}");
    EXPECT_NE(text.find("source:  -> 10; "), std::string::npos) << text;
    EXPECT_NE(text.find("; source:  -> 5 further changes"), std::string::npos) << text;
}

TEST_P(FileKind, exports_the_content_of_its_source) {
    put("s", "from here");
    const Catalog catalog = standard_kinds();
    const Kind& kind = *catalog.find("file");
    auto record = kind.prepare_export(wish("f", "{source: ROOT/s, mode: \"0600\"}"), files());
    ASSERT_TRUE(record) << record.error().text;
    EXPECT_EQ(record->fields.find("source"), nullptr);
    EXPECT_EQ(record->fields.find("content")->scalar().text, "from here");
    EXPECT_EQ(record->fields.find("mode")->scalar().text, "0600");

    put("s", std::string("\xff\0", 2));
    record = kind.prepare_export(wish("f", "{source: ROOT/s}"), files());
    ASSERT_TRUE(record);
    EXPECT_EQ(record->fields.find("content")->find("base64")->scalar().text, "/wA=");

    put("s", std::string(export_bytes_max + 1, 'x'));
    record = kind.prepare_export(wish("f", "{source: ROOT/s}"), files());
    ASSERT_FALSE(record);
    EXPECT_EQ(record.error().code, Code::invalid);
    record = kind.prepare_export(wish("f/", "{source: ROOT/, recurse: true}"), files());
    ASSERT_FALSE(record);
    record = kind.prepare_export(wish("f", "{source: ROOT/none}"), files());
    ASSERT_FALSE(record);
    EXPECT_EQ(record.error().code, Code::missing);
}

TEST(FileOnAFaultyDisk, keeps_the_old_file_when_there_is_no_room) {
    SimBench bench;
    const auto resource = made(declare("file", "/work/f", "{content: new}"));
    ASSERT_TRUE(bench.sim().files.write("/work/f", "old", {}));
    bench.sim().files.set_fault("/work", FileFault::no_space);
    EXPECT_NE(run(bench, resource), "changed");
    EXPECT_EQ(*bench.sim().files.read("/work/f", 10), "old");
    bench.sim().files.heal_all();
    EXPECT_EQ(run(bench, resource), "changed");
}

TEST(FileOnAFaultyDisk, fails_when_the_file_cannot_be_read) {
    SimBench bench;
    ASSERT_TRUE(bench.sim().files.write("/work/f", "old", {}));
    bench.sim().files.set_fault("/work/f", FileFault::denied);
    const auto found = look(bench, made(declare("file", "/work/f", "{content: odd}")));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Code::denied);
}

}  // namespace
}  // namespace hansa::kinds
