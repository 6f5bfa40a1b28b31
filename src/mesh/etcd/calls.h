// One request with one answer, or with many, and one stream in both directions, with their ends on
// the loop.
//
// Deadlines are timers of our loop, not gRPC's: one clock decides, and nothing else wakes up.
// Loop thread only. All keep themselves alive until gRPC has given back every operation.
#pragma once

#include <grpcpp/grpcpp.h>

#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "base/time.h"
#include "mesh/etcd/pump.h"

namespace hansa::etcd {

// How a call ended. `timed_out`: nothing came in time, so nothing is known.
struct Ending {
    grpc::Status status;
    bool timed_out = false;
};

template <class Response>
class UnaryCall final : public Call, public std::enable_shared_from_this<UnaryCall<Response>> {
 public:
    using Reader = std::unique_ptr<grpc::ClientAsyncResponseReader<Response>>;
    using Begin = std::function<Reader(grpc::ClientContext*, grpc::CompletionQueue*)>;
    using Done = std::function<void(const Ending&, Response&)>;

    // Starts the call. `done` runs once, unless the call is abandoned first.
    static std::shared_ptr<Call> start(Pump& pump, Duration limit, const Begin& begin, Done done) {
        std::shared_ptr<UnaryCall> call(new UnaryCall(pump, std::move(done)));
        pump.list(call.get());
        call->reader_ = begin(&call->context_, call->queue_.get());
        call->reader_->Finish(&call->response_, &call->ending_.status,
                              pump.expect([call](bool) { call->finish(); }));
        call->limit_ = pump.loop().after(limit, [call = call.get()] {
            call->ending_.timed_out = true;
            call->context_.TryCancel();
        });
        return call;
    }

    void abandon() override {
        if (!done_) return;
        done_ = nullptr;
        limit_.reset();
        pump_.unlist(this);
        context_.TryCancel();
    }

 private:
    UnaryCall(Pump& pump, Done done) : queue_(pump.queue()), pump_(pump), done_(std::move(done)) {}

    void finish() {
        if (!done_) return;
        limit_.reset();
        pump_.unlist(this);
        // An answer that overtook its own deadline is an answer.
        if (ending_.status.ok()) ending_.timed_out = false;
        std::exchange(done_, nullptr)(ending_, response_);
    }

    const std::shared_ptr<grpc::CompletionQueue> queue_;  // first: outlives the call's own parts
    Pump& pump_;                                          // not to be used once abandoned
    Done done_;
    grpc::ClientContext context_;
    Response response_;
    Ending ending_;
    Reader reader_;
    Held limit_;
};

template <class Request, class Response>
class StreamCall final : public Call,
                         public std::enable_shared_from_this<StreamCall<Request, Response>> {
 public:
    using Wire = std::unique_ptr<grpc::ClientAsyncReaderWriter<Request, Response>>;
    using Begin = std::function<Wire(grpc::ClientContext*, grpc::CompletionQueue*)>;

    struct Handlers {
        std::function<void(Response&)> on_message;
        std::function<void(const grpc::Status&)> on_end;  // the last call; not after abandon()
    };

    // `begin` prepares the stream without starting it.
    static std::shared_ptr<StreamCall> start(Pump& pump, const Begin& begin, Handlers handlers) {
        std::shared_ptr<StreamCall> call(new StreamCall(pump, std::move(handlers)));
        pump.list(call.get());
        call->wire_ = begin(&call->context_, call->queue_.get());
        call->wire_->StartCall(pump.expect([call](bool ok) { call->started(ok); }));
        return call;
    }

    // Sends in order, one after the other.
    void send(Request request) {
        if (!open_) return;
        outgoing_.push_back(std::move(request));
        if (started_ && outgoing_.size() == 1) write_next();
    }

    void abandon() override {
        if (!open_) return;
        open_ = false;
        pump_.unlist(this);
        // The handlers may be on the stack right now: they go when the last event has come.
        context_.TryCancel();
    }

 private:
    StreamCall(Pump& pump, Handlers handlers)
        : queue_(pump.queue()), pump_(pump), handlers_(std::move(handlers)) {}

    void* expect(void (StreamCall::*then)(bool)) {
        return pump_.expect(
            [call = this->shared_from_this(), then](bool ok) { ((*call).*then)(ok); });
    }

    void started(bool ok) {
        if (!open_) return;
        if (!ok) return conclude();
        started_ = true;
        wire_->Read(&incoming_, expect(&StreamCall::read));
        if (!outgoing_.empty()) write_next();
    }

    void read(bool ok) {
        if (!open_) return;
        if (!ok) return conclude();
        handlers_.on_message(incoming_);
        if (open_) wire_->Read(&incoming_, expect(&StreamCall::read));
    }

    void write_next() { wire_->Write(outgoing_.front(), expect(&StreamCall::written)); }

    // A write that failed says nothing by itself: the read fails too, and then the status is read.
    void written(bool ok) {
        if (!open_ || !ok) return;
        outgoing_.pop_front();
        if (!outgoing_.empty()) write_next();
    }

    void conclude() { wire_->Finish(&status_, expect(&StreamCall::finished)); }

    void finished(bool) {
        if (!open_) return;
        open_ = false;
        pump_.unlist(this);
        handlers_.on_end(status_);
    }

    const std::shared_ptr<grpc::CompletionQueue> queue_;  // first: outlives the call's own parts
    Pump& pump_;                                          // not to be used once abandoned
    Handlers handlers_;
    bool open_ = true;
    bool started_ = false;
    grpc::ClientContext context_;
    Response incoming_;
    std::deque<Request> outgoing_;
    grpc::Status status_;
    Wire wire_;
};

// One request with many answers, each of which is fetched when somebody is ready for it.
template <class Response>
class FetchCall final : public Call, public std::enable_shared_from_this<FetchCall<Response>> {
 public:
    using Wire = std::unique_ptr<grpc::ClientAsyncReader<Response>>;
    using Begin = std::function<Wire(grpc::ClientContext*, grpc::CompletionQueue*)>;

