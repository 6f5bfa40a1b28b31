#include "trust/policy_rule.h"

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "trust/path_glob.h"

namespace hansa {
namespace {

using Globs = std::vector<std::string>;

std::string octal(std::uint32_t mode) {
    char text[16];
    std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode));
    return text;
}

bool fits(const Globs& globs, std::string_view text) {
    return globs.empty() || std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
               return glob_matches(glob, text);
           });
}

bool fits_domain(const Globs& globs, const std::string& domain) {
    if (globs.empty()) return true;
    const std::vector<std::string> parts = split(domain, ',');
    return std::any_of(parts.begin(), parts.end(),
                       [&](const std::string& part) { return fits(globs, part); });
}

bool fits_labels(const std::map<std::string, std::string>& wanted,
                 const std::map<std::string, std::string>& certified) {
    return std::all_of(wanted.begin(), wanted.end(), [&](const auto& label) {
        const auto found = certified.find(label.first);
        return found != certified.end() && glob_matches(label.second, found->second);
    });
}

bool fits_path(const Policy::Rule& rule, const PolicySubject& subject) {
    const bool denies = rule.verdict == PolicyVerdict::deny;
    return std::any_of(rule.paths.begin(), rule.paths.end(), [&](const std::string& glob) {
        return denies ? path_glob_touches(glob, subject.path)
                      : path_glob_matches(glob, subject.path);
    });
}

// Empty: every condition but those on places matches.
std::string unmet_condition(const Policy::Rule& rule, const PolicyExporter& exporter,
                            const PolicySubject& subject) {
    if (!fits(rule.kinds, subject.kind)) return "it speaks of other kinds";
    if (!fits(rule.from, exporter.name) || !fits_domain(rule.domains, exporter.domain) ||
        !fits_labels(rule.labels, exporter.labels))
        return "it speaks of other exporters";
    if (!fits(rule.names, subject.name)) return "it speaks of other names";
    if (!fits(rule.patterns, subject.pattern)) return "it speaks of other patterns";
    return {};
}

// An allowing rule without paths means the directory of the collect's pattern, never everywhere.
std::optional<Mismatch> misplaced(const Policy::Rule& rule, const PolicySubject& subject) {
    if (!rule.paths.empty()) {
        if (subject.path.empty()) return Mismatch{false, "it speaks of paths"};
        if (fits_path(rule, subject)) return std::nullopt;
        return Mismatch{
            rule.verdict != PolicyVerdict::deny,
            "its path " + printable(subject.path) + " is not " + join(rule.paths, " or ")};
    }
    if (rule.verdict == PolicyVerdict::deny || subject.path.empty()) return std::nullopt;
    if (is_below_pattern(subject)) return std::nullopt;
    return Mismatch{true, subject.pattern.empty()
                              ? "the collect has no pattern that names a directory; give it one, "
                                "or write a rule with path"
                              : "its path " + printable(subject.path) + " is not below " +
                                    printable(subject.pattern)};
}

bool may_own(const std::string& account, const std::string& self, const Globs& others) {
    if (account.empty() || account == self) return true;
    if (self == "root" && account == "0") return true;
    return std::find(others.begin(), others.end(), account) != others.end();
}

