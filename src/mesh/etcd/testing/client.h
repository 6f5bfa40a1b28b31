// Tests only: a client of a rig's cluster, and its answers as values.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "mesh/etcd/store.h"
#include "servers/testing/etcd_rig.h"

namespace hansa::test {

// A fresh peer's, or what another test wants to show.
inline StoreIdentity identity_of(const TlsFiles& tls, const IssuedTls& issued) {
    return {tls.roots_pem(), issued.chain_pem, issued.key_pem, store_server_name};
}
inline StoreIdentity peer_of(const EtcdRig& rig) {
    return identity_of(rig.tls(), rig.tls().issue(CertificateUse::peer));
}

class Client {
 public:
    Client(LinuxLoop& loop, const EtcdRig& rig, EtcdTimes times = {})
        : Client(loop, peer_of(rig), rig.urls(), times) {}

    Client(LinuxLoop& loop, std::optional<StoreIdentity> identity,
           std::vector<std::string> endpoints, EtcdTimes times = {})
        : loop_(loop) {
        EtcdOptions options;
        options.identity = std::move(identity);
        options.limits = {etcd_operations_max, etcd_bytes_max};
        options.times = times;
        store_ = make_etcd_store(loop, random_, options);
        store_->on_status([this](const StoreStatus& status) { seen_.push_back(status); });
        store_->use_endpoints(std::move(endpoints));
    }

    EtcdStore& store() { return *store_; }
    void destroy() { store_.reset(); }
    const std::vector<StoreStatus>& seen() const { return seen_; }

    // Drives the loop until the answer is there.
    template <class T>
    Result<T> await(const std::function<void(Store::Done<T>)>& ask) {
        std::optional<Result<T>> answer;
        ask([&](Result<T> result) { answer.emplace(std::move(result)); });
        check(!answer, "an answer never comes from within the call");
        if (!run_until(loop_, [&] { return answer.has_value(); }))
            return Error{Code::internal, "no answer at all"};
        return *std::move(answer);
    }

    Result<Reading> read(ReadScope scope, const std::string& key) {
        return await<Reading>([&](auto done) { store_->read(scope, key, std::move(done)); });
    }

    Result<Committed> commit(const Transaction& transaction) {
        auto result =
            await<Committed>([&](auto done) { store_->commit(transaction, std::move(done)); });
        if (!result) std::printf("             %s\n", result.error().text.c_str());
        return result;
    }

    Result<Committed> put(const std::string& key, const std::string& value, LeaseId lease = 0) {
        return commit({{}, {Operation::put(key, value, lease)}});
    }

    // As often as needed, for as long as a test has patience.
    Committed put_at_last(const std::string& key, const std::string& value) {
        const auto deadline = loop_.clock().now() + patience;
        auto result = put(key, value);
        while (!result && loop_.clock().now() < deadline) result = put(key, value);
        check(static_cast<bool>(result), "a put succeeds at last");
        return *result;
    }

    bool await_state(StoreStatus::State state) {
        return run_until(loop_, [&] { return store_->status().state == state; });
    }

 private:
    LinuxLoop& loop_;
    SeededRandom random_{7};
    std::vector<StoreStatus> seen_;
    std::unique_ptr<EtcdStore> store_;
};

}  // namespace hansa::test
