#include "kinds/svc/svc.h"

#include "kinds/unapplied.h"

namespace hansa::kinds {
namespace {

struct SvcParams {
    std::string state;
    std::string startup;
    bool session = false;
};

const Schema<SvcParams>& svc_schema() {
    static const Schema<SvcParams> schema = {
        field("state", &SvcParams::state, "running or stopped; left alone when absent"),
        field("startup", &SvcParams::startup,
              "enabled or disabled: whether it starts with the machine; left alone when absent"),
        field("session", &SvcParams::session, "a unit of the user's session, not of the system"),
    };
    return schema;
}

void complete(SvcParams& params, Findings& findings) {
    findings.one_of("state", params.state, std::vector<std::string>{"running", "stopped"});
    findings.one_of("startup", params.startup, std::vector<std::string>{"enabled", "disabled"});
}

Ties ties(const ResourceId& id, const SvcParams& params) {
    if (params.session) return {};
    const std::string unit = id.name + ".service";
    return {.provides = {{"svc", id.name}},
            .wants = {{"path", "/etc/systemd/system/" + unit},
                      {"path", "/lib/systemd/system/" + unit},
                      {"pkg", id.name}},
            .owns = Thing{"svc", id.name}};
}

}  // namespace

std::unique_ptr<const Kind> svc() {
    return unapplied<SvcParams>("svc", "a systemd unit that runs or is stopped", svc_schema(),
                                complete, ties, nullptr);
}

}  // namespace hansa::kinds
