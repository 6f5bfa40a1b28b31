// The one place where gRPC's threads meet the loop.
//
// Every operation of ours ends in one completion queue; one thread of the Pump takes the events
// off it and posts them to the loop, where everything else of this adapter lives. Chosen over
// gRPC's callback interface by measurement (1.51, two cores): that one polls with naps, 8.4
// wake-ups a second at rest and a 50 ms delay for one call in ten; the queue: 2.3 and none.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <thread>
#include <unordered_set>

#include "sys/loop.h"

namespace hansa::etcd {

// A call under way. Loop thread only; kept alive by the events that it still expects.
class Call {
 public:
    virtual ~Call() = default;

    // Ends the call at the far side and here; none of its handlers runs any more.
    virtual void abandon() = 0;
};

class Pump {
 public:
    // `loop` must outlive the pump and everything that the pump posted to it.
    explicit Pump(Loop& loop);

    // Abandons every call that is still listed and waits until gRPC has let go of all of them,
    // so that channels may be destroyed afterwards.
    ~Pump();

    Pump(const Pump&) = delete;
    Pump& operator=(const Pump&) = delete;

    Loop& loop() { return loop_; }

    // Calls hold a share: gRPC's library must stay loaded as long as any of its objects lives.
    const std::shared_ptr<grpc::CompletionQueue>& queue() const { return queue_; }

    // A tag for one operation; `arrived` runs once, on the loop thread, when it has ended.
    void* expect(std::function<void(bool ok)> arrived);

    // A call is listed from its first operation to its last event.
    void list(Call* call) { calls_.insert(call); }
    void unlist(Call* call) { calls_.erase(call); }

 private:
    void carry();

    Loop& loop_;
    std::shared_ptr<grpc::CompletionQueue> queue_;
    std::unordered_set<Call*> calls_;
    std::thread thread_;
};

}  // namespace hansa::etcd
