// The Mesh shares declarations with the other peers of a store: it publishes what this host
// exports and turns what it collects into amendments of its graph. A Source for `graph`.
//
// Owned by Node. Loop thread only, except where values() says otherwise; never blocks. Everything
// begins at once and side by side (the lease, the claim of the name, the reads), so that a peer
// that joins a store in service waits for about two round trips.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "mesh/announcer.h"
#include "mesh/collect.h"
#include "mesh/exports.h"
#include "mesh/kv.h"
#include "mesh/membership.h"

namespace hansa {

struct MeshTrust {
    Credentials credentials;
    CollectPolicy policy;
    TrustKeeper& keeper;                  // outlives the mesh
    Duration lapse = Seconds{24 * 3600};  // how late an exporter's certificate may be renewed
};

struct MeshOptions {
    MeshTrust trust;
    MembershipOptions membership = {};
    ExportQuota quota = {};
    ExportTimes times_of_exports = {};
    CollectorTimes times = {};
};

struct MeshEvents {
    std::function<void(const Amendment&)> on_amendment;
    // Again when the cluster's epoch has grown: its store was recovered from an older state.
    std::function<void(const std::string& cluster_id, std::uint64_t epoch)> on_entered;
    std::function<void(const Error&)> on_refused;  // exit: this host may not take part
    Action on_moved;                               // standing() may have changed
    std::function<void(std::uint64_t store, const Error&)> on_outdated = {};  // see Membership
};

struct MeshStanding {
    bool entered = false;              // a peer of the cluster
    bool exports_acknowledged = true;  // or refused; true where nothing was ever exported
    bool collect_folded = true;        // true where nothing is collected
    std::string exports_refused;       // why nothing newer is exported; else empty
    std::size_t collected = 0;         // resources
    std::vector<StalePeer> stale;
    std::vector<Distrust> distrusted;  // whose present state is not accepted
    bool at_rest() const { return exports_acknowledged && collect_folded; }
};

class Mesh {
 public:
    // Every reference must outlive the mesh. Takes over the store's on_status.
    Mesh(Loop& loop, Store& store, Random& random, const Catalog& catalog, Report& report,
         HostName host, MeshOptions options, MeshEvents events);
    ~Mesh();

    // Begins. What is declared before that is published as soon as may be.
    void start();

    // Replaces what this host exports. Until it is called nothing of an earlier run is touched.
    void publish(std::vector<Wanted> exports);

    // Replaces what this host collects.
    void collect(std::vector<CollectRequest> collects);

    // Where this host serves the store to clients, for its peer record.
    void advertise(std::vector<std::string> urls);

    // What it says of itself about seats, likewise.
    void offer(SeatOffer seat);

    // A renewed certificate or other roots; another policy.
    void use(Credentials credentials);
    void use(CollectPolicy policy);

    // Beside the cluster's authority: whom it has taken back. REQUIRES: `text` is `list`, signed.
    void announce(const RevocationList& list, std::string text);

    MeshStanding standing() const;

    // See Membership. Never holds before start().
    Compare name_is_ours() const;

    // For the kind kv. The first is for workers.
    KeyValue& values() { return values_; }
    [[nodiscard]] Held watch_key(const std::string& key, Action changed);

    // Ends the part in the cluster as a planned stop does (exports stay and go stale) or for good
    // (the name is given back). `done` is called once, at the latest after `patience`.
    void stop(Duration patience, Action done);
    enum class Departure {
        keep_exports,      // they go stale, then expire
        withdraw_exports,  // at once
    };
    void leave(Departure departure, Duration patience, std::function<void(Result<void>)> done);

 private:
    void enter(Compare name_is_ours, const std::string& cluster_id);
    void hand_over_terms();
    void on_status(const StoreStatus& status);
    void take_status(const StoreStatus& status);
    bool exports_due() const;
    void error(const std::string& doing, const Error& error);
    void on_published();
    void go();
    std::function<void(Result<void>)> once(Duration patience,
                                           std::function<void(Result<void>)> done);

    Loop& loop_;
    Store& store_;
    Random& random_;
    Report& report_;
    const HostName host_;
    MeshOptions options_;
    MeshEvents events_;

    std::string trust_cluster_;      // that signatures are for; empty: not known yet
    bool exports_declared_ = false;  // something, ever
    std::optional<WallTime> read_only_since_;
    // This host was in the cluster before, and what it exported then may have to be withdrawn.
    bool may_withdraw_;
    bool withdrawal_declared_ = false;
    Held withdrawal_patience_;  // null once it is over
    Publisher publisher_;
    Collector collector_;
    Announcer announcer_;
    StoreKeyValue values_;
    ValueWatch value_watch_;
    std::unique_ptr<Membership> membership_;  // null before start()
    Action leaving_;                          // once everything is withdrawn; may be empty
    Held patience_;
    Lifeline lifeline_;
};

}  // namespace hansa
