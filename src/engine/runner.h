// A Runner keeps this machine in the state that a graph describes.
//
// Owned by Node. Lives on the loop thread: takes no locks, never blocks. A vertex runs when it is
// dirty and every predecessor is settled and not failed; exactly once per dirtying (graph.md 3).
// A dirty vertex is one that waits; what happens to it while it runs makes it wait once more.
// Invariant: a resource has at most one check or apply in flight, also across redefinitions.
//
// The parts: Board (who may run), Run (check and apply in a worker), Semaphores, Bucket (limits),
// Agenda (retries, polls, ticks), LineWatch (watch commands).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "report/report.h"
#include "sys/loop.h"
#include "sys/machine.h"
#include "sys/task.h"
#include "sys/watch.h"

namespace hansa {

// Wake-ups about keys of the store, for the kind `kv`.
class KeyWatcher {
 public:
    virtual ~KeyWatcher() = default;
    [[nodiscard]] virtual Held watch_key(const std::string& key, Action changed) = 0;
};

// Every reference must outlive the runner; loop, machine and store also every task that the
// runner began.
struct RunnerPorts {
    Loop& loop;
    Workers& workers;
    PathWatcher& watcher;
    Machine machine;
    Report& report;
    KeyValue* store = nullptr;  // null: standalone
    KeyWatcher* store_watch = nullptr;
};

struct RunnerOptions {
    bool noop = false;       // every resource as if it said meta.noop
    std::uint32_t sema = 0;  // at most so many at once; 0: no limit
    bool watch = true;       // false: run once, then only on changes of the graph
};

// Why the graph is not at rest, and what is wrong in it.
struct Standing {
    std::size_t running = 0;
    std::size_t due = 0;  // dirty and not blocked: waits for predecessors, semaphore, token
    std::size_t retrying = 0;
    std::size_t failed = 0;  // for good
    std::size_t blocked = 0;
    std::size_t missing = 0;  // collected resources that nobody exports
    bool at_rest() const { return running == 0 && due == 0 && retrying == 0; }
};

class Runner {
 public:
    // `graph` is read only and must outlive the runner. Nothing happens before adopt(). `moved`
    // is called (on the loop thread) whenever standing() or last_activity() may have changed.
    Runner(const Graph& graph, RunnerPorts ports, RunnerOptions options, Action moved);
    // What still runs is cancelled, and its end is nobody's business any longer.
    ~Runner();
    Runner(const Runner&) = delete;

    // The graph has changed as `delta` says. Untouched resources keep watch, state and history.
    // REQUIRES: every delta of the graph comes here, in order.
    void adopt(const Delta& delta);

    // Starts nothing more. `stopped` is called once, when nothing runs any longer.
    void stop(Action stopped);

    // After stop(): cancels what still runs; children get SIGTERM, then SIGKILL.
    void cancel();

    Standing standing() const;

    // The last change made or failed attempt (graph.md 3.6), at first the beginning; clean checks
    // do not count.
    Instant last_activity() const;

 private:
    class State;
    std::shared_ptr<State> state_;  // shared: results of workers may come after the runner's end
};

}  // namespace hansa
