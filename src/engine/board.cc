#include "engine/board.h"

#include <utility>

#include "base/check.h"

namespace hansa {

Board::Gate Board::gate_of(Phase phase) {
    switch (phase) {
        case Phase::settled:
        case Phase::yielding: return Gate::open;
        case Phase::waiting:
        case Phase::running:
        case Phase::retrying: return Gate::closed;
        case Phase::failed:
        case Phase::blocked:
        case Phase::missing: return Gate::stuck;
    }
    return Gate::closed;
}

void Board::begin(std::span<const Slot> added, std::span<const Slot> relinked) {
    if (cells_.size() < graph_.slot_count()) cells_.resize(graph_.slot_count());
    for (const auto& slots : {added, relinked}) {
        for (Slot slot : slots) {
            cells_[slot].recount = true;
            pending_.push_back(slot);
        }
    }
}

void Board::remove(Slot slot) {
    Cell& cell = cells_[slot];
    if (!cell.known) return;
    --counts_[static_cast<std::size_t>(cell.phase)];
    cell = Cell{};  // its successors have other predecessors now: they are counted anew
}

void Board::finish() {
    for (Slot slot : pending_) count_predecessors(slot);
    for (Slot slot : pending_) cells_[slot].recount = false;
    for (Slot slot : std::exchange(pending_, {})) weigh(slot);
    spread();
}

void Board::set(Slot slot, Phase phase) {
    Cell& cell = cells_[slot];
    if (!cell.known) {
        cell.known = true;
        cell.phase = phase;
        ++counts_[static_cast<std::size_t>(phase)];
        changed_.insert(slot);
        check(cell.recount, "a new vertex is placed while the graph changes");
        return;
    }
    if (phase == Phase::waiting && cell.stuck > 0) phase = Phase::blocked;
    change(slot, phase);
    spread();
}

bool Board::may_run(Slot slot) const {
    const Cell& cell = cells_[slot];
    return cell.known && cell.phase == Phase::waiting && cell.closed == 0;
}

std::optional<Slot> Board::obstacle(Slot slot) const {
    const Gate least = cells_[slot].stuck > 0 ? Gate::stuck : Gate::closed;
    for (const Link& link : graph_.at(slot).before)
        if (gate_of(cells_[link.other].phase) >= least) return link.other;
    return std::nullopt;
}

std::vector<Slot> Board::take_ready() {
    return std::exchange(ready_, {});
}

std::vector<Slot> Board::take_withheld() {
    return std::exchange(withheld_, {});
}

std::vector<Slot> Board::take_changed() {
    std::vector<Slot> changed = changed_.members();
    changed_.clear();
    return changed;
}

void Board::change(Slot slot, Phase phase) {
    Cell& cell = cells_[slot];
    const Gate from = gate_of(cell.phase);
    const Gate to = gate_of(phase);
    if (cell.phase != phase) {
        --counts_[static_cast<std::size_t>(cell.phase)];
        ++counts_[static_cast<std::size_t>(phase)];
        cell.phase = phase;
        changed_.insert(slot);
    }
    if (from != to) turns_.push_back({slot, from, to});
    if (may_run(slot) && !cell.recount) ready_.push_back(slot);
}

// Turns are worked off in the order in which they came about; a vertex may turn several times.
void Board::spread() {
    for (std::size_t next = 0; next < turns_.size(); ++next) {
        const Turn turn = turns_[next];
        for (const Link& link : graph_.at(turn.slot).after) count_turn(link.other, turn);
    }
    turns_.clear();
}

void Board::count_turn(Slot slot, const Turn& turn) {
    Cell& cell = cells_[slot];
    if (cell.recount || !cell.known) return;
    const std::uint32_t closed_before = cell.closed;
    if (turn.from != Gate::open) --cell.closed;
    if (turn.from == Gate::stuck) --cell.stuck;
    if (turn.to != Gate::open) ++cell.closed;
    if (turn.to == Gate::stuck) ++cell.stuck;
    if (closed_before == 0 && cell.closed > 0 && cell.phase == Phase::waiting)
        withheld_.push_back(slot);
    if ((closed_before == 0) != (cell.closed == 0) || cell.phase == Phase::blocked ||
        cell.stuck > 0)
        weigh(slot);
}

void Board::count_predecessors(Slot slot) {
    Cell& cell = cells_[slot];
    cell.closed = cell.stuck = 0;
    for (const Link& link : graph_.at(slot).before) {
        const Gate gate = gate_of(cells_[link.other].phase);
        if (gate != Gate::open) ++cell.closed;
        if (gate == Gate::stuck) ++cell.stuck;
    }
}

// A vertex that waits is blocked as long as something before it is stuck.
void Board::weigh(Slot slot) {
    const Cell& cell = cells_[slot];
    const bool waits = cell.phase == Phase::waiting || cell.phase == Phase::blocked;
    if (cell.known && waits) change(slot, cell.stuck > 0 ? Phase::blocked : Phase::waiting);
}

}  // namespace hansa
