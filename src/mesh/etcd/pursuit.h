// A request that is followed to its end: waits for the link, is tried, and is tried again as long
// as that is safe and its time is not over. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "mesh/etcd/calls.h"
#include "mesh/etcd/convert.h"
#include "mesh/etcd/link.h"

namespace hansa::etcd {

enum class Repeat {
    always,             // the request may be carried out twice
    when_nothing_done,  // only when it is certain that it was not carried out
};

template <class Response>
class Pursuit final : public Rider, public std::enable_shared_from_this<Pursuit<Response>> {
 public:
    using Call = UnaryCall<Response>;
    using Begin = std::function<typename Call::Reader(Connection&, grpc::ClientContext*,
                                                      grpc::CompletionQueue*)>;
    using Done = std::function<void(Result<Response>)>;

    // The references must outlive it, or stop() be called before they end.
    Pursuit(Pump& pump, Link& link, const EtcdTimes& times, EtcdCounters& counters, Repeat repeat)
        : pump_(pump), link_(link), times_(times), counters_(counters), repeat_(repeat) {}

    // Once. `done` runs once, never from within this call, and not after stop(). `bytes` are those
    // of the request, which take their time on a slow line.
    void start(std::size_t bytes, Begin begin, Done done) {
        begin_ = std::move(begin);
        done_ = std::move(done);
        sending_ = duration_cast<Duration>(std::chrono::duration<double>(
            static_cast<double>(bytes) / static_cast<double>(times_.bytes_per_second)));
        end_at_ = now() + times_.overall_limit + sending_;
        link_.add(this->weak_from_this());
        attempt();
    }

    void stop() override {
        done_ = nullptr;
        timer_.reset();
        drop();
    }

    // A request that may be repeated moves to the new endpoint; another may still be answered by
    // the old one, and its own limit decides.
    void link_up() override {
        if (!done_) return;
        if (repeat_ == Repeat::always) drop();
        if (!call_) attempt();
    }

    void link_down() override {}

 private:
    Instant now() const { return pump_.loop().clock().now(); }

    void drop() {
        if (call_) std::exchange(call_, nullptr)->abandon();
    }

    void attempt() {
        const auto left = end_at_ - now();
        timer_.reset();
        const auto on = link_.connection();
        if (!on || left <= Duration::zero()) {
            timer_ = pump_.loop().after(std::max(left, Duration::zero()), [this] { give_up(); });
            return;
        }
        const auto limit = std::min(left, times_.try_limit * (1 << std::min(tries_, 3)) + sending_);
        if (tries_++ > 0) ++counters_.tries_repeated;
        call_ = Call::start(
            pump_, limit,
            [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
                return begin_(*on, context, queue);
            },
            [this, on, limit](const Ending& ending, Response& response) {
                answered(on, limit, ending, response);
            });
    }

    void answered(const std::shared_ptr<Connection>& on, Duration limit, const Ending& ending,
                  Response& response) {
        call_.reset();
        if (ending.status.ok()) {
            link_.carried(on);
            return finish(std::move(response));
        }
        auto failure = failure_of(ending, on->address, limit);
        // Also when it is busy or full: its state tells why.
        if (failure.error.code == Code::unavailable) link_.doubt(on, Link::Doubt::request);
        const bool again = failure.fate == Fate::nothing_done ||
                           (failure.fate == Fate::unknown && repeat_ == Repeat::always);
        if (!again || end_at_ - now() <= pause) return finish(std::move(failure.error));
        last_ = std::move(failure.error.text);
        timer_ = pump_.loop().after(pause, [this] { attempt(); });
    }

    void give_up() {
        const auto& why = last_.empty() ? link_.status().detail : last_;
        finish(Error{Code::unavailable, "the store does not answer: " + why});
    }

    void finish(Result<Response> result) {
        const auto self = this->shared_from_this();
        timer_.reset();
        if (done_) std::exchange(done_, nullptr)(std::move(result));
    }

    static constexpr Duration pause = Milliseconds(50);  // between two tries

    Pump& pump_;
    Link& link_;
    const EtcdTimes& times_;
    EtcdCounters& counters_;
    const Repeat repeat_;
    Begin begin_;
    Done done_;
    Duration sending_{0};
    Instant end_at_;
    int tries_ = 0;
    std::string last_;  // why the last try failed
    std::shared_ptr<hansa::etcd::Call> call_;
    Held timer_;  // the next try, or the end of all of them
};

}  // namespace hansa::etcd
