// The collect policy where it stands: the operator's policy file and the list of exporters that
// were accepted, read at start and again whenever one of them is edited.
//
// Loop thread only; edits are read in a worker. What is wrong with an edit is told like a new
// version; the owner keeps what is in force then.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/settings.h"
#include "report/report.h"
#include "sys/accounts.h"
#include "sys/files.h"
#include "sys/loop.h"
#include "sys/task.h"
#include "sys/watch.h"
#include "trust/acceptance.h"
#include "trust/policy.h"

namespace hansa {

struct PolicyPaths {
    std::string policy;    // absolute
    std::string shown;     // as people wrote it, for errors and verdicts
    bool required = true;  // false: without the file the built-in rule stands alone
    std::string accepted;  // absolute; PREFIX/HOST/accepted.json, which may be missing; empty: none
};

struct PolicyState {
    Policy policy;
    Acceptance acceptance;
    bool written = false;   // there is a policy file
    std::size_t print = 0;  // of the bytes of both files: equal where nothing was edited
};

// "/etc/hansa/hansa.yaml" gives "/etc/hansa/policy.yaml".
std::string policy_beside(const std::string& config);

// Of the agent that `settings` describe. With a temporary prefix nobody is accepted.
PolicyPaths policy_paths(const Settings& settings);

// Where the agent `host` with its state below `prefix` keeps whom it accepts.
std::string accepted_path(const std::string& prefix, const std::string& host);

// Blocking. Code::invalid for whatever is wrong with the files, who may write to them included:
// the policy is its owner's (root's or ours) alone, the acceptances are of mode 0600.
Result<PolicyState> read_policy(const Files& files, const Accounts& accounts,
                                const PolicyPaths& paths, std::span<const std::string> kinds);

// Adds to the acceptances. Blocking. False when it was there; Code::missing when no agent has
// its state in the file's directory.
Result<bool> accept_exporter(Files& files, const Accounts& accounts, const std::string& path,
                             const HostName& exporter);

class PolicyFile {
 public:
    using Changed = std::function<void(Result<PolicyState> now)>;

    // All must outlive the file, and Workers' tasks end before `files` and `accounts` do.
    struct Ports {
        Loop& loop;
        Workers& workers;
        const Files& files;
        const Accounts& accounts;
        PathWatcher& watcher;
    };

    static constexpr Milliseconds settle{
        50};  // after the last event, or an editor is in the middle

    PolicyFile(PolicyPaths paths, std::vector<std::string> kinds, Ports ports);
    ~PolicyFile();
    PolicyFile(const PolicyFile&) = delete;

    // Reads now, blocking: for the start.
    Result<PolicyState> load();

    // From now on calls `changed` with each version that differs from the last one told, errors
    // included.
    Result<void> watch(Changed changed);

    // The same for who cannot refuse: errors, and that edits cannot be seen, become warnings.
    void follow(Report& report, std::function<void(const PolicyState& now)> changed);

 private:
    struct Reading;

    void expect(const Result<PolicyState>& state);
    void wake();
    void begin_reading();
    void finish_reading(Reading& reading);

    PolicyPaths paths_;
    const std::vector<std::string> kinds_;
    Ports ports_;
    Changed changed_;
    std::optional<std::size_t> told_;  // fingerprint of what was told last
    std::vector<Held> held_;
    Held timer_;
    bool reading_ = false;
    bool again_ = false;  // an event came while a reading was under way
    std::shared_ptr<Cancel> cancel_;
    std::shared_ptr<const char> alive_;  // shared with callbacks, which outlive us in the loop
};

}  // namespace hansa