    struct Handlers {
        std::function<void(Response&)> on_message;  // to be followed by fetch(), then or later
        std::function<void(const Ending&)> on_end;  // the last call; not after abandon()
    };

    // `begin` prepares the stream without starting it. `limit`: for each answer. Between an answer
    // and fetch() the owner's share alone keeps it alive, and it must be abandoned before that
    // ends.
    static std::shared_ptr<FetchCall> start(Pump& pump, Duration limit, const Begin& begin,
                                            Handlers handlers) {
        std::shared_ptr<FetchCall> call(new FetchCall(pump, limit, std::move(handlers)));
        pump.list(call.get());
        call->wire_ = begin(&call->context_, call->queue_.get());
        call->wait();
        call->wire_->StartCall(call->expect(&FetchCall::started));
        return call;
    }

    // REQUIRES: the last one has been answered. Nothing once the call has ended.
    void fetch() {
        if (!open_) return;
        wait();
        wire_->Read(&incoming_, expect(&FetchCall::read));
    }

    void abandon() override {
        if (!open_) return;
        open_ = false;
        limit_timer_.reset();
        pump_.unlist(this);
        context_.TryCancel();
    }

 private:
    FetchCall(Pump& pump, Duration limit, Handlers handlers)
        : queue_(pump.queue()), pump_(pump), limit_(limit), handlers_(std::move(handlers)) {}

    void* expect(void (FetchCall::*then)(bool)) {
        return pump_.expect(
            [call = this->shared_from_this(), then](bool ok) { ((*call).*then)(ok); });
    }

    void wait() {
        limit_timer_ = pump_.loop().after(limit_, [this] {
            ending_.timed_out = true;
            context_.TryCancel();
        });
    }

    void started(bool ok) {
        if (!open_) return;
        if (!ok) return conclude();
        wire_->Read(&incoming_, expect(&FetchCall::read));
    }

    void read(bool ok) {
        if (!open_) return;
        if (!ok) return conclude();
        limit_timer_.reset();
        handlers_.on_message(incoming_);
    }

    void conclude() { wire_->Finish(&ending_.status, expect(&FetchCall::finished)); }

    void finished(bool) {
        if (!open_) return;
        open_ = false;
        limit_timer_.reset();
        pump_.unlist(this);
        if (ending_.status.ok()) ending_.timed_out = false;
        handlers_.on_end(ending_);
    }

    const std::shared_ptr<grpc::CompletionQueue> queue_;  // first: outlives the call's own parts
    Pump& pump_;                                          // not to be used once abandoned
    const Duration limit_;
    Handlers handlers_;
    bool open_ = true;
    grpc::ClientContext context_;
    Response incoming_;
    Ending ending_;
    Wire wire_;
    Held limit_timer_;
};

}  // namespace hansa::etcd
