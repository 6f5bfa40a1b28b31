#include "kinds/group/group.h"

#include "kinds/unapplied.h"

namespace hansa::kinds {
namespace {

struct GroupParams {
    std::string state;
    std::optional<std::uint32_t> gid;
};

const Schema<GroupParams>& group_schema() {
    static const Schema<GroupParams> schema = {
        field("state", &GroupParams::state, "exists or absent").one_of({"exists", "absent"}),
        field("gid", &GroupParams::gid, "number of the group; chosen by the system when absent"),
    };
    return schema;
}

void complete(GroupParams& params, Findings& findings) {
    if (params.state.empty()) findings.wrong("state", "is missing; write exists or absent");
}

Ties ties(const ResourceId& id, const GroupParams& params) {
    Ties ties{.provides = {}, .wants = {}, .owns = Thing{"group", id.name}};
    if (params.state != "absent") ties.provides = {{"group", id.name}};
    return ties;
}

Reach reach(const ResourceId&, const GroupParams& params) {
    return {.removes = params.state == "absent"};
}

}  // namespace

std::unique_ptr<const Kind> group() {
    return unapplied<GroupParams>("group", "a local group", group_schema(), complete, ties, reach);
}

}  // namespace hansa::kinds
