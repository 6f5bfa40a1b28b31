#include "kinds/hostname/hostname.h"

#include "base/host.h"
#include "kinds/unapplied.h"

namespace hansa::kinds {
namespace {

struct HostnameParams {
    std::string hostname;
    std::string pretty;
    std::string fixed;
    std::string transient;
};

const Schema<HostnameParams>& hostname_schema() {
    static const Schema<HostnameParams> schema = {
        field("hostname", &HostnameParams::hostname,
              "the name that the three others default to; default: the resource's name"),
        field("pretty_hostname", &HostnameParams::pretty, "free text for people"),
        field("static_hostname", &HostnameParams::fixed, "the name kept over boots"),
        field("transient_hostname", &HostnameParams::transient, "the name until the next boot"),
    };
    return schema;
}

void check_name(const std::string& name, const char* field, Findings& findings) {
    if (name.empty()) return;
    if (auto parsed = HostName::parse(name); !parsed)
        findings.wrong(field, "is not a host name: " + parsed.error().text);
}

void complete(HostnameParams& params, Findings& findings) {
    const bool says_nothing = params.pretty.empty() && params.fixed.empty() &&
                              params.transient.empty() && params.hostname.empty();
    if (says_nothing) params.hostname = findings.name();
    check_name(params.hostname, "hostname", findings);
    check_name(params.fixed, "static_hostname", findings);
    check_name(params.transient, "transient_hostname", findings);
}

// A machine has one set of names, so two such resources contradict each other.
Ties ties(const ResourceId&, const HostnameParams&) {
    return {.provides = {}, .wants = {}, .owns = Thing{"hostname", ""}};
}

}  // namespace

std::unique_ptr<const Kind> hostname() {
    return unapplied<HostnameParams>("hostname", "the names of the machine", hostname_schema(),
                                     complete, ties, nullptr);
}

}  // namespace hansa::kinds
