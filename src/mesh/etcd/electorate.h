// The Electorate port over etcd's API, version 3: its services Cluster and Maintenance.
#pragma once

#include <memory>
#include <optional>

#include "mesh/electorate.h"
#include "mesh/etcd/options.h"

namespace hansa {

class EtcdElectorate : public Electorate {
 public:
    // Shown to members from the next call on; calls under way end as they began. Without one
    // every call answers Code::denied and MemberFault::not_reached.
    virtual void use_identity(StoreIdentity identity) = 0;
};

// Loop thread only. `loop` must outlive it, and what it has posted there. Destroying it waits a
// moment (about a millisecond) for gRPC to let go.
std::unique_ptr<EtcdElectorate> make_etcd_electorate(Loop& loop,
                                                     std::optional<StoreIdentity> identity);

}  // namespace hansa
