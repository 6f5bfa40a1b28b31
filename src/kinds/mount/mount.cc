#include "kinds/mount/mount.h"

#include "kinds/paths.h"
#include "kinds/unapplied.h"

namespace hansa::kinds {
namespace {

struct MountParams {
    std::string state;
    std::string device;
    std::string type;
    std::map<std::string, std::string> options;
    std::uint32_t freq = 0;
    std::uint32_t passno = 0;
};

const Schema<MountParams>& mount_schema() {
    static const Schema<MountParams> schema = {
        field("state", &MountParams::state, "exists or absent").one_of({"exists", "absent"}),
        field("device", &MountParams::device, "what is mounted: a device, a UUID=, a host:/path"),
        field("type", &MountParams::type, "type of the file system"),
        field("options", &MountParams::options, "mount options; an empty text for a bare one"),
        field("freq", &MountParams::freq, "fifth column of fstab: dumps"),
        field("passno", &MountParams::passno, "sixth column of fstab: order of checks, 0 to 2"),
    };
    return schema;
}

void complete(MountParams& params, Findings& findings) {
    if (auto normal = normal_path(findings.name()); !normal)
        findings.wrong("name", normal.error().text + "; it is the mount point");
    if (params.state.empty()) findings.wrong("state", "is missing; write exists or absent");
    if (params.state == "exists" && (params.device.empty() || params.type.empty()))
        findings.wrong("state", "is \"exists\", so device and type must be there too");
    if (params.passno > 2)
        findings.wrong("passno", "is " + std::to_string(params.passno) + "; write 0, 1 or 2");
}

Ties ties(const ResourceId& id, const MountParams& params) {
    auto normal = normal_path(id.name);
    if (!normal) return {};
    const Thing point{"path", as_entry(*normal)};
    if (params.state == "absent") return {.provides = {}, .wants = {}, .owns = point};
    return {.provides = {point}, .wants = {{"path", parent_of(*normal)}}, .owns = point};
}

Reach reach(const ResourceId& id, const MountParams& params) {
    return {.path = as_entry(*normal_path(id.name)), .removes = params.state == "absent"};
}

}  // namespace

std::unique_ptr<const Kind> mount() {
    return unapplied<MountParams>("mount", "a file system at its mount point; the name is the path",
                                  mount_schema(), complete, ties, reach);
}

}  // namespace hansa::kinds
