// A Resource is one thing of this machine and the state it shall be in.
//
// Made by its Kind from a Declaration; immutable afterwards, so one object may be looked at by
// the loop and by a worker at once. Its two verbs run in a worker and may block.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "data/value.h"
#include "sys/machine.h"
#include "sys/task.h"
#include "sys/watch.h"

namespace hansa {

// What stands between what is and what shall be. Empty: the machine already matches.
struct Change {
    std::string field;  // "content", "mode", …
    std::string from;   // for people; empty when there was nothing
    std::string to;
    bool sensitive = false;  // never shown
};
using Difference = std::vector<Change>;

// Key and value in the store, for the kind `kv`. Blocking; any worker. A key that ends with '/' has
// a value for each host: the implementation appends this host's name, here and in watches.
class KeyValue {
 public:
    virtual ~KeyValue() = default;
    virtual Result<std::optional<std::string>> get(const std::string& key, Task& task) = 0;

    // Sets, or deletes where `value` is empty, only if the key still has the value `seen`:
    // false when somebody else was faster.
    virtual Result<bool> put(const std::string& key, const std::optional<std::string>& value,
                             const std::optional<std::string>& seen, Task& task) = 0;
};

// Lines that a resource (`print`, `msg`) says to people. Any worker.
class Speaker {
 public:
    virtual ~Speaker() = default;
    virtual void say(const std::string& line) = 0;
};

// What the verbs get beside the resource itself. `refresh`: a predecessor with a `notify` edge
// changed since the last successful run (or a timer ticked).
struct Context {
    Machine machine;
    Task& task;
    std::optional<Instant> deadline;
    bool refresh = false;
    KeyValue* store = nullptr;  // null: standalone
    Speaker* speaker = nullptr;
    // Names of things below clears() that some resource owned when this run began; in byte order.
    std::span<const std::string> claimed = {};
};

// Why a resource should be looked at again.
struct WatchPath {
    std::string path;
    WatchDepth depth = WatchDepth::entry;
    friend bool operator==(const WatchPath&, const WatchPath&) = default;
};
struct WatchLines {  // a command; every line it prints is a wake-up
    Command command;
};
struct WatchTicks {  // the clock; a tick is a refresh of the resource itself
    Duration interval{0};
};
struct WatchKey {  // a key of the store
    std::string key;
};
using Watch = std::variant<WatchPath, WatchLines, WatchTicks, WatchKey>;

// Something of the machine that automatic edges speak of: "path:/etc/motd", "user:bob".
// A resource that provides X runs before those that want X or something below X.
struct Thing {
    std::string type;
    std::string name;
    friend bool operator==(const Thing&, const Thing&) = default;
};

class Resource {
 public:
    virtual ~Resource() = default;

    // Reads only.
    virtual Result<Difference> check(const Context& context) const = 0;

    // Makes the machine match. Called only after a check that found a difference, or, for a kind
    // that acts on refresh, with context.refresh set.
    virtual Result<void> apply(const Context& context, const Difference& difference) const = 0;

    // True when `apply` is to be called on refresh although the check found no difference.
    virtual bool acts_on_refresh() const { return false; }

    // True when every edge from here carries a notification, and a tick counts as one (timer).
    virtual bool always_notifies() const { return false; }

    virtual std::vector<Watch> watches() const { return {}; }

    // For automatic edges. Paths are normal: absolute, no trailing slash, no "." and "..".
    virtual std::vector<Thing> provides() const { return {}; }
    virtual std::vector<Thing> wants() const { return {}; }

    // The thing that no two resources of a graph may both keep, "path:/etc/motd"; empty when
    // there is no such thing.
    virtual std::optional<Thing> owns() const { return std::nullopt; }

    // The thing below which it removes what it does not know: it should spare what the context
    // calls claimed.
    virtual std::optional<Thing> clears() const { return std::nullopt; }

    // Its fields as a map in schema order, defaults left out; make() of it gives an equal one.
    virtual Value encode() const = 0;

    // REQUIRES: of the same kind.
    virtual bool same_as(const Resource& other) const = 0;
};

using ResourcePtr = std::shared_ptr<const Resource>;  // shared: a worker may outlive the graph

}  // namespace hansa
