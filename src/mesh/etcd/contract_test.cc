// The Store contract on a real etcd of one member.
#include "mesh/contract/store_contract.h"

#include "mesh/etcd/testing/client.h"

namespace hansa {
namespace {

class EtcdBench final : public StoreBench {
 public:
    EtcdBench() { rig_.start_all(); }

    std::unique_ptr<Store> connect() override {
        EtcdOptions options;
        options.limits = {etcd_operations_max, etcd_bytes_max};
        options.identity = test::peer_of(rig_);
        auto store = make_etcd_store(loop_, random_, options);
        store->use_endpoints(rig_.urls());
        return store;
    }
    bool run_until(const std::function<bool()>& done) override {
        return test::run_until(loop_, done);
    }
    void run_for(Duration duration) override { test::run_for(loop_, duration); }
    void compact(Revision at) override {
        test::Client operator_(loop_, rig_);
        EXPECT_TRUE(operator_.await<void>(
            [&](auto done) { operator_.store().compact(at, std::move(done)); }));
    }
    void begin_outage() override { rig_.kill(0); }
    void end_outage() override { rig_.start(0); }
    Seconds short_ttl() const override { return Seconds(2); }

 private:
    LinuxLoop loop_;
    SeededRandom random_{5};
    test::EtcdRig rig_{loop_, 1};
};

std::unique_ptr<StoreBench> make_etcd_bench() {
    return std::make_unique<EtcdBench>();
}

INSTANTIATE_TEST_SUITE_P(Etcd, StoreContract, ::testing::Values(&make_etcd_bench));

}  // namespace
}  // namespace hansa
