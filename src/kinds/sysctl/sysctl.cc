#include "kinds/sysctl/sysctl.h"

#include "kinds/paths.h"
#include "kinds/unapplied.h"

namespace hansa::kinds {
namespace {

struct SysctlParams {
    std::string value;
    bool runtime = true;
    bool persist = true;
    std::string path;
};

const Schema<SysctlParams>& sysctl_schema() {
    static const Schema<SysctlParams> schema = {
        field("value", &SysctlParams::value, "what the kernel shall hold"),
        field("runtime", &SysctlParams::runtime, "set it in the running kernel; true when absent"),
        field("persist", &SysctlParams::persist, "keep it over boots; true when absent"),
        field("path", &SysctlParams::path, "absolute path of the file that keeps it"),
    };
    return schema;
}

void complete(SysctlParams& params, Findings& findings) {
    if (params.value.empty()) findings.wrong("value", "is missing; write what the kernel holds");
    if (params.value.find('\n') != std::string::npos)
        findings.wrong("value", "holds a line end; write it on one line");
    if (!params.runtime && !params.persist)
        findings.wrong("persist", "is false and so is runtime; at least one must be true");
    findings.path("path", params.path);
}

Ties ties(const ResourceId& id, const SysctlParams&) {
    return {.provides = {}, .wants = {}, .owns = Thing{"sysctl", id.name}};
}

Reach reach(const ResourceId&, const SysctlParams& params) {
    return {.path = as_entry(params.path), .bytes = params.value.size()};
}

}  // namespace

std::unique_ptr<const Kind> sysctl() {
    return unapplied<SysctlParams>("sysctl", "a value of the running kernel", sysctl_schema(),
                                   complete, ties, reach);
}

}  // namespace hansa::kinds
