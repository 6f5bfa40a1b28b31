// What each kind says that a declaration could do: the collect policy decides by nothing else.
#include <gtest/gtest.h>

#include "kinds/standard.h"
#include "kinds/testing/declarations.h"

namespace hansa::kinds {
namespace {

Result<Reach> asked(const Declaration& declaration) {
    static const Catalog catalog = standard_kinds();
    return catalog.find(declaration.id.kind)->reach(declaration);
}

Reach reach(const std::string& kind, const std::string& name, std::string_view fields) {
    auto found = asked(declare(kind, name, fields));
    EXPECT_TRUE(found) << found.error().text;
    return found ? *found : Reach{};
}

Reach file_reach(std::string_view fields) {
    return reach("file", "/srv/f", fields);
}

TEST(Reach, of_a_file_is_its_path_and_its_content) {
    EXPECT_EQ(file_reach("{content: hello}"), (Reach{.path = "/srv/f", .bytes = 5}));
    EXPECT_EQ(file_reach("{path: /srv//d/./}"), (Reach{.path = "/srv/d"}));
    EXPECT_EQ(file_reach("{dirname: /etc/, basename: motd}").path, "/etc/motd");
    EXPECT_EQ(file_reach("{content: {base64: AAEC}}").bytes, 3u);
}

TEST(Reach, of_a_file_names_the_accounts_as_written) {
    const Reach found = file_reach("{owner: bob, group: '0'}");
    EXPECT_EQ(found.owner, "bob");
    EXPECT_EQ(found.group, "0");
}

TEST(Reach, counts_every_bit_that_a_mode_might_give) {
    EXPECT_FALSE(file_reach("{}").mode);
    EXPECT_EQ(file_reach("{mode: '0644'}").mode, 0644u);
    EXPECT_EQ(file_reach("{mode: '4755'}").mode, 04755u);
    EXPECT_EQ(file_reach("{mode: 'u=rwx,go='}").mode, 0700u);
    EXPECT_EQ(file_reach("{mode: 'u+s'}").mode, 04777u);
    EXPECT_EQ(file_reach("{mode: 'u-x,g+s'}").mode, 02677u);
    EXPECT_EQ(file_reach("{mode: '+t'}").mode, 01777u);
    EXPECT_EQ(file_reach("{mode: 'o=u'}").mode, 0777u);
    EXPECT_EQ(file_reach("{mode: 'a=X'}").mode, 0111u);
}

TEST(Reach, of_what_may_take_something_away_says_so) {
    EXPECT_FALSE(file_reach("{state: exists}").removes);
    EXPECT_TRUE(file_reach("{state: absent}").removes);
    EXPECT_TRUE(file_reach("{content: x, force: true}").removes);
    EXPECT_TRUE(reach("file", "/srv/d/", "{source: /srv/s/, recurse: true, purge: true}").removes);
    EXPECT_TRUE(reach("pkg", "less", "{state: uninstalled}").removes);
    EXPECT_FALSE(reach("pkg", "less", "{state: installed}").removes);
    EXPECT_TRUE(reach("user", "bob", "{state: absent}").removes);
    EXPECT_TRUE(reach("group", "bob", "{state: absent}").removes);
    EXPECT_TRUE(reach("mount", "/mnt", "{state: absent}").removes);
    EXPECT_TRUE(reach("line", "l", "{state: absent, file: /f, content: x}").removes);
    EXPECT_TRUE(reach("cron", "c", "{state: absent}").removes);
    EXPECT_TRUE(reach("kv", "k", "{}").removes);
    EXPECT_FALSE(reach("kv", "k", "{value: v}").removes);
}

TEST(Reach, of_a_link_is_a_link_wherever_it_points) {
    EXPECT_TRUE(file_reach("{symlink: f2}").symlink);
    EXPECT_FALSE(file_reach("{content: x}").symlink);
}

TEST(Reach, of_other_kinds_is_the_path_that_they_change) {
    EXPECT_EQ(reach("line", "l", "{state: exists, file: /etc/x, content: abc}"),
              (Reach{.path = "/etc/x", .bytes = 4}));
    EXPECT_EQ(reach("mount", "/mnt/", "{state: exists, device: d, type: t}").path, "/mnt");
    EXPECT_EQ(reach("user", "bob", "{state: exists, homedir: /home/bob/}").path, "/home/bob");
    EXPECT_EQ(reach("sysctl", "a.b", "{value: '1', path: /etc/sysctl.d/a.conf}"),
              (Reach{.path = "/etc/sysctl.d/a.conf", .bytes = 1}));
    EXPECT_EQ(reach("cron", "c", "{trigger: OnCalendar, time: daily}").path,
              "/etc/systemd/system/c.timer");
    EXPECT_EQ(reach("svc", "nginx", "{state: running}"), Reach{});
}

TEST(Reach, of_a_command_is_the_account_whose_rights_it_has) {
    for (const char* guarded : {"{ifcmd: x}", "{nifcmd: x}", "{watchcmd: x}"})
        EXPECT_TRUE(reach("exec", "true", guarded).looks_by_command) << guarded;
    EXPECT_FALSE(reach("exec", "true", "{creates: /x}").looks_by_command);
    const Reach found = reach("exec", "true", "{user: bob, group: adm}");
    EXPECT_EQ(found.owner, "bob");
    EXPECT_EQ(found.group, "adm");
}

TEST(Reach, of_one_file_within_another_directory_makes_another_resource) {
    Declaration declaration = declare("file", "/srv/f", "{content: x}");
    const ResourcePtr free = made(declaration);
    declaration.beneath = "/srv";
    const ResourcePtr held = made(declaration);
    EXPECT_FALSE(free->same_as(*held));
    EXPECT_TRUE(held->same_as(*made(declaration)));
}

// An exporter that could name a file of the collector as source would read it, or make it appear
// where others can.
TEST(Reach, is_refused_for_what_no_resource_can_be_made_of) {
    Declaration foreign = declare("file", "/srv/f", "{source: /etc/shadow}");
    foreign.origin.exporter = "b";
    auto found = asked(foreign);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Code::invalid);
    EXPECT_NE(found.error().text.find("came from another host"), std::string::npos);
    EXPECT_FALSE(asked(declare("file", "relative")));
    EXPECT_FALSE(asked(declare("file", "/srv/../etc/x")));
    EXPECT_FALSE(asked(declare("file", "/srv/f", "{mode: rwx}")));
    EXPECT_FALSE(asked(declare("mount", "relative", "{state: absent}")));
}

}  // namespace
}  // namespace hansa::kinds
