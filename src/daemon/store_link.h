// Everything between this agent and the store: where it is, who serves it, what goes in and out.
//
// Owned by Node; loop thread only; never blocks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/cluster_desk.h"
#include "daemon/credentials.h"
#include "daemon/home.h"
#include "daemon/machine_store.h"
#include "daemon/policy_file.h"
#include "daemon/rest.h"
#include "daemon/settings.h"
#include "engine/runner.h"
#include "graph/exports.h"
#include "report/metrics.h"
#include "resource/amendment.h"
#include "sys/secure_sockets.h"
#include "sys/task.h"

namespace hansa {

class StoreLink {
 public:
    struct Ports {
        Loop& loop;
        Workers& workers;
        Files& files;
        PathWatcher& watcher;
        Processes& processes;
        Locks& locks;
        Sockets& sockets;
        SecureSockets& secure;
        const Accounts& accounts;
        Random& random;
        const Catalog& catalog;
        Report& report;
        PolicyFile& policy;  // followed from start() on
    };
    struct Events {
        std::function<void(const Amendment&)> on_amendment;  // what is collected has changed
        Action on_moved;                                     // rest() may have changed
        std::function<void(Error)> on_fatal;                 // this agent cannot go on
        Action on_unaccepted;  // again and again, where the store has never let this run in
        // By `hansa leave`; what is left to do is to end.
        std::function<void(ExitCode)> on_left;
    };

    // Everything given must outlive the link. Code::denied when what is remembered of exporters
    // may be written by others.
    static Result<std::unique_ptr<StoreLink>> open(Ports ports, const Settings& settings,
                                                   Home& home, HostCredentials& credentials,
                                                   const PolicyState& rules, Events events);
    ~StoreLink();

    void start();

    // What this host exports and collects from now on; may be called before start().
    void publish(std::vector<Export> exports);
    void collect(std::vector<CollectRequest> requests);

    // Where the store answers clients, as known now.
    std::vector<std::string> urls() const;

    // For people who ask.
    ClusterDesk& desk();

    // Beside a voter; nothing elsewhere.
    std::optional<SeatFigures> seat_figures() const;

    KeyValue* key_value();
    KeyWatcher* key_watcher();
    MeshRest rest() const;

    // Exports and the host's name stay, unless the prefix is temporary; an etcd of ours ends.
    // `stopped` is called once, later.
    void stop(Action stopped);

 private:
    struct State;
    explicit StoreLink(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace hansa
