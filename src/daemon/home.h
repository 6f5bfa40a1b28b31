// The directories of one agent, and the proof that they are its own.
//
//     PREFIX/HOST/     identity.json, lock, control.sock, trust/,        one agent at a time
//                      endpoints.json, copies/
//     PREFIX/cluster/  lock, store.json, etcd/, etcd.log, tls/           of this machine's store
//     PREFIX/ca/       the authority of this prefix (authority_files.h, authority_directory.h)
//
// Made at start, on the loop thread; released when destroyed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/host.h"
#include "base/random.h"
#include "base/result.h"
#include "daemon/identity.h"
#include "mesh/lifeline.h"
#include "sys/accounts.h"
#include "sys/files.h"
#include "sys/locks.h"
#include "sys/task.h"

namespace hansa {

// PREFIX/ca; `prefix` without a trailing slash.
std::string authority_path(const std::string& prefix);

class Home {
 public:
    struct Ports {
        Files& files;
        Locks& locks;
        const Accounts& accounts;
        Random& random;
    };

    // Makes what is missing. Code::conflict when another agent runs under this name, or the
    // directory is another host's; Code::denied when somebody else may write there.
    static Result<std::unique_ptr<Home>> open(Ports ports, const std::string& prefix,
                                              const HostName& host);

    const std::string& directory() const { return directory_; }
    std::string cluster_directory() const { return prefix_ + "/cluster"; }
    std::string trust_directory() const { return directory_ + "/trust"; }
    // Of the authority that certifies this host, unless it has joined elsewhere.
    std::string authority_directory() const { return authority_path(prefix_); }
    std::string control_socket() const { return directory_ + "/control.sock"; }
    const Identity& identity() const { return identity_; }

    // Lets that group reach the control socket, and nothing else here; empty: nobody. Code::denied
    // when the group is not one of ours.
    Result<void> open_to(std::optional<GroupId> group);

    // See remember_cluster() in identity.h: on a worker, since a slow disk would hold up the loop
    // just when the first resources arrive. `done` comes on the loop thread, unless we have ended.
    void belong_to(const std::string& cluster, std::uint64_t epoch, Workers& workers,
                   std::function<void(Result<void>)> done);

    // Calls `done`, later where belong_to() is under way. Once.
    void finish(Action done);

 private:
    Home(Files& files, std::string prefix, std::string directory)
        : files_(files), prefix_(std::move(prefix)), directory_(std::move(directory)) {}

    Files& files_;
    std::string prefix_;
    std::string directory_;
    std::unique_ptr<HeldLock> lock_;
    Identity identity_;
    bool marking_ = false;
    Action finished_;
    Lifeline lifeline_;
};

// A fresh prefix for one run; it goes with the object, and everything in it.
class TemporaryPrefix {
 public:
    // `path`: an empty directory.
    TemporaryPrefix(Files& files, std::string path) : files_(files), path_(std::move(path)) {}
    ~TemporaryPrefix() { (void)files_.remove_tree(path_); }
    TemporaryPrefix(const TemporaryPrefix&) = delete;

    const std::string& path() const { return path_; }

 private:
    Files& files_;
    std::string path_;
};

// Makes the directory with mode 0700, and those above it with 0755, where they are missing.
Result<void> make_directories(Files& files, const std::string& path);

// Code::denied unless only root or the user that we are may write there.
Result<void> check_private(const Files& files, const Accounts& accounts, const std::string& path);

}  // namespace hansa
