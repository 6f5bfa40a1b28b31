#include "kinds/pkg/pkg.h"

#include "kinds/unapplied.h"

namespace hansa::kinds {
namespace {

struct PkgParams {
    std::string state;
    bool allow_downgrade = false;
    bool allow_untrusted = false;
    bool allow_nonfree = false;
    bool allow_unsupported = false;
};

const Schema<PkgParams>& pkg_schema() {
    static const Schema<PkgParams> schema = {
        field("state", &PkgParams::state, "installed, newest, uninstalled, or a version"),
        field("allowdowngrade", &PkgParams::allow_downgrade,
              "a version below the installed one may replace it"),
        field("allowuntrusted", &PkgParams::allow_untrusted,
              "packages without a trusted signature may be installed"),
        field("allownonfree", &PkgParams::allow_nonfree, "packages that are not free software too"),
        field("allowunsupported", &PkgParams::allow_unsupported,
              "packages that the distribution does not support too"),
    };
    return schema;
}

void complete(PkgParams& params, Findings& findings) {
    if (params.state.empty())
        findings.wrong("state", "is missing; write installed, newest, uninstalled, or a version");
    else if (params.state.find_first_of(" \t\n/") != std::string::npos)
        findings.wrong("state", "is neither installed, newest, uninstalled nor a version");
}

Ties ties(const ResourceId& id, const PkgParams& params) {
    Ties ties{.provides = {}, .wants = {}, .owns = Thing{"pkg", id.name}};
    if (params.state != "uninstalled") ties.provides = {{"pkg", id.name}};
    return ties;
}

Reach reach(const ResourceId&, const PkgParams& params) {
    return {.removes = params.state == "uninstalled"};
}

}  // namespace

std::unique_ptr<const Kind> pkg() {
    return unapplied<PkgParams>("pkg", "a package of the distribution", pkg_schema(), complete,
                                ties, reach);
}

}  // namespace hansa::kinds
