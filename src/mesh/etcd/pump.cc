#include "mesh/etcd/pump.h"

#include <grpc/support/log.h>

#include <vector>

namespace hansa::etcd {

namespace {

using Arrived = std::function<void(bool)>;

}  // namespace

Pump::Pump(Loop& loop) : loop_(loop), queue_(std::make_shared<grpc::CompletionQueue>()) {
    // It writes each failed handshake to stderr, beside our own log; the status says it too.
    gpr_set_log_function([](gpr_log_func_args*) {});
    thread_ = std::thread([this] { carry(); });
}

Pump::~Pump() {
    const std::vector<Call*> calls(calls_.begin(), calls_.end());
    for (Call* call : calls) call->abandon();
    queue_->Shutdown();
    thread_.join();
}

void* Pump::expect(Arrived arrived) {
    return new Arrived(std::move(arrived));
}

void Pump::carry() {
    void* tag = nullptr;
    bool ok = false;
    while (queue_->Next(&tag, &ok)) {
        std::shared_ptr<Arrived> arrived(static_cast<Arrived*>(tag));
        loop_.post([arrived = std::move(arrived), ok] { (*arrived)(ok); });
    }
}

}  // namespace hansa::etcd
