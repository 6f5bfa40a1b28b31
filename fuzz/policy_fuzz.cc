// A policy file is its operator's, but what is wrong with it must never let anybody in. What must
// hold: no crash and no report of a sanitizer; a refusal names the place; whatever was accepted
// still refuses paths with two spellings, holds files below their pattern, and never allows what
// it does not confine.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "trust/acceptance.h"
#include "trust/policy.h"

namespace {

void decide(const hansa::Policy& policy, const hansa::PolicySubject& subject) {
    const hansa::PolicyExporter exporter{"web1", "dc=lon", {{"role", "web"}}, true};
    const auto decision = policy.decide(exporter, subject, {"root", "/var/lib/hansa"});
    const bool denied = decision.verdict == hansa::PolicyVerdict::deny;
    hansa::check(!decision.why.empty() && !decision.rule.empty(), "a decision says why");
    hansa::check(denied || subject.path.find("..") == std::string::npos,
                 "no path has two spellings");
    const bool below = subject.path.starts_with(decision.beneath == "/" ? "" : decision.beneath);
    hansa::check(denied || subject.path.empty() || (!decision.beneath.empty() && below),
                 "what has a path is confined, above it");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    (void)hansa::Acceptance::parse(text);
    auto policy = hansa::Policy::parse(text, "policy.yaml");
    if (!policy) {
        hansa::check(policy.error().text.starts_with("policy.yaml"), "a refusal names the file");
        return 0;
    }
    hansa::check(policy->lines().size() >= 2, "the built-in rule stands behind all");
    for (const char* kind : {"file", "exec", "line"})
        for (const char* path : {"", "/srv/shared/f1", "/srv/shared/../f1", "/etc/cron.d/x", "/"}) {
            hansa::PolicySubject subject;
            subject.kind = kind;
            subject.name = "f1";
            subject.path = path;
            decide(*policy, subject);
            subject.pattern = "/srv/shared/";
            decide(*policy, subject);
        }
    return 0;
}
