// What an etcd cluster keeps, in memory: records with revisions, their history, leases.
//
// Shared by the MemoryStores of one simulation; all of them on the loop thread. Must outlive them;
// `loop` must outlive it. Answers at once and truthfully: latency and lost messages are the
// client's business. An empty cluster is at revision 1, as etcd.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>

#include "mesh/store.h"
#include "sys/loop.h"

namespace hansa {

class MemoryCluster {
 public:
    explicit MemoryCluster(Loop& loop) : loop_(loop) {}
    ~MemoryCluster();
    MemoryCluster(const MemoryCluster&) = delete;

    Reading read(ReadScope scope, const std::string& key) const;

    // Code::invalid: a key written twice or both written and removed, or an empty key; as etcd.
    // Code::missing: a lease that does not exist (any more).
    Result<Committed> commit(const Transaction& transaction);

    Revision revision() const { return revision_; }

    // Commits of revisions [from, to] that touch the prefix, as one batch. REQUIRES: from >=
    // oldest().
    EventBatch events(const std::string& prefix, Revision from, Revision to) const;

    // Forgets the history before `at`.
    void compact(Revision at);
    Revision oldest() const { return oldest_; }  // from here on history is kept

    LeaseId grant(Seconds ttl);
    bool beat(LeaseId lease);    // false: no such lease
    bool revoke(LeaseId lease);  // the same; removes what hangs on it, in one commit
    std::size_t leases() const { return leases_.size(); }

    // An outage for everybody. Leases are not counted down meanwhile and start anew with it, as
    // in etcd when a leader takes over.
    void stop();
    void start();
    bool serving() const { return serving_; }

    // The same outage, but some members answer that they are too few. Until start().
    void lose_quorum();
    bool answers() const { return serving_ || answers_; }

    // A request that was long on its way comes in after `delay`; whoever sent it may be gone.
    void deliver_late(Duration delay, Action request);

    // Calls `moved` after every commit, compaction, stop and start.
    [[nodiscard]] Held listen(Action moved);

    std::uint64_t commits_tried() const { return commits_tried_; }  // so far, applied or not
    std::uint64_t reads() const { return reads_; }                  // so far

 private:
    struct Lease {
        Seconds ttl{0};
        Held expiry;
        std::set<std::string> keys;
    };
    class Listening;

    bool holds(const Compare& compare) const;
    Result<void> acceptable(const Transaction& transaction) const;
    void put(const Operation& operation, EventBatch& batch);
    void remove(const std::string& key, EventBatch& batch);
    void publish(EventBatch batch);
    void arm(LeaseId id, Lease& lease);
    void tell();

    Loop& loop_;
    Revision revision_ = 1;
    Revision oldest_ = 1;
    std::map<std::string, Record> records_;
    std::deque<EventBatch> history_;  // one commit each, oldest first
    std::map<LeaseId, Lease> leases_;
    LeaseId leases_made_ = 1000;
    bool serving_ = true;
    bool answers_ = false;                // without a quorum
    std::map<std::uint64_t, Held> late_;  // requests that are still on their way
    std::uint64_t late_made_ = 0;
    std::map<std::uint64_t, Action> listeners_;
    std::uint64_t listeners_made_ = 0;
    std::uint64_t commits_tried_ = 0;
    mutable std::uint64_t reads_ = 0;
};

}  // namespace hansa
