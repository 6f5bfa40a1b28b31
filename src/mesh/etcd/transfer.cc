#include "mesh/etcd/transfer.h"

#include <utility>

#include "mesh/etcd/refusal.h"

namespace hansa::etcd {

namespace pb = etcdserverpb;

void Transfer::start(Done done) {
    done_ = std::move(done);
    fetch_ = Fetch::start(pump_, limit_,
                          [this](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
                              return on_->maintenance->PrepareAsyncSnapshot(
                                  context, pb::SnapshotRequest(), queue);
                          },
                          {[this](pb::SnapshotResponse& piece) { pass_on(piece); },
                           [this](const Ending& ending) { ended(ending); }});
}

void Transfer::stop() {
    done_ = nullptr;
    if (fetch_) fetch_->abandon();
}

void Transfer::pass_on(pb::SnapshotResponse& piece) {
    const auto self = shared_from_this();  // the sink may end the electorate
    bytes_ += piece.blob().size();
    is_with_sink_ = true;
    sink_(std::move(*piece.mutable_blob()), [weak = weak_from_this()](Result<void> result) {
        if (const auto transfer = weak.lock()) transfer->taken(std::move(result));
    });
}

void Transfer::taken(Result<void> result) {
    if (!done_ || !std::exchange(is_with_sink_, false)) return;
    if (result) return fetch_->fetch();
    const auto self = shared_from_this();
    fetch_->abandon();
    finish({std::move(result).error(), MemberFault::refused});
}

void Transfer::ended(const Ending& ending) {
    if (!ending.status.ok()) {
        auto refusal = refusal_of(ending, on_->address, limit_);
        return finish({std::move(refusal.error), refusal.fault});
    }
    finish({bytes_});
}

void Transfer::finish(Answer<std::uint64_t> answer) {
    const auto self = shared_from_this();
    if (done_) std::exchange(done_, nullptr)(std::move(answer));
}

}  // namespace hansa::etcd
