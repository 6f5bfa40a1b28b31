// What this host lets others say about it: the collect policy, as a decision.
//
// A YAML file of this host's own (docs/manual/policy.md); default deny with one built-in rule.
// The first rule that matches decides; the built-in rule stands behind all of them. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/value.h"

namespace hansa {

// Who exported it, as certified.
struct PolicyExporter {
    std::string name;
    std::string domain;
    std::map<std::string, std::string> labels;
};

// What would be applied. For files: where to, and what that would have.
struct PolicySubject {
    std::string kind;
    std::string name;
    std::string pattern;  // of the collect entry; empty: none
    std::string path;     // kind file and others that own one: absolute, normal; else empty
    bool symlink = false;
    std::optional<std::uint32_t> mode;
    std::string owner;  // as declared; empty: not said
    std::string group;
    std::uint64_t bytes = 0;      // of content
    std::uint64_t collected = 0;  // resources that this host collects already
};

enum class PolicyVerdict { allow, quarantine, deny };

struct PolicyDecision {
    PolicyVerdict verdict = PolicyVerdict::deny;
    std::string rule;  // "built-in rule", "policy.yaml:7", "default"
    std::string why;   // for a denial: what would be right
    // Where changes must stay below, without following symbolic links; empty: the resource's own
    // path may be anywhere that the rule's path globs allow.
    std::string beneath;
};

class Policy {
 public:
    Policy();  // the built-in rule only
    // All errors at once, each with its place ("policy.yaml:3:5: …"). At most 1 MiB, 1,000 rules.
    static Result<Policy> parse(std::string_view text, const std::string& file);

    // `self`: the name of the agent's user, whose files collected ones may be.
    PolicyDecision decide(const PolicyExporter& exporter, const PolicySubject& subject,
                          const std::string& self) const;

    // For `hansa policy show`: every rule in order, the built-in one included.
    std::vector<std::string> lines() const;

    // `quarantine: true`: what a new exporter says is shown as noop until it is accepted.
    bool quarantines() const { return quarantine_; }

    struct Rule;

 private:
    std::vector<Rule> rules_;
    bool quarantine_ = false;
};

// Why `path` lies where no rule without `forbidden_zones: true` reaches; empty: it does not.
// sudoers, cron, unit files, authorized_keys, ld.so, profiles, package sources, Hansa's own.
std::string forbidden_zone(std::string_view path, std::string_view hansa_prefix);

}  // namespace hansa
