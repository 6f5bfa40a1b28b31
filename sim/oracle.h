// Watches an engine at work and says where it breaks a promise of graph.md 3.
//
// Knows the graph, the clock and what a Witness sees; believes nothing that the engine reports,
// and compares that too. Promises: a vertex starts only when every predecessor is settled and not
// failed; it runs exactly once per dirtying; one run at a time; what waits below a failed one never
// runs; semaphores, limits and noop hold; at rest nothing is forgotten.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/runner.h"
#include "graph/graph.h"
#include "observe.h"
#include "report/report.h"

namespace hansa {

// What an oracle has seen so far.
struct OracleCounts {
    std::uint64_t runs = 0;
    std::uint64_t dirtyings = 0;
    std::uint64_t failures = 0;
    std::uint64_t retries = 0;
    std::uint64_t refreshes = 0;
    std::uint64_t rests = 0;
    std::uint64_t blocked = 0;  // vertices, at rests
};

class Oracle final : public Witness {
 public:
    explicit Oracle(const Clock& clock) : clock_(clock) {}

    // `graph` is read at every event; call follow() before the first one.
    void follow(const Graph& graph, RunnerOptions options);

    // The engine is about to adopt this change of the graph.
    void adopted(const Delta& delta);

    // The runner says that it is at rest: nothing may be forgotten, and its report must agree.
    void at_rest(const Standing& standing, const Snapshot& snapshot);

    // Every vertex that is not under meta.noop must have run well at last.
    void all_well();

    const std::vector<std::string>& violations() const { return violations_; }
    std::vector<std::string> log(std::size_t lines) const;  // the last ones
    const OracleCounts& counts() const { return counts_; }

    void handed_over(Ticket ticket) override;
    void check_began(const ResourceId& id, Ticket ticket) override;
    void check_ended(const ResourceId& id, Ticket ticket, bool ok) override;
    void apply_began(const ResourceId& id, Ticket ticket) override;
    void apply_ended(const ResourceId& id, Ticket ticket, bool ok) override;
    void work_ended(Ticket ticket) override;
    void work_told(Ticket ticket) override;
    void woken(const ResourceId& id) override;

 private:
    using Moment = std::uint64_t;  // the order of everything that is seen
    using Name = std::string;      // of a resource, as kind[name]

    struct Vertex {
        bool alive = false;
        Moment defined = 0;                  // when the present definition was adopted
        std::vector<Moment> dirty;           // dirtyings that no run has answered, oldest first
        std::optional<Instant> first_start;  // from here on polls are counted
        std::int64_t polls_answered = 0;
        std::uint64_t attempts_left = 0;
        std::uint64_t failures = 0;         // in a row
        std::optional<Instant> retry_from;  // a further attempt is due then
        std::uint64_t fruitless = 0;        // series of attempts in a row that all failed
        Instant calm_until;                 // until then wake-ups may wait
        std::optional<Instant> ended;       // the last run of the present definition
        Moment told = 0;                    // when the engine heard of that
        Ticket last = 0;                    // its ticket
        bool failed = false;                // so it ended
        Ticket running = 0;
        std::vector<Instant> applies;  // of the present definition
    };
    struct Run {
        Moment handed_over = 0;
        Instant handed_over_at;
        Name name;
        std::vector<SemaphoreUse> uses;  // unknown of a definition that is no longer
        Instant step_began;              // of the check or apply
        bool failed = false;
        bool changed = false;
        bool began = false;
    };

    void violated(const Name& name, const std::string& what);
    void note(const std::string& line);
    void dirty(const Name& name, const char* why);
    const hansa::Vertex* in_graph(const Name& name) const;
    std::int64_t polls(const Name& name, Instant until) const;
    bool is_dirty(const Name& name) const;
    void may_run(const Name& name, Vertex& vertex, const Run& run);
    void in_order(const Name& name, const Run& run, Ticket ticket);
    void semaphores_hold(const Run& run);
    void step_took(const Name& name, const Run& run);
    bool is_blocked(const Name& name) const;
    std::vector<Name> predecessors(const Name& name) const;

    const Clock& clock_;
    const Graph* graph_ = nullptr;
    RunnerOptions options_;
    Moment now_ = 0;
    Moment adopted_ = 0;  // the last change of the graph
    std::map<Name, Vertex> vertices_;
    std::map<Name, Slot> slots_;
    std::map<Ticket, Run> running_;
    std::vector<std::string> violations_;
    std::vector<std::string> log_;
    OracleCounts counts_;
};

}  // namespace hansa
