// One rule of a collect policy, and whether it speaks of what somebody wants to be applied.
//
// A rule has conditions, which say of what it speaks, and bounds, which say how far an allowing
// rule goes: one that does not reach far enough is passed over, so a later one may. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "trust/policy.h"

namespace hansa {

// What an export may carry at most, and what one host collects by default.
inline constexpr std::uint64_t policy_bytes_max = std::uint64_t{1} << 20;
inline constexpr std::uint64_t policy_number_max = 10'000;
inline constexpr std::uint32_t plain_mode_bits = 0777;  // without set-id and sticky

struct Policy::Rule {
    PolicyVerdict verdict = PolicyVerdict::deny;
    std::string place;  // "policy.yaml:7"

    // Conditions: globs, of which one must match; an empty list asks for nothing.
    std::vector<std::string> kinds;
    std::vector<std::string> from;
    std::vector<std::string> domains;           // of parts, "dc=lon"
    std::map<std::string, std::string> labels;  // every one must match
    std::vector<std::string> names;
    std::vector<std::string> paths;  // as path_glob.h; of a denial also what lies above and below
    std::vector<std::string> patterns;

    // Bounds. A denial has none.
    std::uint64_t max_bytes = policy_bytes_max;
    std::uint64_t max_number = policy_number_max;
    std::uint32_t mode = plain_mode_bits;  // no bit beyond these
    std::vector<std::string> owners;       // beside the agent's user
    std::vector<std::string> groups;       // likewise
    bool symlinks = false;
    bool removes = false;
    bool forbidden_zones = false;
};

// What is asked, by whom, where.
struct PolicyQuestion {
    const PolicyExporter& exporter;
    const PolicySubject& subject;
    const PolicyHost& host;
};

struct Mismatch {
    bool near = false;  // every condition matched, a bound did not
    std::string why;    // "its mode is 4755, and only bits of 0777 are allowed; …"
};

// Why the rule does not decide; nothing: it does.
std::optional<Mismatch> mismatch(const Policy::Rule& rule, const PolicyQuestion& question);

// The directory that what the rule allowed must not leave; empty: the subject has no path.
// REQUIRES: the rule decides.
std::string confinement(const Policy::Rule& rule, const PolicySubject& subject);

// Whether the subject lies in the directory that the collector's own `pattern` names.
bool is_below_pattern(const PolicySubject& subject);

// "policy.yaml:7: allow file from web*, below /srv/www/**, mode within 0755"
std::string line_of(const Policy::Rule& rule);

// The rule that stands behind all others.
Policy::Rule built_in_rule();

}  // namespace hansa
