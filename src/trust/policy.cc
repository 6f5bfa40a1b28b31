#include "trust/policy.h"

#include "base/text.h"
#include "trust/policy_rule.h"

namespace hansa {
namespace {

constexpr std::size_t path_bytes_max = 4096;
constexpr std::size_t step_bytes_max = 255;

// What is wrong with a path of which two spellings could mean one place; empty: nothing.
std::string fault_of_path(std::string_view path) {
    if (!path.starts_with('/')) return "is not absolute";
    if (path.size() > path_bytes_max) return "is longer than 4096 bytes";
    if (path == "/") return {};
    for (const unsigned char byte : path)
        if (byte < 0x20 || byte == 0x7f) return "holds a control byte or NUL";
    for (const std::string& step : split(path.substr(1), '/')) {
        if (step == "..") return "holds \"..\"";
        if (step.empty() || step == ".") return "is not normal";
        if (step.size() > step_bytes_max) return "has a step longer than 255 bytes";
    }
    return {};
}

std::string fault_of_pattern(std::string_view pattern) {
    if (pattern.size() > 1 && pattern.ends_with('/')) {
        pattern.remove_suffix(1);
        return fault_of_path(pattern);
    }
    return pattern == "/" ? "" : "is not an absolute directory with a trailing slash";
}

// What no rule can allow; empty: rules may decide.
std::string never_allowed(const PolicySubject& subject) {
    if (subject.kind.empty()) return "it has no kind";
    if (subject.name.find('\0') != std::string::npos) return "its name holds NUL";
    if (!subject.path.empty())
        if (std::string fault = fault_of_path(subject.path); !fault.empty())
            return "its path \"" + printable(subject.path) + "\" " + fault;
    if (subject.kind != "file") return {};
    if (subject.path.empty()) return "it is a file without a path";
    if (subject.pattern.empty()) return {};
    if (std::string fault = fault_of_pattern(subject.pattern); !fault.empty())
        return "the pattern \"" + printable(subject.pattern) + "\" " + fault;
    if (!is_below_pattern(subject))
        return "its path " + printable(subject.path) + " is not below the collect's pattern " +
               printable(subject.pattern);
    return {};
}

std::string in_words(PolicyVerdict verdict, const std::string& rule) {
    switch (verdict) {
        case PolicyVerdict::allow: return rule + " allows it";
        case PolicyVerdict::quarantine:
            return rule + " shows it as noop until its exporter is accepted";
        case PolicyVerdict::deny: break;
    }
    return rule + " denies it; put a rule that allows it in front of that one";
}

}  // namespace

Policy::Policy() {
    rules_.push_back(std::make_shared<const Rule>(built_in_rule()));
}

PolicyDecision Policy::decide(const PolicyExporter& exporter, const PolicySubject& subject,
                              const PolicyHost& host) const {
    if (std::string why = never_allowed(subject); !why.empty())
        return {PolicyVerdict::deny, "every rule", std::move(why), {}};
    std::string almost;
    for (const auto& rule : rules_) {
        const auto other = mismatch(*rule, {exporter, subject, host});
        if (!other) {
            PolicyVerdict verdict = rule->verdict;
            if (verdict == PolicyVerdict::allow && quarantine_) verdict = PolicyVerdict::quarantine;
            if (verdict == PolicyVerdict::quarantine && exporter.accepted)
                verdict = PolicyVerdict::allow;
            const bool denied = verdict == PolicyVerdict::deny;
            return {verdict, rule->place, in_words(verdict, rule->place),
                    denied ? std::string{} : confinement(*rule, subject)};
        }
        if (other->near && almost.empty())
            almost = rule->place + " does not allow it: " + other->why;
    }
    if (almost.empty())
        almost = "no rule allows " + printable(subject.kind, 40) + " from " +
                 printable(exporter.name, 253) +
                 "; write one into the policy file that names the exporter, the kind and the name";
    return {PolicyVerdict::deny, "default", std::move(almost), {}};
}

std::vector<std::string> Policy::lines() const {
    std::vector<std::string> lines;
    if (quarantine_) lines.push_back("quarantine: new exporters are shown as noop until accepted");
    for (const auto& rule : rules_) lines.push_back(line_of(*rule));
    lines.push_back("default: deny");
    return lines;
}

}  // namespace hansa
