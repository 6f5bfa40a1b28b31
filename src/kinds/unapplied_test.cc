#include "kinds/unapplied.h"

#include <gtest/gtest.h>

#include "kinds/testing/declarations.h"

namespace hansa::kinds {
namespace {

struct Case {
    const char* kind;
    const char* name;
    const char* fields;
    const char* says;  // part of the error
};

TEST(Unapplied, refuses_values_that_make_no_sense) {
    const Case cases[] = {
        {"svc", "sshd", "{state: runing}", "state is \"runing\"; did you mean \"running\"?"},
        {"svc", "sshd", "{startup: maybe}", "startup is \"maybe\"; write enabled or disabled"},
        {"svc", "sshd", "{running: true}", "no field \"running\""},
        {"pkg", "vim", "{}", "state is missing"},
        {"pkg", "vim", "{state: very new}", "neither installed, newest, uninstalled nor a version"},
        {"user", "bob", "{uid: 7}", "state is missing"},
        {"user", "bob", "{state: exists, uid: -1}", "uid is \"-1\""},
        {"user", "bob", "{state: exists, gid: 7, group: staff}", "write one of the two"},
        {"user", "bob", "{state: exists, homedir: home/bob}", "is not absolute"},
        {"group", "staff", "{state: there}", "state \"there\" is not known"},
        {"line", "x", "{state: exists, content: a}", "file is missing"},
        {"line", "x", "{file: /etc/hosts/, state: exists, content: a}", "names a directory"},
        {"line", "x", "{file: /etc/hosts, state: exists, content: \"a\\nb\"}", "holds a line end"},
        {"sysctl", "vm.swappiness", "{}", "value is missing"},
        {"sysctl", "vm.swappiness", "{value: 1, runtime: false, persist: false}",
         "at least one must be true"},
        {"mount", "data", "{state: absent}", "name is not absolute"},
        {"mount", "/data", "{state: exists}", "device and type must be there too"},
        {"mount", "/data", "{state: exists, device: /dev/sdb1, type: ext4, passno: 3}",
         "write 0, 1 or 2"},
        {"cron", "backup", "{time: daily}", "trigger is missing"},
        {"cron", "backup", "{trigger: OnCalender, time: daily}", "did you mean \"OnCalendar\"?"},
        {"hostname", "x", "{hostname: \"bad name\"}", "hostname is not a host name"},
    };
    for (const Case& each : cases) {
        const std::string text = refusal(declare(each.kind, each.name, each.fields));
        EXPECT_NE(text.find(each.says), std::string::npos)
            << each.kind << " " << each.fields << "\n"
            << text;
        EXPECT_EQ(text.find("web.yaml"), 0u) << text;
    }
}

TEST(Unapplied, takes_what_old_graphs_say) {
    made(declare("svc", "purpleidea", "{state: running, startup: enabled}"));
    made(declare("svc", "cups", "{state: running, startup: \"\"}"));
    made(declare("pkg", "powertop", "{state: installed}"));
    made(declare("pkg", "vim", "{state: 2:9.0.1378-2}"));
    made(declare("user", "user1", "{state: exists, uid: 1010, gid: 100, groups: [wheel]}"));
    made(declare("group", "group2", "{state: exists, gid: 10001}"));
    made(declare("hostname", "web-1.example.com"));
    made(declare("mount", "/data/", "{state: exists, device: /dev/sdb1, type: ext4}"));
    made(declare("cron", "backup", "{trigger: OnCalendar, time: daily, startup: enabled}"));
    made(declare("sysctl", "vm.swappiness", "{value: 10}"));
}

TEST(Unapplied, names_what_automatic_edges_need) {
    const auto user = made(declare("user", "bob", "{state: exists, group: staff, groups: [adm]}"));
    EXPECT_EQ(user->provides(), (std::vector<Thing>{{"user", "bob"}}));
    EXPECT_EQ(user->wants(), (std::vector<Thing>{{"group", "staff"}, {"group", "adm"}}));
    const auto mount =
        made(declare("mount", "/srv/data/", "{state: exists, device: nas:/data, type: nfs}"));
    EXPECT_EQ(mount->owns(), (Thing{"path", "/srv/data"}));
    EXPECT_EQ(mount->wants(), (std::vector<Thing>{{"path", "/srv"}}));
    const auto gone = made(declare("user", "eve", "{state: absent}"));
    EXPECT_TRUE(gone->provides().empty());
    EXPECT_EQ(gone->owns(), (Thing{"user", "eve"}));
}

TEST(Unapplied, tells_equal_from_changed) {
    const auto one = made(declare("pkg", "vim", "{state: installed}"));
    const auto same = made(declare("pkg", "vim", "{state: installed, allownonfree: false}"));
    const auto other = made(declare("pkg", "vim", "{state: newest}"));
    EXPECT_TRUE(one->same_as(*same));
    EXPECT_FALSE(one->same_as(*other));
}

TEST(Unapplied, never_pretends_to_be_applied) {
    const Error error = cannot_be_applied({"svc", "sshd"});
    EXPECT_EQ(error.code, Code::unavailable);
    EXPECT_EQ(error.text.find("svc[sshd]: "), 0u);
}

}  // namespace
}  // namespace hansa::kinds
