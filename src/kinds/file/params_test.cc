#include "kinds/file/params.h"

#include "base/text.h"
#include "kinds/testing/declarations.h"

namespace hansa::kinds {
namespace {

std::string path_of(const std::string& name, const char* fields) {
    const auto resource = made(declare("file", name, fields));
    return resource->encode().find("path")->scalar().text;
}

TEST(FileParams, put_the_path_together) {
    EXPECT_EQ(path_of("/etc/motd", "{}"), "/etc/motd");
    EXPECT_EQ(path_of("motd", "{path: /etc/motd}"), "/etc/motd");
    EXPECT_EQ(path_of("x", "{path: /etc//./motd}"), "/etc/motd");
}

TEST(FileParams, take_dirname_and_basename_in_place_of_parts) {
    EXPECT_EQ(path_of("x", "{path: /etc/motd, dirname: /tmp/a/}"), "/tmp/a/motd");
    EXPECT_EQ(path_of("x", "{path: /etc/motd, basename: issue}"), "/etc/issue");
    EXPECT_EQ(path_of("f1", "{dirname: /tmp/}"), "/tmp/f1");
    EXPECT_EQ(path_of("x", "{dirname: /tmp/, basename: y}"), "/tmp/y");
    EXPECT_EQ(path_of("x", "{path: /etc/issue.d/, dirname: /tmp/}"), "/tmp/issue.d/");
    EXPECT_EQ(path_of("x", "{path: //etc/./issue.d//}"), "/etc/issue.d/");
}

struct Refusal {
    const char* name;
    const char* fields;
    const char* says;
};

TEST(FileParams, refuse_what_cannot_be_meant) {
    const Refusal refusals[] = {
        {"motd", "{content: x}", "is not absolute"},
        {"x", "{path: /etc/../root/x}", "holds \"..\""},
        {"x", "{path: \"/etc/a\\nb\"}", "holds a control byte"},
        {"x", "{path: /etc/x, dirname: /tmp}", "dirname must end with \"/\""},
        {"x", "{path: /etc/x, basename: /y}", "basename must not begin with \"/\""},
        {"x", "{dirname: /tmp/, basename: ../../etc/passwd}", "holds \"..\""},
        {"/x", "{mode: \"99\"}", "neither octal nor symbolic; write it as \"0644\""},
        {"/x", "{state: exist}", "did you mean \"exists\"?"},
        {"/x", "{contents: x}", "did you mean \"content\"?"},
        {"/x", "{content: x, source: /y}", "stands beside content"},
        {"/x/", "{content: x}", "cannot be of a directory"},
        {"/x/", "{source: /y/}", "set recurse: true"},
        {"/x", "{source: /y/, recurse: true}", "must both be directories"},
        {"/x/y/", "{source: /x/, recurse: true}", "one inside the other"},
        {"/x/", "{source: /x/y/, recurse: true}", "one inside the other"},
        {"/x", "{source: y}", "is not absolute"},
        {"/x/", "{purge: true}", "needs a directory, source and recurse: true"},
        {"/", "{state: absent, force: true}", "root directory"},
        {"/x/", "{symlink: y}", "never a directory"},
        {"/x", "{symlink: y, content: z}", "stands beside content"},
        {"/x", "{symlink: \"\"}", "is not a link's target"},
        {"/x", "{symlink: y, mode: \"0644\"}", "no meaning for a symlink"},
        {"/x", "{recurse: maybe}", "write true or false"},
    };
    for (const Refusal& each : refusals) {
        const std::string text = refusal(declare("file", each.name, each.fields));
        EXPECT_NE(text.find(each.says), std::string::npos) << each.fields << "\n" << text;
    }
}

TEST(FileParams, tell_everything_that_is_wrong_with_its_place) {
    const std::string text =
        refusal(declare("file", "/x", "{mode: \"99\", content: a,\n source: b}"));
    EXPECT_EQ(split(text, '\n').size(), 3u) << text;
    EXPECT_EQ(text.find("web.yaml:2:10: file[/x]: source "), 0u) << text;
}

TEST(FileParams, warn_when_absent_wins) {
    const auto warnings = warnings_of(declare("file", "/x", "{state: absent, content: a}"));
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_NE(warnings[0].find("absent wins"), std::string::npos);
    EXPECT_TRUE(warnings_of(declare("file", "/x", "{state: absent}")).empty());
}

TEST(FileParams, read_no_files_for_other_hosts) {
    Declaration foreign = declare("file", "/x", "{source: /etc/shadow}");
    foreign.origin.exporter = "b";
    EXPECT_NE(refusal(foreign).find("came from another host"), std::string::npos);
}

TEST(FileParams, name_their_things) {
    const auto file = made(declare("file", "/a/b", "{content: x, owner: bob, group: staff}"));
    EXPECT_EQ(file->owns(), (Thing{"path", "/a/b"}));
    EXPECT_EQ(file->provides(), (std::vector<Thing>{{"path", "/a/b"}}));
    EXPECT_EQ(file->wants(),
              (std::vector<Thing>{{"path", "/a"}, {"user", "bob"}, {"group", "staff"}}));
    const auto gone = made(declare("file", "/a/b", "{state: absent}"));
    EXPECT_TRUE(gone->provides().empty());
    EXPECT_EQ(gone->owns(), (Thing{"path", "/a/b"}));
    const auto directory = made(declare("file", "/a/b/"));
    EXPECT_EQ(directory->owns(), (Thing{"path", "/a/b"}));
}

TEST(FileParams, watch_the_source_too) {
    const auto file = made(declare("file", "/a", "{source: /s}"));
    ASSERT_EQ(file->watches().size(), 2u);
    EXPECT_EQ(std::get<WatchPath>(file->watches()[1]), (WatchPath{"/s", WatchDepth::entry}));
    const auto tree = made(declare("file", "/a/", "{source: /s/, recurse: true}"));
    EXPECT_EQ(std::get<WatchPath>(tree->watches()[0]), (WatchPath{"/a", WatchDepth::tree}));
    EXPECT_EQ(std::get<WatchPath>(tree->watches()[1]), (WatchPath{"/s", WatchDepth::tree}));
}

TEST(FileRelocation, replaces_the_directory_of_the_exporter) {
    const Catalog catalog = standard_kinds();
    const Kind& kind = *catalog.find("file");
    auto moved = kind.relocate(declare("file", "f3a", "{path: /tmp/mgmtA/f3a, content: i am f3}"),
                               "/tmp/mgmtB/");
    ASSERT_TRUE(moved) << moved.error().text;
    EXPECT_EQ(moved->fields.find("path")->scalar().text, "/tmp/mgmtB/f3a");
    EXPECT_EQ(moved->fields.find("content")->scalar().text, "i am f3");
    EXPECT_EQ(moved->id.name, "f3a");

    moved = kind.relocate(declare("file", "x", "{path: /a/d/, state: exists}"), "/b/");
    ASSERT_TRUE(moved);
    EXPECT_EQ(moved->fields.find("path")->scalar().text, "/b/d/");
    moved = kind.relocate(declare("file", "x", "{dirname: /a/, basename: y}"), "/b/");
    ASSERT_TRUE(moved);
    EXPECT_EQ(moved->fields.find("path")->scalar().text, "/b/y");
    EXPECT_EQ(moved->fields.find("dirname"), nullptr);
}

TEST(FileRelocation, refuses_patterns_and_paths_that_lead_elsewhere) {
    const Catalog catalog = standard_kinds();
    const Kind& kind = *catalog.find("file");
    for (const char* pattern : {"tmp/", "/tmp", "/tmp/../etc/", ""})
        EXPECT_FALSE(kind.relocate(declare("file", "/a/x"), pattern)) << pattern;
    for (const char* fields : {"{path: /a/..}", "{path: /}", "{path: a}", "{path: [1]}",
                               "{dirname: /a/, basename: ../b}"})
        EXPECT_FALSE(kind.relocate(declare("file", "x", fields), "/tmp/")) << fields;
}

}  // namespace
}  // namespace hansa::kinds
