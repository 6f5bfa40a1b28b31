// Floor of "C's files from C's start": the shortest client of an etcd that does what an arriving
// peer cannot do without. One transaction, one range, one watch; then it ends. With `stay` it ends
// at SIGTERM instead: the floor of an agent at rest.
//
//     store_client HOST:PORT TRUST PREFIX [stay]
#include <grpcpp/grpcpp.h>

#include <string>

#include "etcd.grpc.pb.h"
#include "floor.h"
#include "secure.h"

namespace {

void need_ok(const grpc::Status& status, const char* what) {
    if (status.ok()) return;
    std::fprintf(stderr, "%s: %s\n", what, status.error_message().c_str());
    std::exit(1);
}

// The key behind every key that begins with `prefix`. REQUIRES: it ends in '/'.
std::string end_of(std::string prefix) {
    ++prefix.back();
    return prefix;
}

void put_two(etcdserverpb::KV::Stub& stub, const std::string& prefix) {
    grpc::ClientContext context;
    etcdserverpb::TxnRequest request;
    for (const char* name : {"one", "two"}) {
        auto* put = request.add_success()->mutable_request_put();
        put->set_key(prefix + name);
        put->set_value("value");
    }
    etcdserverpb::TxnResponse response;
    need_ok(stub.Txn(&context, request, &response), "transaction");
}

long read_all(etcdserverpb::KV::Stub& stub, const std::string& prefix) {
    grpc::ClientContext context;
    etcdserverpb::RangeRequest request;
    request.set_key(prefix);
    request.set_range_end(end_of(prefix));
    etcdserverpb::RangeResponse response;
    need_ok(stub.Range(&context, request, &response), "range");
    return response.header().revision();
}

enum class Afterwards { end, stay };

void watch_from(etcdserverpb::Watch::Stub& stub, const std::string& prefix, long revision,
                Afterwards afterwards) {
    grpc::ClientContext context;
    auto stream = stub.Watch(&context);
    etcdserverpb::WatchRequest request;
    auto* create = request.mutable_create_request();
    create->set_key(prefix);
    create->set_range_end(end_of(prefix));
    create->set_start_revision(revision);
    etcdserverpb::WatchResponse response;
    if (!stream->Write(request) || !stream->Read(&response) || !response.created()) {
        std::fprintf(stderr, "the watch was not made\n");
        std::exit(1);
    }
    if (afterwards == Afterwards::end) context.TryCancel();
    while (stream->Read(&response)) continue;
    stream->Finish();  // cancelled, by us
}

}  // namespace

int main(int argc, char** argv) {
    const bool stays = argc == 5 && std::strcmp(argv[4], "stay") == 0;
    if (argc != 4 && !stays) floors::usage("store_client HOST:PORT TRUST PREFIX [stay]");
    const std::string prefix = std::string(argv[3]) + "/";
    auto channel = grpc::CreateChannel(argv[1], floors::credentials_in(argv[2]));
    auto values = etcdserverpb::KV::NewStub(channel);
    auto watches = etcdserverpb::Watch::NewStub(channel);
    put_two(*values, prefix);
    const long revision = read_all(*values, prefix);
    watch_from(*watches, prefix, revision + 1, stays ? Afterwards::stay : Afterwards::end);
}
