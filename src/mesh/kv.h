// Keys and values in the store for the kind `kv`: the blocking face for workers, and wake-ups.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/host.h"
#include "base/random.h"
#include "mesh/backoff.h"
#include "mesh/lifeline.h"
#include "mesh/store.h"
#include "resource/resource.h"
#include "sys/loop.h"

namespace hansa {

// Called from workers; asks the store on the loop thread and waits, sleeping through its task, so
// that a cancelled task waits no longer. `loop` and `store` must outlive every task.
class StoreKeyValue final : public KeyValue {
 public:
    StoreKeyValue(Loop& loop, Store& store, HostName self)
        : loop_(loop), store_(store), self_(std::move(self)) {}

    Result<std::optional<std::string>> get(const std::string& key, Task& task) override;
    Result<bool> put(const std::string& key, const std::optional<std::string>& value,
                     const std::optional<std::string>& seen, Task& task) override;

 private:
    Loop& loop_;
    Store& store_;
    const HostName self_;
};

// Wake-ups about values: one watch for all who want any, none while nobody does. Loop thread only.
// Owned by Mesh; handles may outlive it.
class ValueWatch {
 public:
    // Every reference must outlive it.
    ValueWatch(Loop& loop, Store& store, Random& random, HostName self);
    ~ValueWatch();

    // Calls `changed` whenever the key may have been written or removed, and once the watch
    // stands: what happened before was not seen.
    [[nodiscard]] Held watch_key(const std::string& key, Action changed);

    void store_returned();

 private:
    class Listening;
    struct Listeners;

    void begin();
    void on_begun(Result<Reading> reading);
    void begin_again(Duration delay);
    void wake(const std::string& store_key);
    void wake_all();

    Loop& loop_;
    Store& store_;
    Random& random_;
    const HostName self_;
    std::shared_ptr<Listeners> listeners_;  // shared with the handles, which may outlive us
    bool reading_ = false;
    Backoff backoff_;
    Held watch_;
    Held retry_;
    Lifeline lifeline_;
};

// The key in the store; one that ends with '/' is this host's own.
std::string value_key(const std::string& key, const HostName& self);

}  // namespace hansa
