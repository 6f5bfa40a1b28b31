// A Collector turns what other peers (and this one) export into amendments of this host's graph.
//
// Owned by Mesh. Loop thread only; never blocks. Nothing is read or watched while nothing is asked
// for. While the store is away, what is known stays in force (graph.md 4.6); so does what was
// accepted of a host whose present state is not (fold.h). A host that has been revoked counts as
// gone from that moment on: what it exported was allowed then, so it stays for the grace time, and
// nothing newer is taken. Who merely has no peer record, which anybody can delete, does not expire
// while it renews its manifest.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mesh/fold.h"
#include "mesh/follower.h"
#include "mesh/lifeline.h"
#include "mesh/liveness.h"
#include "mesh/revocations.h"
#include "report/report.h"

namespace hansa {

struct CollectorEvents {
    std::function<void(const Amendment&)> on_amendment;
    Action on_moved;  // folded() or stale() may have changed
};

// A peer whose lease has ended and whose exports are still in force, or no longer.
struct StalePeer {
    std::string host;
    Life life = Life::stale;
    Duration since{0};
};

struct CollectorTimes {
    FollowerTimes follow;
    LifeTimes life;
};

class Collector {
 public:
    // Every reference must outlive the collector.
    Collector(Loop& loop, Store& store, Random& random, const Catalog& catalog, Report& report,
              HostName self, CollectorTimes times, TrustKeeper& keeper, CollectPolicy policy,
              CollectorEvents events);

    // What signatures are judged by. Until it is called nothing is accepted. Who is revoked stands
    // in the store; what the terms say about that is passed over.
    void use(TrustTerms terms);

    // Another policy: everything is judged by it anew.
    void use(CollectPolicy policy);

    // Replaces what is asked for.
    void want(std::vector<CollectRequest> requests);

    void store_is(StoreStatus::State state);

    // One full read is in and told, and everything up to `revision` (own publications are awaited,
    // so that what one collects from oneself is there too); or nothing is asked for.
    bool folded(Revision revision) const;
    bool wanted() const { return !requests_.empty(); }  // something is asked for

    // In order of hosts.
    std::vector<StalePeer> stale() const;

    std::vector<Distrust> distrusted() const { return fold_.distrusted(); }

    std::size_t collected() const { return fold_.collected(); }

 private:
    void follow();
    void unfollow();
    void on_exports(Amendment amendment);
    void on_key_sets(const Reading& reading);
    void on_key_set_events(const EventBatch& batch);
    bool check_key_sets(const Reading& reading, const std::set<std::string>& touched);
    void judge_again(const std::set<std::string>& hosts);
    void judge_all_again();
    FollowerEvents followed_exports();
    FollowerEvents followed_key_sets();
    FollowerEvents followed_peers();
    FollowerEvents followed_revocations();
    void take_revocations(const std::string& text);
    void tell_revocations(const Result<void>& taken);
    void look_around();
    void look_around_after(Duration delay);
    WallTime wall() const { return loop_.clock().wall(); }
    void on_peers(const Reading& reading);
    void on_peer_events(const EventBatch& batch);
    bool check_exports(const Reading& reading, const std::set<std::string>& touched);
    bool check_peers(const Reading& reading, const std::set<std::string>& touched);
    void count_difference(std::string what);
    void review();
    void arm(std::optional<Instant> next);
    void gather(Amendment amendment);
    void emit();

    struct Absence {
        Instant since;
        bool expired = false;
        bool told = false;
    };
    LifeFacts facts(const Absence& absence) const;
    void forget(const std::string& host, const Absence& absence);
    static Instant told_at(const Absence& absence);
    void tell(const std::string& host, Absence& absence, bool was_expired);
    void find_absent();
    void look_at_turned();
    bool is_there(const std::string& host) const;
    Duration vouched_for(const std::string& host) const;
    void set_present(const std::string& host);

    Loop& loop_;
    Store& store_;
    Random& random_;
    Report& report_;
    const HostName self_;
    const CollectorTimes times_;
    CollectorEvents events_;

    Exporters exporters_;
    Revocations taken_back_;
    TrustTerms terms_;
    ExportFold fold_;
    std::vector<CollectRequest> requests_;
    std::unique_ptr<Follower> exports_;
    std::unique_ptr<Follower> key_sets_;
    std::unique_ptr<Follower> peers_;
    std::unique_ptr<Follower> revocations_;
    std::optional<std::string> revocations_shown_;    // empty: not read yet
    std::string revocations_refused_;                 // as it was told
    std::map<std::string, Revision> key_sets_shown_;  // of each host: modify revision
    std::set<std::string> present_;                   // hosts with a peer record, and this one
    std::map<std::string, Absence> absent_;           // that have exports, but no peer record
    std::optional<Instant> store_since_;
    Held expiry_;

    // What changed since the last on_amendment: empty means removed. Many peers may publish at the
    // same time; each graph is redrawn once for all that one turn of the loop brought.
    std::map<InstanceId, std::optional<Declaration>> gathered_;
    Lifeline lifeline_;
    Held look_around_;
    bool looks_soon_ = false;
};

}  // namespace hansa
