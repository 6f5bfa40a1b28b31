// The Store port: what the mesh needs of a replicated key-value store with revisions.
//
// Sides: mesh/etcd (real), mesh/memory (simulated, with faults). Everything is asynchronous: calls
// are made on the loop thread and answer there exactly once, never from within the call, at the
// latest at their deadline with Code::unavailable. Destroying the store cancels without answers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sys/loop.h"

namespace hansa {

using Revision = std::int64_t;  // of the whole store; grows by one with every commit
using LeaseId = std::int64_t;   // 0: none

struct Record {
    std::string key;
    std::string value;
    Revision created = 0;   // of the commit that made the key
    Revision modified = 0;  // of the last commit that wrote it
    LeaseId lease = 0;
    friend bool operator==(const Record&, const Record&) = default;
};

struct StoreEvent {
    enum class Type { put, removed } type = Type::put;
    Record record;  // removed: key and `modified` (the removal's revision) only
};

// All events of a watch that arrived together; a commit is never split over two batches.
struct EventBatch {
    Revision revision = 0;  // the last one contained
    std::vector<StoreEvent> events;
};

struct Compare {
    enum class What { created_at, modified_at, value_is } what = What::created_at;
    std::string key;
    Revision revision = 0;  // 0: the key is absent
    std::string value;

    static Compare absent(std::string key) { return {What::created_at, std::move(key), 0, {}}; }
    static Compare created(std::string key, Revision at) {
        return {What::created_at, std::move(key), at, {}};
    }
    static Compare modified(std::string key, Revision at) {
        return {What::modified_at, std::move(key), at, {}};
    }
    static Compare holds(std::string key, std::string value) {
        return {What::value_is, std::move(key), 0, std::move(value)};
    }
};

struct Operation {
    enum class Type { put, remove, remove_prefix } type = Type::put;
    std::string key;
    std::string value;
    LeaseId lease = 0;

    static Operation put(std::string key, std::string value, LeaseId lease = 0) {
        return {Type::put, std::move(key), std::move(value), lease};
    }
    static Operation remove(std::string key) { return {Type::remove, std::move(key), {}, 0}; }
    static Operation remove_prefix(std::string key) {
        return {Type::remove_prefix, std::move(key), {}, 0};
    }
};

// Atomic: every comparison holds and every operation is done, or nothing is done.
struct Transaction {
    std::vector<Compare> when;
    std::vector<Operation> then;
};

struct Committed {
    bool applied = false;   // false: a comparison did not hold
    Revision revision = 0;  // of the store after it
};

struct Reading {
    Revision revision = 0;        // the store's when it was read; of all records the same
    std::vector<Record> records;  // by key, ascending
    // The store's own id of what answered: another one after it was recovered. 0: it has none.
    std::uint64_t store = 0;
};

enum class ReadScope { key, prefix };

struct StoreLimits {
    std::size_t operations_max = 128;   // in one transaction
    std::size_t bytes_max = 1'500'000;  // of one request
};

struct WatchHandlers {
    // Every commit that touches the prefix, in order, without gap or repeat, over reconnects too.
    std::function<void(const EventBatch&)> on_events;
    // The history since the last batch is gone (compacted; or the store was set back to an older
    // state, or recovered from one): read all, compare, watch anew. The watch has ended.
    std::function<void(Revision oldest)> on_lost;
    // Of a watch from the present on, once, before any event: it stands, and every commit after
    // `since` will come. May be empty.
    std::function<void(Revision since)> on_begun = {};
};

struct LeaseHandlers {
    // Granted, and again with another id after one was lost: put the leased keys again.
    std::function<void(LeaseId)> on_granted;
    // The lease may have ended in the store; a new one is being asked for.
    std::function<void()> on_lost;
    // None was granted, and why; it is asked for again. May be empty.
    std::function<void(const Error&)> on_refused = {};
};

struct StoreStatus {
    enum class State {
        connecting,  // for the first time
        connected,
        no_quorum,  // members answer, but too few to read or write: what was read may be stale
        away,
    } state = State::connecting;
    std::string detail;  // endpoint; or, when there is none, why, in words for people
};

class Store {
 public:
    template <class T>
    using Done = std::function<void(Result<T>)>;

    virtual ~Store() = default;

    // A read that sees every commit acknowledged before it began (linearizable).
    virtual void read(ReadScope scope, std::string key, Done<Reading> done) = 0;

    // Tried again by the store's side only when it is certain that nothing was done; a commit
    // whose fate is unknown answers Code::unavailable: read before trying again, or guard it with
    // a comparison.
    virtual void commit(Transaction transaction, Done<Committed> done) = 0;

    // Events from revision `from` on; 0: from the present on, which on_begun tells. Reconnects by
    // itself as long as the handle lives. Destroyed before the store. What was committed before
    // the watch stood may come 100 ms late (etcd brings watches up to date by that beat): where
    // that matters, watch first, then read.
    [[nodiscard]] virtual Held watch(std::string prefix, Revision from, WatchHandlers handlers) = 0;

    // A lease kept alive as long as the handle lives; ends by itself `ttl` after the last beat.
    // Destroying the handle stops the beats but does not revoke.
    [[nodiscard]] virtual Held keep_lease(Seconds ttl, LeaseHandlers handlers) = 0;
    virtual void revoke(LeaseId lease, Done<void> done) = 0;

    // Where requests go, the best first; replaces what was there without cancelling what is under
    // way. Whoever is connected elsewhere moves to the first one by and by.
    virtual void use_endpoints(std::vector<std::string> endpoints) = 0;

    virtual StoreStatus status() const = 0;
    virtual void on_status(std::function<void(const StoreStatus&)> changed) = 0;
    virtual StoreLimits limits() const = 0;
};

}  // namespace hansa
