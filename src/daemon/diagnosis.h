// What is wrong with an agent, its machine and its cluster, each with what to do about it
// (hansa doctor). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "data/value.h"

namespace hansa {

struct Finding {
    enum class Grade {
        good,     // looked at, and as it should be
        warning,  // works, and should be seen to
        problem,  // does not work
    } grade = Grade::good;
    std::string what;
    std::string remedy = {};  // empty for a good one
    friend bool operator==(const Finding&, const Finding&) = default;
};

// One host of the prefix, as its files have it.
struct HostSigns {
    std::string name;
    std::string identity_fault = {};  // empty: identity.json is good
    std::string cluster = {};         // that it belongs to; empty: none yet
    // Of its certificate; no times: there is none.
    std::string certificate_fault = {};
    std::optional<WallTime> certified_from = {};
    std::optional<WallTime> certified_until = {};
    bool is_marked_member = false;  // of the store
    bool has_member_data = false;
    std::string agent_fault = {};  // empty: its agent answers
    bool agent_runs = false;
};

struct Signs {
    WallTime now;
    std::string prefix;
    std::string prefix_fault = {};  // not there, or others may write there
    std::uint64_t disk_free = 0;    // bytes below the prefix
    std::uint64_t disk_size = 0;    // 0: not known
    std::string etcd_version = {};  // "3.4.23"
    std::string etcd_fault = {};    // why there is none
    bool clock_is_synchronised = false;
    bool root_key_is_here = false;              // beside the authority
    bool others_joined = false;                 // that authority has certified other hosts
    std::vector<std::string> taken_ports = {};  // usual ones that somebody else has
    std::vector<HostSigns> hosts = {};
    // Answers of the chosen agent at its control socket; null: none.
    Value status = {};
    Value cluster = {};
    Value peers = {};
};

// In the order in which a person should read them, problems of the machine first.
std::vector<Finding> diagnose(const Signs& signs);

// Of all: the worst.
Finding::Grade worst(const std::vector<Finding>& findings);

}  // namespace hansa