std::string exceeded_bound(const Policy::Rule& rule, const PolicySubject& subject,
                           const PolicyHost& host) {
    if (subject.symlink && !rule.symlinks) return "it is a symbolic link; symlinks: true is needed";
    if (subject.removes && !rule.removes)
        return "it may remove what is there (absent, force or purge); removes: true is needed";
    if (const std::uint32_t beyond = subject.mode.value_or(0) & ~rule.mode; beyond != 0)
        return "its mode may give " + octal(beyond) + " beyond " + octal(rule.mode) +
               "; write it in octal, or a rule with mode";
    if (!may_own(subject.owner, host.self, rule.owners))
        return "its owner \"" + printable(subject.owner, 60) + "\" is not " +
               printable(host.self, 60) + "; a rule with owner is needed";
    if (!may_own(subject.group, host.self, rule.groups))
        return "its group \"" + printable(subject.group, 60) + "\" is not " +
               printable(host.self, 60) + "; a rule with group is needed";
    if (subject.bytes > rule.max_bytes)
        return "it has " + counted(subject.bytes, "byte") + ", more than max_bytes " +
               std::to_string(rule.max_bytes);
    if (subject.collected >= rule.max_number)
        return "this host collects " + counted(subject.collected, "resource") +
               " already, and max_number is " + std::to_string(rule.max_number);
    if (subject.path.empty() || rule.forbidden_zones) return {};
    const std::string zone = forbidden_zone(subject.path, host);
    if (zone.empty()) return {};
    return "its path " + printable(subject.path) + " touches a forbidden zone (" + zone +
           "); forbidden_zones: true is needed";
}

void add(std::string& line, std::string_view word, const Globs& globs) {
    if (!globs.empty()) line += std::string(word) + join(globs, " or ");
}

}  // namespace

std::optional<Mismatch> mismatch(const Policy::Rule& rule, const PolicyQuestion& question) {
    const PolicySubject& subject = question.subject;
    std::string other = unmet_condition(rule, question.exporter, subject);
    if (!other.empty()) return Mismatch{false, std::move(other)};
    if (auto elsewhere = misplaced(rule, subject)) return elsewhere;
    if (rule.verdict == PolicyVerdict::deny) return std::nullopt;
    std::string beyond = exceeded_bound(rule, subject, question.host);
    if (!beyond.empty()) return Mismatch{true, std::move(beyond)};
    return std::nullopt;
}

bool is_below_pattern(const PolicySubject& subject) {
    return !subject.pattern.empty() && subject.path.starts_with(subject.pattern) &&
           subject.path.size() > subject.pattern.size();
}

std::string confinement(const Policy::Rule& rule, const PolicySubject& subject) {
    if (subject.path.empty()) return {};
    if (is_below_pattern(subject))
        return subject.pattern.size() == 1 ? "/"
                                           : subject.pattern.substr(0, subject.pattern.size() - 1);
    for (const std::string& glob : rule.paths)
        if (path_glob_matches(glob, subject.path)) return path_glob_root(glob);
    return {};
}

std::string line_of(const Policy::Rule& rule) {
    std::string line = rule.place + ": ";
    switch (rule.verdict) {
        case PolicyVerdict::allow: line += "allow "; break;
        case PolicyVerdict::quarantine: line += "quarantine "; break;
        case PolicyVerdict::deny: line += "deny "; break;
    }
    line += join(rule.kinds, ", ");
    add(line, " from ", rule.from);
    add(line, " of domain ", rule.domains);
    for (const auto& [key, glob] : rule.labels) line += " with label " + key + "=" + glob;
    add(line, ", named ", rule.names);
    add(line, ", collected with pattern ", rule.patterns);
    add(line, ", at ", rule.paths);
    if (rule.verdict == PolicyVerdict::deny) return printable(line, 4096);
    if (rule.paths.empty()) line += ", below the collect's pattern";
    line += ", at most " + counted(rule.max_bytes, "byte") + " and " +
            counted(rule.max_number, "resource") + ", mode within " + octal(rule.mode);
    add(line, ", owner the agent's user or ", rule.owners);
    add(line, ", group the agent's or ", rule.groups);
    if (rule.symlinks) line += ", symbolic links";
    if (rule.removes) line += ", removals";
    if (rule.forbidden_zones) line += ", forbidden zones";
    return printable(line, 4096);
}

Policy::Rule built_in_rule() {
    Policy::Rule rule;
    rule.verdict = PolicyVerdict::allow;
    rule.place = "built-in rule";
    rule.kinds = {"file"};
    rule.from = {"*"};
    return rule;
}

}  // namespace hansa
