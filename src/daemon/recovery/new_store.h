// A store made of a snapshot, in place of the one that was lost: one member, of a new cluster of
// etcd's, at the cluster's next epoch. Blocking; for commands.
//
// etcd gives it other ids than any store had before, so that no member of the old one can speak to
// it, and every client notices that it is another one. What the steward intended is gone with the
// members that it intended it for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/recovery/store_desk.h"
#include "mesh/identity.h"
#include "sys/locks.h"

namespace hansa {

// As `hansa run` knows them; empty: as before.
struct NewStoreAddress {
    std::string listen;
    std::string advertise;
};

// The URLs of the new member, for this host. Code::invalid, saying which option is missing.
Result<OwnStore> place_new_store(const StoreDesk& desk, const NewStoreAddress& address);

// Nobody else may serve here meanwhile: the locks of this host's agent, and of the machine's store.
// What a command that was killed left behind is gone then.
// Code::conflict when an agent runs; Code::denied when the state is another user's.
struct StillStanding {
    std::unique_ptr<HeldLock> agent;
    std::unique_ptr<HeldLock> machine;  // null where the host has a seat of its own
};
Result<StillStanding> hold_still(StoreDesk& desk);

// The cluster that a store holds, as its record says. Code::invalid when it is of no cluster of
// this program, Code::conflict when it is not the cluster of this host.
Result<ClusterRecord> read_cluster(StoreDesk& desk, Store& store);

// The name of the member of this host.
std::string member_name(const StoreDesk& desk);

struct NewStore {
    std::uint64_t epoch = 0;
    std::int64_t revision = 0;
    std::string directory;
    std::string aside;  // where the former data is; empty: there was none
    std::string peer_url;
};

// REQUIRES: hold_still(), and a snapshot that was checked. `epoch_before`: the highest that is
// known. Until everything is ready nothing of the former data is touched. Its etcd goes by the
// times that the snapshot's cluster has.
Result<NewStore> make_new_store(StoreDesk& desk, OwnStore place, const std::string& snapshot,
                                std::uint64_t epoch_before);

}  // namespace hansa
