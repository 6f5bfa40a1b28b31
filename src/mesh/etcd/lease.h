// One lease that is kept alive, and replaced when it was lost. Loop thread only.
//
// It counts as lost when the store says so, or when no beat was answered for a whole `ttl`.
#pragma once

#include <memory>

#include "mesh/etcd/calls.h"
#include "mesh/etcd/link.h"

namespace hansa::etcd {

class Leasing final : public Rider, public std::enable_shared_from_this<Leasing> {
 public:
    // `pump`, `link`, `times` and `counters` must outlive it, or stop() be called before they end.
    Leasing(Pump& pump, Link& link, const EtcdTimes& times, EtcdCounters& counters);

    // Begins; at most once.
    void start(Seconds ttl, LeaseHandlers handlers);

    void link_up() override;
    void link_down() override;
    void stop() override;

 private:
    using Stream =
        StreamCall<etcdserverpb::LeaseKeepAliveRequest, etcdserverpb::LeaseKeepAliveResponse>;

    void go_on();
    void ask();
    void refused(const Ending& ending);
    void granted(LeaseId id, Seconds ttl);
    void open();
    void close();
    void beat();
    void answered(const etcdserverpb::LeaseKeepAliveResponse& response);
    void try_later();
    void lose();
    void expect_end();
    Instant now() const;

    Pump& pump_;
    Link& link_;
    const EtcdTimes& times_;
    EtcdCounters& counters_;

    Seconds ttl_wanted_{0};
    Seconds ttl_{0};  // as granted: the store has a minimum
    LeaseHandlers handlers_;
    bool stopped_ = false;
    LeaseId id_ = 0;
    std::uint64_t store_ = 0;  // that granted it
    Instant beat_at_;          // when the beat under way, or the last one, was sent
    std::shared_ptr<Connection> on_;
    std::shared_ptr<Call> grant_;
    std::shared_ptr<Stream> stream_;
    Duration delay_{0};
    Held timer_;  // the next beat, the answer to one, or the next try
    Held end_;    // of the lease, if no beat is answered until then
};

}  // namespace hansa::etcd
