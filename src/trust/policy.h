// What this host lets others say about it: the collect policy, as a decision.
//
// A YAML file of this host's own (docs/manual/policy.md); default deny with one built-in rule.
// The first rule that matches decides; the built-in rule stands behind all of them. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hansa {

// Who exported it, as certified.
struct PolicyExporter {
    std::string name;
    std::string domain;
    std::map<std::string, std::string> labels;
    bool accepted = false;  // see Acceptance; ends a quarantine
};

// What would be applied. For files: where to, and what that would have.
struct PolicySubject {
    std::string kind;
    std::string name;
    std::string pattern;  // of the collect entry; empty: none
    // The declaration's Reach (room resource), field by field.
    std::string path;  // absolute, normal, no trailing slash; empty: the kind has none
    bool symlink = false;
    std::optional<std::uint32_t> mode;
    std::string owner;  // as declared; empty: not said
    std::string group;
    std::uint64_t bytes = 0;
    bool removes = false;

    std::uint64_t collected = 0;  // other resources that this host collects already
};

// What decisions depend on of the host that takes them.
struct PolicyHost {
    std::string self;    // the name of the agent's user, whose files collected ones may be
    std::string prefix;  // the agent's state directory, absolute
    // What it is told by: graph, config and policy file, certificates from elsewhere. Absolute.
    std::vector<std::string> own{};
};

enum class PolicyVerdict { allow, quarantine, deny };

struct PolicyDecision {
    PolicyVerdict verdict = PolicyVerdict::deny;
    std::string rule;  // "built-in rule", "policy.yaml:7", "default", "every rule"
    std::string why;   // for a denial: what would be right
    // The directory that changes must stay below, without following symbolic links there: the
    // collect's pattern, else the part of the rule's path glob that has no wildcard. For the
    // declaration's field of the same name. Empty: the subject has no path, or is denied.
    std::string beneath;
};

class Policy {
 public:
    Policy();  // the built-in rule only
    // All errors at once, each with its place ("policy.yaml:3:5: …"). At most 1 MiB, 1,000 rules.
    // With `kinds` (every one there is), a kind that is not among them is wrong too.
    static Result<Policy> parse(std::string_view text, const std::string& file,
                                std::span<const std::string> kinds = {});

    // A quarantine (of the rule, or of the whole file) ends where the exporter is accepted: what
    // would be quarantined is allowed then.
    PolicyDecision decide(const PolicyExporter& exporter, const PolicySubject& subject,
                          const PolicyHost& host) const;

    // For `hansa policy show`: every rule in order, the built-in one included.
    std::vector<std::string> lines() const;

    // `quarantine: true`: what a new exporter says is shown as noop until it is accepted.
    bool quarantines() const { return quarantine_; }

    struct Rule;  // policy_rule.h

 private:
    std::vector<std::shared_ptr<const Rule>> rules_;  // shared by copies; they never change
    bool quarantine_ = false;
};

// Why `path` lies where no rule without `forbidden_zones: true` reaches; empty: it does not.
// sudoers, cron, unit files, authorized_keys, ld.so, profiles, package sources, Hansa's own.
std::string forbidden_zone(std::string_view path, const PolicyHost& host);

}  // namespace hansa
