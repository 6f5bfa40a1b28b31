// The Store port over etcd's API, version 3 (https://etcd.io/docs/v3.4/learning/api/).
//
// One completion queue and one thread of gRPC's events; everything else lives on the loop. What
// the port promises over outages is kept by `Link` (endpoints), `Pursuit` (requests), `Watching`
// and `Leasing`.
#pragma once

#include <functional>
#include <memory>

#include "base/random.h"
#include "mesh/endpoints.h"
#include "mesh/etcd/options.h"
#include "mesh/store.h"

namespace hansa {

class EtcdStore : public Store {
 public:
    virtual EtcdCounters counters() const = 0;

    // Used by every connection from now on. One that is up stays until another stands, some time
    // within `move_within`: its watches and its lease go on there without a gap.
    virtual void use_identity(StoreIdentity identity) = 0;

    // Called when what answers at an endpoint is not believed to be the store: why, for people.
    virtual void on_distrust(std::function<void(const Error&)> distrusted) = 0;

    // Called when what answers at an endpoint ends the connection at once, as it does with a
    // certificate that it does not accept.
    virtual void on_unaccepted(Action unaccepted) = 0;

    // The members as the endpoint that we are connected to lists them, and that endpoint. It may
    // lag behind: a member that is cut off from the others knows no better.
    virtual void members(Done<MemberListing> done) = 0;

    // How many voters there are, for people.
    virtual void expect_members(std::size_t voters) = 0;

    // What says that it is this store (Reading::store) is not used from now on.
    virtual void refuse(std::uint64_t store) = 0;

    // Forgets the history up to `revision`: older watches are lost.
    virtual void compact(Revision revision, Done<void> done) = 0;
};

// Loop thread only. `loop` and `random` must outlive the store; the loop also what the store has
// posted to it. Destroying it waits a moment (about a millisecond) for gRPC to let go.
std::unique_ptr<EtcdStore> make_etcd_store(Loop& loop, Random& random, EtcdOptions options);

}  // namespace hansa
