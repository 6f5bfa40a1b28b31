#include "mesh/etcd/watch.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "mesh/etcd/convert.h"

namespace hansa::etcd {

namespace pb = etcdserverpb;

namespace {

constexpr Duration patience_max = Seconds(64);

}  // namespace

Watching::Watching(Pump& pump, Link& link, const EtcdTimes& times, EtcdCounters& counters)
    : pump_(pump), link_(link), times_(times), counters_(counters) {}

void Watching::start(std::string prefix, Revision from, WatchHandlers handlers) {
    prefix_ = std::move(prefix);
    next_ = std::max<Revision>(from, 0);
    handlers_ = std::move(handlers);
    link_.add(weak_from_this());
    open();
}

void Watching::stop() {
    if (stopped_) return;
    stopped_ = true;
    close();
}

void Watching::link_up() {
    if (stopped_ || stream_) return;
    open();
}

void Watching::link_down() {
    if (!stopped_) close();
}

// A connection may be well, and its endpoint too, while one stream on it is held up.
bool Watching::link_pulse() {
    if (stopped_ || !stream_ || timer_ || question_) return false;
    if (pump_.loop().clock().now() - heard_ < times_.watch_silence) return false;
    pb::WatchRequest request;
    request.mutable_progress_request();
    stream_->send(std::move(request));
    patience_ = std::clamp(patience_ * 2, times_.answer_limit, patience_max);
    question_ = pump_.loop().after(patience_, [this] {
        const Held ended = std::move(question_);
        const auto on = on_;
        reopen_later();
        link_.leave(
            on, "no answer about a watch from " + on->address + " within " + readable(patience_));
    });
    return true;
}

void Watching::close() {
    timer_.reset();
    question_.reset();
    if (stream_) std::exchange(stream_, nullptr)->abandon();
    on_.reset();
    batch_ = {};
}

void Watching::open() {
    timer_.reset();
    on_ = link_.connection();
    if (!on_) return;
    if (next_ > 0 && store_ != 0 && on_->store != store_) return replaced();
    store_ = on_->store;
    ++counters_.streams_opened;
    auto begin = [this](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
        // A member that is cut off from the others must end the watch, not keep it in silence.
        context->AddMetadata("hasleader", "true");
        return on_->watch->PrepareAsyncWatch(context, queue);
    };
    Stream::Handlers handlers;
    handlers.on_message = [this](pb::WatchResponse& response) { receive(response); };
    handlers.on_end = [this](const grpc::Status&) { reopen_later(); };
    stream_ = Stream::start(pump_, begin, std::move(handlers));

    pb::WatchRequest request;
    auto& create = *request.mutable_create_request();
    auto range = range_of(prefix_);
    create.set_key(std::move(range.first));
    create.set_range_end(std::move(range.end));
    create.set_start_revision(next_);
    create.set_progress_notify(true);
    create.set_fragment(true);
    stream_->send(std::move(request));
    timer_ = pump_.loop().after(times_.answer_limit, [this] { reopen_later(); });
}

void Watching::reopen_later() {
    ++counters_.streams_broken;
    const auto on = on_;
    close();
    delay_ = std::clamp(delay_ * 2, times_.back_off_first, times_.reopen_max);
    timer_ = pump_.loop().after(delay_, [this] { open(); });
    link_.doubt(on);
}

void Watching::receive(pb::WatchResponse& response) {
    const auto self = shared_from_this();  // the owner may let go of us in a handler
    link_.heard(on_);
    heard_ = pump_.loop().clock().now();
    question_.reset();
    if (response.canceled()) return cancelled(response);
    if (response.created()) return created(response.header().revision());
    if (response.events().empty()) {
        // The answer to a question of ours. It tells a revision whose events may still be on their
        // way (etcd issue 15220, before 3.4.25): it is a sign of life and nothing else.
        if (response.watch_id() < 0) {
            patience_ = {};
            return;
        }
        // A progress notice: everything up to here has been sent. Without it the watch of a quiet
        // prefix would fall behind the compaction and be lost for nothing.
        if (!response.fragment() && batch_.events.empty())
            next_ = std::max(next_, response.header().revision() + 1);
        return;
    }
    collect(response);
}

void Watching::created(Revision now) {
    timer_.reset();
    delay_ = {};
    if (next_ > now + 1) return fell_behind(now);
    behind_ = false;
    if (next_ > 0) return;
    next_ = now + 1;
    const auto on_begun = handlers_.on_begun;
    if (on_begun) on_begun(now);
}

// A member may lag for moments. One that stays behind was set back to an older state, where what
// we wait for will never come.
void Watching::fell_behind(Revision now) {
    if (std::exchange(behind_, true)) {
        stop();
        return handlers_.on_lost(now);
    }
    timer_ = pump_.loop().after(times_.answer_limit, [this] {
        close();
        open();
    });
}

// By one that was recovered from an older state: the same revisions are other commits there, even
// once it has come as far as we are.
void Watching::replaced() {
    const auto self = shared_from_this();  // the owner may let go of us in the handler
    stop();
    handlers_.on_lost(0);
}

void Watching::cancelled(const pb::WatchResponse& response) {
    if (response.compact_revision() == 0) return reopen_later();
    stop();
    handlers_.on_lost(response.compact_revision());
}

void Watching::collect(pb::WatchResponse& response) {
    for (auto& event : *response.mutable_events()) {
        if (event.kv().mod_revision() < next_) continue;
        batch_.events.push_back(event_of(event));
    }
    if (response.fragment() || batch_.events.empty()) return;
    link_.carried(on_);
    const auto batch_revision = batch_.events.back().record.modified;
    check(batch_revision >= next_, "a watch never steps back");
    batch_.revision = batch_revision;
    next_ = batch_revision + 1;
    patience_ = {};
    const auto batch = std::exchange(batch_, {});
    handlers_.on_events(batch);
}

}  // namespace hansa::etcd
