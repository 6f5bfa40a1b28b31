#include "mesh/etcd/store.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "mesh/etcd/convert.h"
#include "mesh/etcd/lease.h"
#include "mesh/etcd/link.h"
#include "mesh/etcd/pump.h"
#include "mesh/etcd/pursuit.h"
#include "mesh/etcd/watch.h"

namespace hansa::etcd {

namespace pb = etcdserverpb;

namespace {

// Ends what it holds; the rider itself may be on the stack and ends a little later.
class Handle final : public Subscription {
 public:
    explicit Handle(std::shared_ptr<Rider> rider) : rider_(std::move(rider)) {}
    ~Handle() override { rider_->stop(); }

 private:
    const std::shared_ptr<Rider> rider_;
};

// A reading in pages, all of them of the revision of the first, so that each is a small request:
// one answer for all would have to come within the time of one.
struct PagedRead {
    pb::RangeRequest request;
    Reading reading;
    std::size_t page_bytes = 0;
    Instant asked;
    Store::Done<Reading> done;

    // Takes a page in, and asks for the next one: larger, as long as they come `fast`.
    void take(pb::RangeResponse& response, bool fast) {
        if (request.revision() == 0) {
            reading.revision = response.header().revision();
            reading.store = response.header().cluster_id();
        }
        std::size_t bytes = 1;
        for (auto& kv : *response.mutable_kvs()) {
            bytes += kv.key().size() + kv.value().size();
            reading.records.push_back(record_of(kv));
        }
        if (!response.more()) return;
        if (fast) page_bytes = std::min(page_bytes * 2, page_bytes_max);
        const auto count = static_cast<std::size_t>(response.kvs_size());
        request.set_limit(static_cast<std::int64_t>(
            std::clamp<std::size_t>(page_bytes * count / bytes, 1, page_records_max)));
        request.set_revision(reading.revision);
        request.set_key(reading.records.back().key + '\0');
    }

    // Whatever a later page is refused for, a compaction most likely: a new reading may well do.
    Error failure(Error why) const {
        if (request.revision() != 0) why.code = Code::unavailable;
        return why;
    }

    static constexpr std::size_t page_bytes_max = std::size_t{4} << 20;
    static constexpr std::size_t page_records_max = 10'000;
};

class StoreOverGrpc final : public EtcdStore {
 public:
    StoreOverGrpc(Loop& loop, Random& random, EtcdOptions options)
        : options_(std::move(options)),
          pump_(loop),
          link_(pump_, random, options_.times, counters_) {
        if (options_.identity) link_.use_identity(*options_.identity);
    }

    ~StoreOverGrpc() override { link_.stop_riders(); }

    void read(ReadScope scope, std::string key, Done<Reading> done) override {
        PagedRead paged;
        if (scope == ReadScope::prefix) {
            auto range = range_of(key);
            paged.request.set_key(std::move(range.first));
            paged.request.set_range_end(std::move(range.end));
            paged.request.set_limit(static_cast<std::int64_t>(options_.times.page_records));
        } else {
            paged.request.set_key(std::move(key));
        }
        paged.page_bytes = options_.times.page_bytes;
        paged.done = std::move(done);
        read_page(std::make_shared<PagedRead>(std::move(paged)));  // shared: an answer is copied
    }

    void commit(Transaction transaction, Done<Committed> done) override {
        pb::TxnRequest request;
        if (auto fits = encode(std::move(transaction), options_.limits, request); !fits)
            return refuse_commit(std::move(fits).error(), std::move(done));
        const std::size_t bytes = request.ByteSizeLong();
        pursue<pb::TxnResponse>(
            Repeat::when_nothing_done, bytes,
            [request = std::move(request)](Connection& on, auto* context, auto* queue) {
                return on.kv->AsyncTxn(context, request, queue);
            },
            [done = std::move(done)](Result<pb::TxnResponse> response) {
                if (!response) return done(std::move(response).error());
                done(Committed{response->succeeded(), response->header().revision()});
            });
    }

    Held watch(std::string prefix, Revision from, WatchHandlers handlers) override {
        auto watching = std::make_shared<Watching>(pump_, link_, options_.times, counters_);
        watching->start(std::move(prefix), from, std::move(handlers));
        return std::make_unique<Handle>(std::move(watching));
    }

    Held keep_lease(Seconds ttl, LeaseHandlers handlers) override {
        auto leasing = std::make_shared<Leasing>(pump_, link_, options_.times, counters_);
        leasing->start(ttl, std::move(handlers));
        return std::make_unique<Handle>(std::move(leasing));
    }

