#include "mesh/kv.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <vector>

#include "base/text.h"
#include "mesh/keys.h"

namespace hansa {
namespace {

// A worker looks so often whether its answer is there: soon at first, seldom later.
constexpr Duration pause_first = std::chrono::microseconds{200};
constexpr Duration pause_max = Milliseconds{20};
// The store answers at its own deadline; this one is for a loop that has stopped.
constexpr Seconds answer_max{15};

template <class T>
Result<T> await(std::future<Result<T>> answer, const std::string& key, Task& task) {
    const Instant give_up = task.now() + answer_max;
    Duration pause = pause_first;
    while (answer.wait_for(Seconds{0}) != std::future_status::ready) {
        if (task.cancelled())
            return Error{Code::cancelled, "key " + printable(key) +
                                              ": cancelled while waiting "
                                              "for the store"};
        if (task.now() >= give_up)
            return Error{Code::unavailable, "key " + printable(key) +
                                                ": no answer from the store "
                                                "in " +
                                                readable(answer_max)};
        task.sleep(pause);
        pause = std::min(pause * 2, pause_max);
    }
    return answer.get();
}

}  // namespace

std::string value_key(const std::string& key, const HostName& self) {
    return keys::value_of(key.ends_with('/') ? key + self.text() : key);
}

Result<std::optional<std::string>> StoreKeyValue::get(const std::string& key, Task& task) {
    using Found = std::optional<std::string>;
    // Shared: the worker may have given up before the answer comes.
    auto promise = std::make_shared<std::promise<Result<Found>>>();
    auto answer = promise->get_future();
    loop_.post([&store = store_, where = value_key(key, self_), promise] {
        store.read(ReadScope::key, where, [promise](Result<Reading> reading) {
            if (!reading) return promise->set_value(std::move(reading).error());
            if (reading->records.empty()) return promise->set_value(Found{});
            promise->set_value(Found{std::move(reading->records.front().value)});
        });
    });
    return await(std::move(answer), key, task);
}

Result<bool> StoreKeyValue::put(const std::string& key, const std::optional<std::string>& value,
                                const std::optional<std::string>& seen, Task& task) {
    const std::string where = value_key(key, self_);
    if (where.size() > keys::length_max)
        return Error{Code::invalid, "key " + printable(key, 80) + ": too long for the store"};
    Transaction transaction;
    transaction.when.push_back(seen ? Compare::holds(where, *seen) : Compare::absent(where));
    transaction.then.push_back(value ? Operation::put(where, *value) : Operation::remove(where));

    auto promise = std::make_shared<std::promise<Result<bool>>>();
    auto answer = promise->get_future();
    loop_.post([&store = store_, transaction = std::move(transaction), promise] {
        store.commit(transaction, [promise](Result<Committed> committed) {
            if (!committed) return promise->set_value(std::move(committed).error());
            promise->set_value(committed->applied);
        });
    });
    return await(std::move(answer), key, task);
}

struct ValueWatch::Listeners {
    std::map<std::uint64_t, std::pair<std::string, Action>> by_number;
    std::multimap<std::string, std::uint64_t> by_key;
    std::uint64_t made = 0;
    ValueWatch* owner = nullptr;
};

class ValueWatch::Listening final : public Subscription {
 public:
    Listening(std::shared_ptr<Listeners> listeners, std::uint64_t number)
        : listeners_(std::move(listeners)), number_(number) {}

    ~Listening() override {
        const auto found = listeners_->by_number.find(number_);
        auto [at, end] = listeners_->by_key.equal_range(found->second.first);
        while (at != end && at->second != number_) ++at;
        listeners_->by_key.erase(at);
        listeners_->by_number.erase(found);
        if (listeners_->by_number.empty() && listeners_->owner)
            listeners_->owner->begin_again(Duration{0});
    }

 private:
    std::shared_ptr<Listeners> listeners_;
    std::uint64_t number_;
};

ValueWatch::ValueWatch(Loop& loop, Store& store, Random& random, HostName self)
    : loop_(loop),
      store_(store),
      random_(random),
      self_(std::move(self)),
      listeners_(std::make_shared<Listeners>()) {
    listeners_->owner = this;
}

ValueWatch::~ValueWatch() {
    listeners_->owner = nullptr;
}

Held ValueWatch::watch_key(const std::string& key, Action changed) {
    const std::string where = value_key(key, self_);
    const std::uint64_t number = ++listeners_->made;
    listeners_->by_number.emplace(number, std::pair{where, std::move(changed)});
    listeners_->by_key.emplace(where, number);
    if (!watch_ && !reading_ && !retry_) begin();
    return std::make_unique<Listening>(listeners_, number);
}

void ValueWatch::store_returned() {
    if (!retry_) return;
    retry_.reset();
    begin();
}

// Only the revision matters: from the next one on, events are told.
void ValueWatch::begin() {
    reading_ = true;
    store_.read(ReadScope::key, keys::values(), lifeline_.guard([this](Result<Reading> reading) {
        reading_ = false;
        on_begun(std::move(reading));
    }));
}

void ValueWatch::on_begun(Result<Reading> reading) {
    if (listeners_->by_number.empty()) return;
    if (!reading) return begin_again(backoff_.next(random_));
    backoff_.reset();
    WatchHandlers handlers;
    handlers.on_events = [this](const EventBatch& batch) {
        for (const StoreEvent& event : batch.events) wake(event.record.key);
    };
    handlers.on_lost = [this](Revision) { begin_again(Duration{0}); };
    watch_ = store_.watch(keys::values(), reading->revision + 1, std::move(handlers));
    wake_all();
}

// Also the way to stop when nobody listens any longer: never from within the watch's callback.
void ValueWatch::begin_again(Duration delay) {
    retry_ = loop_.after(delay, [this] {
        const Held ended = std::move(retry_);
        watch_.reset();
        if (!listeners_->by_number.empty() && !reading_) begin();
    });
}

// An action may end or begin listening, so each is looked up again.
void ValueWatch::wake(const std::string& store_key) {
    std::vector<std::uint64_t> numbers;
    const auto [begin, end] = listeners_->by_key.equal_range(store_key);
    for (auto at = begin; at != end; ++at) numbers.push_back(at->second);
    for (const std::uint64_t number : numbers) {
        const auto found = listeners_->by_number.find(number);
        if (found == listeners_->by_number.end()) continue;
        const Action changed = found->second.second;
        changed();
    }
}

void ValueWatch::wake_all() {
    std::vector<std::string> all;
    for (auto at = listeners_->by_key.begin(); at != listeners_->by_key.end();
         at = listeners_->by_key.upper_bound(at->first))
        all.push_back(at->first);
    for (const std::string& key : all) wake(key);
}

}  // namespace hansa
