#include "mesh/memory/store.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace hansa {

// One request on its way. `serve` does it and keeps the answer for `answer`.
struct MemoryStore::Request {
    Action serve;
    Action answer;
    std::function<void(Error)> fail;
    Held step;
    Held deadline;
    bool waiting = false;  // for the line
    bool lost = false;
    bool late = false;
    bool lose_answer = false;
};

class MemoryStore::Watching final : public Subscription {
 public:
    Watching(MemoryStore& store, std::string prefix, Revision from, WatchHandlers handlers)
        : store_(store),
          number_(++store.made_),
          prefix_(std::move(prefix)),
          next_(from),
          handlers_(std::move(handlers)) {
        store_.watches_.emplace(number_, this);
        arm();
    }
    ~Watching() override { store_.watches_.erase(number_); }

    // Something may be there for us: look a little later.
    void arm() {
        const bool nothing =
            next_ > 0 && next_ > store_.cluster_.revision() && next_ >= store_.cluster_.oldest();
        if (ended_ || pending_ || nothing || !store_.reachable()) return;
        pending_ = store_.loop_.after(store_.latency(), [this] { deliver(); });
    }

 private:
    void deliver() {
        const Held rung = std::move(pending_);
        MemoryCluster& cluster = store_.cluster_;
        if (!store_.reachable()) return;
        if (next_ == 0) return begin(cluster.revision());
        if (next_ < cluster.oldest()) {
            ended_ = true;
            const WatchHandlers last = std::move(handlers_);  // it may destroy us
            last.on_lost(cluster.oldest());
            return;
        }
        // Sometimes all there is, sometimes a part of it: both are what a network does.
        Revision until = cluster.revision();
        if (store_.random_.chance(0.5)) {
            const auto span = static_cast<std::uint64_t>(until - next_ + 1);
            until = next_ + static_cast<Revision>(store_.random_.below(span));
        }
        const EventBatch batch = cluster.events(prefix_, next_, until);
        next_ = until + 1;
        arm();
        if (batch.events.empty()) return;
        const auto on_events = handlers_.on_events;
        on_events(batch);
    }

    void begin(Revision now) {
        next_ = now + 1;
        const auto on_begun = handlers_.on_begun;
        if (on_begun) on_begun(now);
    }

    MemoryStore& store_;
    std::uint64_t number_;
    std::string prefix_;
    Revision next_;  // the first revision not yet told; 0: the watch has not begun
    WatchHandlers handlers_;
    Held pending_;
    bool ended_ = false;
};

// A lease that is asked for, beaten, lost and asked for again. Shared with requests under way,
// which find out by their weak pointers that the handle is gone.
class MemoryStore::Keeper : public std::enable_shared_from_this<Keeper> {
 public:
    Keeper(MemoryStore& store, Seconds ttl, LeaseHandlers handlers)
        : store_(store), ttl_(ttl), handlers_(std::move(handlers)) {}

    void ask() {
        const Instant asked = store_.loop_.clock().now();
        store_.ask<LeaseId>([&cluster = store_.cluster_,
                             ttl = ttl_]() -> Result<LeaseId> { return cluster.grant(ttl); },
                            [weak = weak_from_this(), asked](Result<LeaseId> lease) {
                                if (auto self = weak.lock())
                                    self->answered(std::move(lease), asked);
                            },
                            false);
    }

 private:
    void answered(Result<LeaseId> lease, Instant asked) {
        if (!lease) {
            timer_ = store_.loop_.after(Milliseconds{100}, [this] { ask(); });
            return;
        }
        id_ = *lease;
        good_until_ = asked + ttl_;
        schedule_beat();
        const auto on_granted = handlers_.on_granted;
        on_granted(id_);
    }

    void schedule_beat() {
        const Instant now = store_.loop_.clock().now();
        const Duration pause = std::min<Duration>(Duration{ttl_} / 3, good_until_ - now);
        timer_ = store_.loop_.after(pause, [this] { beat(); });
    }

    void beat() {
        const Instant sent = store_.loop_.clock().now();
        if (sent >= good_until_) return lost();
        schedule_beat();
        store_.ask<bool>(
            [&cluster = store_.cluster_, id = id_]() -> Result<bool> { return cluster.beat(id); },
            [weak = weak_from_this(), sent, id = id_](Result<bool> lives) {
                if (auto self = weak.lock()) self->beaten(std::move(lives), sent, id);
            },
            false);
    }

    void beaten(Result<bool> lives, Instant sent, LeaseId id) {
        if (id != id_ || !lives) return;
        if (!*lives) return lost();
        good_until_ = std::max(good_until_, sent + ttl_);
    }

    void lost() {
        id_ = 0;
        timer_.reset();
        ask();
        const auto on_lost = handlers_.on_lost;
        on_lost();
    }

    MemoryStore& store_;
    Seconds ttl_;
    LeaseHandlers handlers_;
    LeaseId id_ = 0;
    Instant good_until_;  // by our own clock, which never trusts longer than the cluster does
    Held timer_;
};

class MemoryStore::Lease final : public Subscription {
 public:
    explicit Lease(std::shared_ptr<Keeper> keeper) : keeper_(std::move(keeper)) { keeper_->ask(); }

 private:
    std::shared_ptr<Keeper> keeper_;
};

MemoryStore::MemoryStore(MemoryCluster& cluster, Loop& loop, std::uint64_t seed,
                         MemoryStoreOptions options)
    : cluster_(cluster), loop_(loop), random_(seed), options_(options) {
    listening_ = cluster_.listen([this] { moved(); });
    moved();
}

MemoryStore::~MemoryStore() {
    check(watches_.empty(), "watches end before their store");
}

