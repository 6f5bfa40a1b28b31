// The Store port in memory: one client of a MemoryCluster, with latency and faults by seed.
//
// Owned by the simulation; loop thread only. A request that is answered Code::unavailable may have
// been done, or never be done, or still be on its way and be done later, as with a real network.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "mesh/memory/cluster.h"
#include "mesh/store.h"

namespace hansa {

struct MemoryStoreOptions {
    Duration latency_max = std::chrono::microseconds{500};  // of one way
    Duration deadline = Seconds{2};                         // of a request
    StoreLimits limits = {};
    double request_lost = 0;  // chance that a request vanishes on its way
    double answer_lost = 0;   // chance that it is done but not answered
    double request_late = 0;  // chance that it is done up to a deadline's length after its deadline
};

class MemoryStore final : public Store {
 public:
    MemoryStore(MemoryCluster& cluster, Loop& loop, std::uint64_t seed,
                MemoryStoreOptions options = {});
    ~MemoryStore() override;

    void read(ReadScope scope, std::string key, Done<Reading> done) override;
    void commit(Transaction transaction, Done<Committed> done) override;
    [[nodiscard]] Held watch(std::string prefix, Revision from, WatchHandlers handlers) override;
    [[nodiscard]] Held keep_lease(Seconds ttl, LeaseHandlers handlers) override;
    void revoke(LeaseId lease, Done<void> done) override;
    void use_endpoints(std::vector<std::string> endpoints) override;
    StoreStatus status() const override { return status_; }
    void on_status(std::function<void(const StoreStatus&)> changed) override;
    StoreLimits limits() const override { return options_.limits; }

    // Cuts the line to the cluster, for this client alone, and mends it.
    void go_away();
    void come_back();

    void lose_next_answer() { lose_next_answer_ = true; }  // of a commit

 private:
    struct Request;
    class Watching;
    class Keeper;
    class Lease;

    template <class T>
    void ask(std::function<Result<T>()> effect, Done<T> done, bool lose_answer);
    void serve(std::uint64_t number);
    void deliver(std::uint64_t number);
    void fail(std::uint64_t number);
    bool reachable() const { return line_up_ && cluster_.serving(); }
    StoreStatus seen() const;
    Duration latency();
    void moved();
    void show_status();

    MemoryCluster& cluster_;
    Loop& loop_;
    SeededRandom random_;
    MemoryStoreOptions options_;
    bool line_up_ = true;
    bool lose_next_answer_ = false;
    std::string endpoint_ = "memory";
    StoreStatus status_;
    std::function<void(const StoreStatus&)> status_changed_;
    Held status_timer_;
    std::map<std::uint64_t, Request> requests_;  // under way, by number
    std::map<std::uint64_t, Watching*> watches_;
    std::uint64_t made_ = 0;  // requests and watches
    Held listening_;
};

}  // namespace hansa
