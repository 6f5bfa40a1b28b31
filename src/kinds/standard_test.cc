#include "kinds/standard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "kinds/testing/declarations.h"

namespace hansa::kinds {
namespace {

TEST(StandardKinds, hold_one_kind_for_each_folder) {
    const Catalog catalog = standard_kinds();
    std::set<std::string> folders;
    const std::filesystem::path here = std::filesystem::path(HANSA_TREE) / "src/kinds";
    for (const auto& entry : std::filesystem::directory_iterator(here))
        if (entry.is_directory()) folders.insert(entry.path().filename().string());
    folders.erase("testing");

    std::set<std::string> listed;
    for (const std::string& name : catalog.names())
        if (catalog.find(name)->support() != Support::refused) listed.insert(name);
    EXPECT_EQ(listed, folders);
}

TEST(StandardKinds, know_or_refuse_every_kind_that_old_graphs_name) {
    // The eras' own lists, then the kinds of the example folder.
    const char* const names[] = {"noop",
                                 "file",
                                 "service",
                                 "exec",
                                 "svc",
                                 "pkg",
                                 "timer",
                                 "msg",
                                 "virt",
                                 "hostname",
                                 "nspawn",
                                 "kv",
                                 "password",
                                 "augeas",
                                 "user",
                                 "group",
                                 "print",
                                 "test",
                                 "line",
                                 "sysctl",
                                 "mount",
                                 "cron",
                                 "value",
                                 "schedule",
                                 "exit",
                                 "aws:ec2",
                                 "docker:container",
                                 "json:edit",
                                 "net",
                                 "tar",
                                 "http:server:file"};
    const Catalog catalog = standard_kinds();
    for (const char* name : names) EXPECT_NE(catalog.find(name), nullptr) << name;
}

TEST(StandardKinds, explain_every_field) {
    const Catalog catalog = standard_kinds();
    for (const std::string& name : catalog.names()) {
        const Kind& kind = *catalog.find(name);
        EXPECT_FALSE(kind.help().empty()) << name;
        std::set<std::string> seen;
        for (const FieldInfo& field : kind.fields()) {
            EXPECT_FALSE(field.help.empty()) << name << "." << field.name;
            EXPECT_FALSE(field.type.empty()) << name << "." << field.name;
            EXPECT_TRUE(seen.insert(field.name).second) << name << "." << field.name;
        }
    }
}

TEST(StandardKinds, have_the_fields_of_the_specification) {
    const std::vector<std::pair<std::string, std::vector<std::string>>> wanted = {
        {"file",
         {"path", "dirname", "basename", "state", "content", "source", "owner", "group", "mode",
          "recurse", "force", "purge", "symlink"}},
        {"exec",
         {"cmd",        "args",       "shell",   "cwd",       "env",      "user",    "group",
          "timeout",    "ifcmd",      "ifshell", "nifcmd",    "nifshell", "creates", "watchcmd",
          "watchshell", "watchfiles", "donecmd", "doneshell", "pollint",  "state"}},
        {"svc", {"state", "startup", "session"}},
        {"user",
         {"state", "uid", "gid", "group", "groups", "homedir", "shell", "allowduplicateuid"}},
        {"group", {"state", "gid"}},
        {"kv", {"key", "value", "mapped", "skiplessthan", "skipcmpstyle"}},
        {"msg", {"body", "priority", "fields", "journal", "syslog"}},
        {"print", {"msg", "refresh_only"}},
        {"timer", {"interval"}},
        {"test", {"outcome", "duration", "fail_first"}},
        {"mount", {"state", "device", "type", "options", "freq", "passno"}},
        {"line", {"file", "state", "content", "trim"}},
        {"sysctl", {"value", "runtime", "persist", "path"}},
        {"hostname", {"hostname", "pretty_hostname", "static_hostname", "transient_hostname"}},
    };
    const Catalog catalog = standard_kinds();
    for (const auto& [kind, fields] : wanted) {
        std::vector<std::string> found;
        for (const FieldInfo& field : catalog.find(kind)->fields()) found.push_back(field.name);
        EXPECT_EQ(found, fields) << kind;
    }
}

TEST(StandardKinds, call_service_svc) {
    const Catalog catalog = standard_kinds();
    EXPECT_EQ(catalog.find("service"), catalog.find("svc"));
}

TEST(StandardKinds, refuse_what_is_not_planned_with_a_way_out) {
    const Catalog catalog = standard_kinds();
    for (const char* name : {"virt", "nspawn", "augeas", "password", "aws:ec2"}) {
        const Kind& kind = *catalog.find(name);
        EXPECT_EQ(kind.support(), Support::refused);
        const std::string text = refusal(declare(name, "x"));
        EXPECT_NE(text.find(kind.hint()), std::string::npos) << text;
        EXPECT_FALSE(kind.hint().empty()) << name;
    }
}

TEST(StandardKinds, that_cannot_be_applied_say_so) {
    const Catalog catalog = standard_kinds();
    for (const char* name :
         {"svc", "pkg", "user", "group", "line", "sysctl", "mount", "cron", "hostname"})
        EXPECT_EQ(catalog.find(name)->support(), Support::schema_only) << name;
    for (const char* name : {"file", "exec", "noop", "print", "timer", "kv", "msg", "test"})
        EXPECT_EQ(catalog.find(name)->support(), Support::full) << name;
}

}  // namespace
}  // namespace hansa::kinds