    void revoke(LeaseId lease, Done<void> done) override {
        pb::LeaseRevokeRequest request;
        request.set_id(lease);
        auto tries = std::make_shared<int>(0);  // shared by the tries and the answer
        pursue<pb::LeaseRevokeResponse>(
            Repeat::always, 0,
            [request, tries](Connection& on, auto* context, auto* queue) {
                ++*tries;
                return on.lease->AsyncLeaseRevoke(context, request, queue);
            },
            [tries, done = std::move(done)](Result<pb::LeaseRevokeResponse> response) {
                if (response) return done({});
                // A try without an answer may have done it.
                if (*tries > 1 && response.error().code == Code::missing) return done({});
                done(std::move(response).error());
            });
    }

    void members(Done<MemberListing> done) override {
        auto endpoint = std::make_shared<std::string>();  // shared by the try and the answer
        pursue<pb::MemberListResponse>(
            Repeat::always, 0,
            [endpoint](Connection& on, auto* context, auto* queue) {
                *endpoint = on.address;
                return on.cluster->AsyncMemberList(context, pb::MemberListRequest(), queue);
            },
            [endpoint, done = std::move(done)](Result<pb::MemberListResponse> response) {
                if (!response) return done(std::move(response).error());
                MemberListing listing{*endpoint, {}};
                for (const pb::Member& member : response->members())
                    listing.members.push_back(member_of(member));
                done(std::move(listing));
            });
    }

    void refuse(std::uint64_t store) override { link_.refuse(store); }
    void expect_members(std::size_t voters) override { link_.expect_members(voters); }

    void compact(Revision revision, Done<void> done) override {
        pb::CompactionRequest request;
        request.set_revision(revision);
        pursue<pb::CompactionResponse>(
            Repeat::when_nothing_done, 0,
            [request](Connection& on, auto* context, auto* queue) {
                return on.kv->AsyncCompact(context, request, queue);
            },
            [done = std::move(done)](Result<pb::CompactionResponse> response) {
                if (!response) return done(std::move(response).error());
                done({});
            });
    }

    void use_identity(StoreIdentity identity) override { link_.use_identity(std::move(identity)); }
    void use_endpoints(std::vector<std::string> endpoints) override { link_.use(endpoints); }
    StoreStatus status() const override { return link_.status(); }
    void on_status(std::function<void(const StoreStatus&)> changed) override {
        link_.on_status(std::move(changed));
    }
    void on_distrust(std::function<void(const Error&)> distrusted) override {
        link_.on_distrust(std::move(distrusted));
    }
    void on_unaccepted(Action unaccepted) override { link_.on_unaccepted(std::move(unaccepted)); }
    StoreLimits limits() const override { return options_.limits; }
    EtcdCounters counters() const override { return counters_; }

 private:
    template <class Response>
    void pursue(Repeat repeat, std::size_t bytes, typename Pursuit<Response>::Begin begin,
                typename Pursuit<Response>::Done done) {
        auto pursuit =
            std::make_shared<Pursuit<Response>>(pump_, link_, options_.times, counters_, repeat);
        pursuits_.emplace(pursuit.get(), pursuit);
        auto finished = [this, raw = pursuit.get(),
                         done = std::move(done)](Result<Response> result) {
            pursuits_.erase(raw);
            done(std::move(result));
        };
        pursuit->start(bytes, std::move(begin), std::move(finished));
    }

    void read_page(const std::shared_ptr<PagedRead>& paged) {
        paged->asked = pump_.loop().clock().now();
        pursue<pb::RangeResponse>(
            Repeat::always, 0,
            [paged](Connection& on, auto* context, auto* queue) {
                return on.kv->AsyncRange(context, paged->request, queue);
            },
            [this, paged](Result<pb::RangeResponse> response) {
                if (!response) return paged->done(paged->failure(std::move(response).error()));
                const bool later = paged->request.revision() != 0;
                if (later && paged->reading.store != response->header().cluster_id())
                    return paged->done(
                        Error{Code::unavailable, "the store was replaced while it was read"});
                const bool fast =
                    pump_.loop().clock().now() - paged->asked < options_.times.try_limit / 4;
                const bool more = response->more();
                paged->take(*response, fast);
                if (more) return read_page(paged);
                paged->done(std::move(paged->reading));
            });
    }

    void refuse_commit(Error error, Done<Committed> done) {
        pump_.loop().post([alive = std::weak_ptr<bool>(alive_), error = std::move(error),
                           done = std::move(done)] {
            if (alive.lock()) done(error);
        });
    }

    const EtcdOptions options_;
    EtcdCounters counters_;
    Pump pump_;
    Link link_;
    std::unordered_map<Rider*, std::shared_ptr<Rider>> pursuits_;  // until they are answered
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);   // shared with what was posted
};

}  // namespace

}  // namespace hansa::etcd

namespace hansa {

std::unique_ptr<EtcdStore> make_etcd_store(Loop& loop, Random& random, EtcdOptions options) {
    return std::make_unique<etcd::StoreOverGrpc>(loop, random, std::move(options));
}

}  // namespace hansa
