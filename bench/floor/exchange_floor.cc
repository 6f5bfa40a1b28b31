// Floor of "100 peers": N clients of one etcd, each with a connection of its own, each publishing
// K keys in one transaction, reading everything and watching until it has seen all N × K keys.
// Nothing is decided, written to disk or drawn.
//
//     exchange_floor HOST:PORT TRUST N K
//
// Prints the microseconds from the first request until the last client has everything. 60 s
// without that end the program with status 1.
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "etcd.grpc.pb.h"
#include "floor.h"
#include "secure.h"

namespace {

const std::string keys_begin = "/floor/";
const std::string keys_end = "/floor0";

// Counts the clients down; the main thread waits for zero.
class Countdown {
 public:
    explicit Countdown(int left) : left_(left) {}
    void one_is_done() {
        const std::lock_guard lock(mutex_);
        if (--left_ == 0) zero_.notify_all();
    }
    bool await(std::chrono::seconds limit) {
        std::unique_lock lock(mutex_);
        return zero_.wait_for(lock, limit, [this] { return left_ <= 0; });
    }

 private:
    std::mutex mutex_;
    std::condition_variable zero_;
    int left_;
};

// One client; its callbacks come one after the other. Dies with the process.
class Client
    : public grpc::ClientBidiReactor<etcdserverpb::WatchRequest, etcdserverpb::WatchResponse> {
 public:
    Client(const std::string& endpoint, const std::string& trust, int number, int keys,
           std::size_t wanted, Countdown& left)
        : number_(number), keys_(keys), wanted_(wanted), left_(left) {
        grpc::ChannelArguments arguments;
        arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
        auto channel =
            grpc::CreateCustomChannel(endpoint, floors::credentials_in(trust), arguments);
        values_ = etcdserverpb::KV::NewStub(channel);
        watches_ = etcdserverpb::Watch::NewStub(channel);
    }

    void publish() {
        for (int key = 0; key < keys_; ++key) {
            auto* put = transaction_.add_success()->mutable_request_put();
            put->set_key(keys_begin + std::to_string(number_) + "/" + std::to_string(key));
            put->set_value(std::string(200, 'x'));
        }
        values_->async()->Txn(&contexts_[0], &transaction_, &committed_,
                              [this](grpc::Status status) { after(status, [&] { read(); }); });
    }

    void OnReadDone(bool ok) override {
        if (!ok) return;
        for (const auto& event : response_.events()) note(event.kv().key());
        StartRead(&response_);
    }
    void OnDone(const grpc::Status&) override {}

 private:
    template <class Next>
    static void after(const grpc::Status& status, Next next) {
        if (status.ok()) return next();
        std::fprintf(stderr, "exchange_floor: %s\n", status.error_message().c_str());
        std::exit(1);
    }

    void read() {
        range_.set_key(keys_begin);
        range_.set_range_end(keys_end);
        values_->async()->Range(&contexts_[1], &range_, &reading_,
                                [this](grpc::Status status) { after(status, [&] { watch(); }); });
    }

    void watch() {
        for (const auto& record : reading_.kvs()) note(record.key());
        auto* create = request_.mutable_create_request();
        create->set_key(keys_begin);
        create->set_range_end(keys_end);
        create->set_start_revision(reading_.header().revision() + 1);
        watches_->async()->Watch(&contexts_[2], this);
        StartWrite(&request_);
        StartRead(&response_);
        StartCall();
    }

    void note(const std::string& key) {
        if (seen_.insert(key).second && seen_.size() == wanted_) left_.one_is_done();
    }

    const int number_;
    const int keys_;
    const std::size_t wanted_;
    Countdown& left_;
    std::set<std::string> seen_;
    std::unique_ptr<etcdserverpb::KV::Stub> values_;
    std::unique_ptr<etcdserverpb::Watch::Stub> watches_;
    grpc::ClientContext contexts_[3];
    etcdserverpb::TxnRequest transaction_;
    etcdserverpb::TxnResponse committed_;
    etcdserverpb::RangeRequest range_;
    etcdserverpb::RangeResponse reading_;
    etcdserverpb::WatchRequest request_;
    etcdserverpb::WatchResponse response_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) floors::usage("exchange_floor HOST:PORT TRUST N K");
    const int clients = floors::to_number(argv[3]);
    const int keys = floors::to_number(argv[4]);
    Countdown left(clients);
    const floors::Moment begun = floors::now();
    std::vector<std::unique_ptr<Client>> all;
    const auto wanted = static_cast<std::size_t>(clients) * static_cast<std::size_t>(keys);
    for (int i = 0; i < clients; ++i)
        all.push_back(std::make_unique<Client>(argv[1], argv[2], i, keys, wanted, left));
    for (auto& client : all) client->publish();
    const bool complete = left.await(std::chrono::seconds(60));
    std::printf("%ld\n", floors::microseconds_since(begun));
    std::fflush(stdout);
    std::_Exit(complete ? 0 : 1);  // the streams are still open; the process takes them along
}
