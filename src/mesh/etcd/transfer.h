// One snapshot on its way from an endpoint to a sink, a piece at a time.
//
// Owned by the electorate until it has answered. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "mesh/electorate.h"
#include "mesh/etcd/calls.h"
#include "mesh/etcd/connection.h"

namespace hansa::etcd {

class Transfer final : public std::enable_shared_from_this<Transfer> {
 public:
    using Done = std::function<void(Answer<std::uint64_t>)>;

    // `pump` must outlive it, or stop() be called before that ends.
    Transfer(Pump& pump, std::shared_ptr<Connection> on, Duration limit, SnapshotSink sink)
        : pump_(pump), on_(std::move(on)), limit_(limit), sink_(std::move(sink)) {}

    // Once. `done` runs once, never from within this call, and not after stop().
    void start(Done done);
    void stop();

 private:
    using Fetch = FetchCall<etcdserverpb::SnapshotResponse>;

    void pass_on(etcdserverpb::SnapshotResponse& piece);
    void taken(Result<void> result);
    void ended(const Ending& ending);
    void finish(Answer<std::uint64_t> answer);

    Pump& pump_;
    const std::shared_ptr<Connection> on_;  // shared with other calls on it
    const Duration limit_;
    const SnapshotSink sink_;
    Done done_;
    std::shared_ptr<Fetch> fetch_;  // shared with its events
    std::uint64_t bytes_ = 0;
    bool is_with_sink_ = false;
};

}  // namespace hansa::etcd
