#include "mesh/etcd/connection.h"

#include <utility>

#include "mesh/etcd/convert.h"

namespace hansa::etcd {

namespace pb = etcdserverpb;

namespace {

std::shared_ptr<grpc::Channel> open_channel(const std::string& address,
                                            const StoreIdentity& identity) {
    grpc::ChannelArguments arguments;
    // A channel of ours fails as a whole and is replaced, so it shares no connection and no
    // back-off with its predecessor.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
    // etcd closes connections that ping it more often than each 5 s; we ask in its own language.
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    arguments.SetMaxReceiveMessageSize(-1);
    arguments.SetMaxSendMessageSize(-1);
    if (!identity.server_name.empty()) arguments.SetSslTargetNameOverride(identity.server_name);
    const grpc::SslCredentialsOptions tls{identity.roots_pem, identity.key_pem, identity.chain_pem};
    return grpc::CreateCustomChannel(target_of(address), grpc::SslCredentials(tls), arguments);
}

}  // namespace

Connection::Connection(std::string where, const StoreIdentity& shown)
    : address(std::move(where)),
      identity(shown),
      channel(open_channel(address, identity)),
      kv(pb::KV::NewStub(channel)),
      watch(pb::Watch::NewStub(channel)),
      lease(pb::Lease::NewStub(channel)),
      cluster(pb::Cluster::NewStub(channel)),
      maintenance(pb::Maintenance::NewStub(channel)) {}

}  // namespace hansa::etcd
