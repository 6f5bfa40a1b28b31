// A channel to one endpoint and what is called through it: always mutual TLS.
//
// What decides whom we take for the store is gRPC's own check of the certificate against our
// roots and of the name in it; a name that no peer's certificate carries (trust/authority.h), or
// for a store certified elsewhere the host that was dialled. Loop thread only.
#pragma once

#include <memory>
#include <string>

#include "etcd.grpc.pb.h"
#include "mesh/etcd/options.h"

namespace hansa::etcd {

struct Connection {
    Connection(std::string address, const StoreIdentity& identity);

    const std::string address;
    const StoreIdentity identity;  // shown on it
    const std::shared_ptr<grpc::Channel> channel;
    const std::unique_ptr<etcdserverpb::KV::Stub> kv;
    const std::unique_ptr<etcdserverpb::Watch::Stub> watch;
    const std::unique_ptr<etcdserverpb::Lease::Stub> lease;
    const std::unique_ptr<etcdserverpb::Cluster::Stub> cluster;
    const std::unique_ptr<etcdserverpb::Maintenance::Stub> maintenance;

    // etcd's id of the cluster that answers here, known since its first answer. One that was
    // recovered has another one, and what revisions and leases of the old one meant is void.
    std::uint64_t store = 0;
};

}  // namespace hansa::etcd