Duration MemoryStore::latency() {
    const auto most = static_cast<std::uint64_t>(options_.latency_max.count());
    return Duration{static_cast<Duration::rep>(random_.below(most + 1))};
}

template <class T>
void MemoryStore::ask(std::function<Result<T>()> effect, Done<T> done, bool lose_answer) {
    const std::uint64_t number = ++made_;
    Request& request = requests_[number];
    auto answer = std::make_shared<std::optional<Result<T>>>();
    request.serve = [answer, effect = std::move(effect)] { answer->emplace(effect()); };
    request.answer = [answer, done] { done(std::move(**answer)); };
    request.fail = [done](Error error) { done(std::move(error)); };
    request.lost = random_.chance(options_.request_lost);
    request.late = random_.chance(options_.request_late);
    request.lose_answer = lose_answer || random_.chance(options_.answer_lost);
    request.deadline = loop_.after(options_.deadline, [this, number] { fail(number); });
    request.step = loop_.after(latency(), [this, number] { serve(number); });
}

void MemoryStore::serve(std::uint64_t number) {
    Request& request = requests_.at(number);
    if (request.lost || request.late) return;
    request.waiting = !reachable();
    if (request.waiting) return;
    request.serve();
    if (request.lose_answer) return;
    request.step = loop_.after(latency(), [this, number] { deliver(number); });
}

// Cut off meanwhile: the answer is lost, the deadline will tell.
void MemoryStore::deliver(std::uint64_t number) {
    if (!reachable()) return;
    auto request = requests_.extract(number);
    request.mapped().answer();
}

void MemoryStore::fail(std::uint64_t number) {
    auto request = requests_.extract(number);
    if (request.mapped().late) {
        const auto most = static_cast<std::uint64_t>(options_.deadline.count());
        const Duration delay{static_cast<Duration::rep>(random_.below(most + 1))};
        cluster_.deliver_late(delay, std::move(request.mapped().serve));
    }
    request.mapped().fail(
        {Code::unavailable, "the store did not answer within " + readable(options_.deadline)});
}

void MemoryStore::read(ReadScope scope, std::string key, Done<Reading> done) {
    ask<Reading>([&cluster = cluster_, scope,
                  key = std::move(key)]() -> Result<Reading> { return cluster.read(scope, key); },
                 std::move(done), false);
}

void MemoryStore::commit(Transaction transaction, Done<Committed> done) {
    std::size_t bytes = 0;
    for (const Compare& compare : transaction.when)
        bytes += compare.key.size() + compare.value.size();
    for (const Operation& operation : transaction.then)
        bytes += operation.key.size() + operation.value.size();
    const std::size_t operations = std::max(transaction.when.size(), transaction.then.size());
    const StoreLimits limits = options_.limits;
    const bool lose = std::exchange(lose_next_answer_, false);
    ask<Committed>(
        [&cluster = cluster_, transaction = std::move(transaction), bytes, operations,
         limits]() -> Result<Committed> {
            if (operations > limits.operations_max)
                return Error{Code::invalid, std::to_string(operations) +
                                                " operations in one transaction; at most " +
                                                std::to_string(limits.operations_max)};
            if (bytes > limits.bytes_max)
                return Error{Code::invalid, std::to_string(bytes) +
                                                " bytes in one request; at most " +
                                                std::to_string(limits.bytes_max)};
            return cluster.commit(transaction);
        },
        std::move(done), lose);
}

void MemoryStore::revoke(LeaseId lease, Done<void> done) {
    ask<void>(
        [&cluster = cluster_, lease]() -> Result<void> {
            if (cluster.revoke(lease)) return {};
            return Error{Code::missing, "lease " + std::to_string(lease) + " has ended"};
        },
        std::move(done), false);
}

Held MemoryStore::watch(std::string prefix, Revision from, WatchHandlers handlers) {
    check(from >= 0, "a watch begins at a revision, or now");
    return std::make_unique<Watching>(*this, std::move(prefix), from, std::move(handlers));
}

Held MemoryStore::keep_lease(Seconds ttl, LeaseHandlers handlers) {
    return std::make_unique<Lease>(std::make_shared<Keeper>(*this, ttl, std::move(handlers)));
}

void MemoryStore::use_endpoints(std::vector<std::string> endpoints) {
    if (!endpoints.empty()) endpoint_ = endpoints.front();
}

void MemoryStore::on_status(std::function<void(const StoreStatus&)> changed) {
    status_changed_ = std::move(changed);
}

void MemoryStore::go_away() {
    line_up_ = false;
    moved();
}

void MemoryStore::come_back() {
    line_up_ = true;
    moved();
}

// The cluster or the line has changed: what waits for that is looked at a little later.
void MemoryStore::moved() {
    if (reachable()) {
        for (auto& [number, request] : requests_) {
            if (!std::exchange(request.waiting, false)) continue;
            request.step = loop_.after(latency(), [this, asked = number] { serve(asked); });
        }
        for (auto& [number, watch] : watches_) watch->arm();
    }
    if (seen().state == status_.state) return status_timer_.reset();
    if (!status_timer_) status_timer_ = loop_.after(latency(), [this] { show_status(); });
}

StoreStatus MemoryStore::seen() const {
    if (reachable()) return {StoreStatus::State::connected, endpoint_};
    if (line_up_ && cluster_.answers())
        return {StoreStatus::State::no_quorum, "1 of 3 members answer"};
    return {StoreStatus::State::away, endpoint_ + " does not answer"};
}

void MemoryStore::show_status() {
    const Held rung = std::move(status_timer_);
    status_ = seen();
    const auto changed = status_changed_;
    if (changed) changed(status_);
}

}  // namespace hansa
