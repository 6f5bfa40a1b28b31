#include "kinds/user/user.h"

#include "kinds/paths.h"
#include "kinds/unapplied.h"

namespace hansa::kinds {
namespace {

struct UserParams {
    std::string state;
    std::optional<std::uint32_t> uid;
    std::optional<std::uint32_t> gid;
    std::optional<std::string> group;
    std::vector<std::string> groups;
    std::string homedir;
    std::string shell;
    bool allow_duplicate_uid = false;
};

const Schema<UserParams>& user_schema() {
    static const Schema<UserParams> schema = {
        field("state", &UserParams::state, "exists or absent").one_of({"exists", "absent"}),
        field("uid", &UserParams::uid, "number of the account; chosen by the system when absent"),
        field("gid", &UserParams::gid, "number of its first group; instead of group"),
        field("group", &UserParams::group, "name of its first group"),
        field("groups", &UserParams::groups, "names of further groups"),
        field("homedir", &UserParams::homedir, "absolute path of its home"),
        field("shell", &UserParams::shell, "absolute path of its login shell"),
        field("allowduplicateuid", &UserParams::allow_duplicate_uid,
              "another account may have the same uid"),
    };
    return schema;
}

void complete(UserParams& params, Findings& findings) {
    if (params.state.empty()) findings.wrong("state", "is missing; write exists or absent");
    if (params.gid && params.group)
        findings.wrong("gid", "stands beside group; write one of the two");
    findings.path("homedir", params.homedir);
    findings.path("shell", params.shell);
}

Ties ties(const ResourceId& id, const UserParams& params) {
    Ties ties{.provides = {}, .wants = {}, .owns = Thing{"user", id.name}};
    if (params.state == "absent") return ties;
    ties.provides = {{"user", id.name}};
    if (params.group) ties.wants.push_back({"group", *params.group});
    for (const std::string& group : params.groups) ties.wants.push_back({"group", group});
    return ties;
}

Reach reach(const ResourceId&, const UserParams& params) {
    return {.path = as_entry(params.homedir), .removes = params.state == "absent"};
}

}  // namespace

std::unique_ptr<const Kind> user() {
    return unapplied<UserParams>("user", "a local account", user_schema(), complete, ties, reach);
}

}  // namespace hansa::kinds
