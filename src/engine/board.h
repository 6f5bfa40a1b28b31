// The Board knows in which phase every vertex is and who has to wait for whom.
//
// Pure: no ports, no time. A vertex may run when it waits and nothing before it is closed. Changes
// spread to successors at the cost of their links, without recursion, and only as far as they
// matter: a vertex that failed makes its waiting descendants blocked, and free again.
//
//     open    settled or yielding: successors may go
//     closed  waiting, running, retrying: successors wait
//     stuck   failed, missing, blocked: successors wait, and nothing is under way that would help
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.h"
#include "graph/slot_set.h"
#include "report/event.h"

namespace hansa {

class Board {
 public:
    explicit Board(const Graph& graph) : graph_(graph) {}

    // The graph has changed. Between begin() and finish() the vertices of the delta are placed and
    // removed; `relinked` and `added` have other predecessors than before.
    void begin(std::span<const Slot> added, std::span<const Slot> relinked);
    void remove(Slot slot);
    void finish();

    // `waiting` becomes `blocked` by itself where something before the vertex is stuck, and back.
    void set(Slot slot, Phase phase);

    Phase phase(Slot slot) const { return cells_[slot].phase; }
    bool knows(Slot slot) const { return slot < cells_.size() && cells_[slot].known; }
    bool may_run(Slot slot) const;
    std::size_t count(Phase phase) const { return counts_[static_cast<std::size_t>(phase)]; }

    // The first predecessor that keeps the vertex from running, or nothing.
    std::optional<Slot> obstacle(Slot slot) const;
    std::size_t obstacles(Slot slot) const { return cells_[slot].closed; }

    // What has happened since the last call. May be out of date: ask may_run() and phase().
    std::vector<Slot> take_ready();     // became free to run
    std::vector<Slot> take_withheld();  // were free to run and are no longer
    std::vector<Slot> take_changed();   // are in another phase

 private:
    enum class Gate : std::uint8_t { open, closed, stuck };

    struct Cell {
        std::uint32_t closed = 0;  // predecessors whose gate is not open
        std::uint32_t stuck = 0;   // those of them that are stuck
        Phase phase = Phase::waiting;
        bool known = false;
        bool recount = false;  // counts are made anew at finish()
    };
    struct Turn {  // of a gate
        Slot slot;
        Gate from;
        Gate to;
    };

    static Gate gate_of(Phase phase);
    void change(Slot slot, Phase phase);
    void spread();
    void count_turn(Slot slot, const Turn& turn);
    void count_predecessors(Slot slot);
    void weigh(Slot slot);

    const Graph& graph_;
    std::vector<Cell> cells_;
    std::array<std::size_t, 8> counts_{};
    std::vector<Turn> turns_;
    std::vector<Slot> pending_;
    std::vector<Slot> ready_;
    std::vector<Slot> withheld_;
    SlotSet changed_;
};

}  // namespace hansa
