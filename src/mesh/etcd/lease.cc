#include "mesh/etcd/lease.h"

#include <algorithm>
#include <utility>

#include "mesh/etcd/convert.h"

namespace hansa::etcd {

namespace pb = etcdserverpb;

Leasing::Leasing(Pump& pump, Link& link, const EtcdTimes& times, EtcdCounters& counters)
    : pump_(pump), link_(link), times_(times), counters_(counters) {}

void Leasing::start(Seconds ttl, LeaseHandlers handlers) {
    ttl_wanted_ = std::max(ttl, Seconds(1));
    handlers_ = std::move(handlers);
    link_.add(weak_from_this());
    go_on();
}

void Leasing::stop() {
    stopped_ = true;
    end_.reset();
    close();
}

void Leasing::link_up() {
    if (!stopped_) go_on();
}

void Leasing::link_down() {
    if (!stopped_) close();
}

Instant Leasing::now() const {
    return pump_.loop().clock().now();
}

void Leasing::close() {
    timer_.reset();
    if (grant_) std::exchange(grant_, nullptr)->abandon();
    if (stream_) std::exchange(stream_, nullptr)->abandon();
    on_.reset();
}

void Leasing::go_on() {
    close();
    on_ = link_.connection();
    if (!on_) return;
    // Recovered from an older state: the lease may be known there, and what hung on it is not.
    if (id_ != 0 && on_->store != store_) return lose();
    if (id_ == 0) {
        ask();
    } else {
        open();
    }
}

// A grant whose answer is lost leaves a lease behind that nobody beats: it ends by itself.
void Leasing::ask() {
    pb::LeaseGrantRequest request;
    request.set_ttl(ttl_wanted_.count());
    const auto asked_at = now();
    auto begin = [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
        return on_->lease->AsyncLeaseGrant(context, request, queue);
    };
    grant_ = UnaryCall<pb::LeaseGrantResponse>::start(
        pump_, times_.try_limit, begin,
        [this, asked_at](const Ending& ending, pb::LeaseGrantResponse& response) {
            grant_.reset();
            if (!ending.status.ok() || response.id() == 0) return refused(ending);
            link_.carried(on_);
            store_ = on_->store;
            beat_at_ = asked_at;
            granted(response.id(), Seconds(response.ttl()));
        });
}

void Leasing::refused(const Ending& ending) {
    const auto self = shared_from_this();  // the owner may let go of us in the handler
    const auto on = on_;
    try_later();
    if (!handlers_.on_refused || ending.status.ok()) return;
    handlers_.on_refused(failure_of(ending, on->address, times_.try_limit).error);
}

void Leasing::granted(LeaseId id, Seconds ttl) {
    const auto self = shared_from_this();  // the owner may let go of us in the handler
    id_ = id;
    ttl_ = ttl;
    delay_ = {};
    expect_end();
    open();
    handlers_.on_granted(id);
}

void Leasing::expect_end() {
    end_ = pump_.loop().after(beat_at_ + ttl_ - now(), [this] { lose(); });
}

void Leasing::open() {
    ++counters_.streams_opened;
    auto begin = [this](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
        context->AddMetadata("hasleader", "true");
        return on_->lease->PrepareAsyncLeaseKeepAlive(context, queue);
    };
    Stream::Handlers handlers;
    handlers.on_message = [this](pb::LeaseKeepAliveResponse& response) { answered(response); };
    handlers.on_end = [this](const grpc::Status&) {
        ++counters_.streams_broken;
        try_later();
    };
    stream_ = Stream::start(pump_, begin, std::move(handlers));
    beat();
}

void Leasing::beat() {
    const auto sent_at = now();
    pb::LeaseKeepAliveRequest request;
    request.set_id(id_);
    stream_->send(std::move(request));
    beat_at_ = sent_at;
    timer_ = pump_.loop().after(times_.answer_limit, [this] { try_later(); });
}

void Leasing::answered(const pb::LeaseKeepAliveResponse& response) {
    link_.heard(on_);
    if (response.id() != id_) return;
    if (response.ttl() <= 0) return lose();
    delay_ = {};
    expect_end();
    timer_ = pump_.loop().after(Duration(ttl_) / 3, [this] { beat(); });
}

void Leasing::try_later() {
    const auto on = on_;
    close();
    delay_ = std::clamp(delay_ * 2, times_.back_off_first, times_.reopen_max);
    timer_ = pump_.loop().after(delay_, [this] { go_on(); });
    link_.doubt(on);
}

void Leasing::lose() {
    const auto self = shared_from_this();  // the owner may let go of us in the handler
    id_ = 0;
    end_.reset();
    handlers_.on_lost();
    if (!stopped_) go_on();
}

}  // namespace hansa::etcd
