// Who starts now, and what is told about it.
#include <utility>

#include "base/text.h"
#include "engine/state.h"

namespace hansa {

void Runner::State::turn() {
    if (std::exchange(turning_, true)) {
        turn_again_ = true;
        return;
    }
    do {
        turn_again_ = false;
        start_ready();
        announce();
        moved_();
    } while (turn_again_);
    turning_ = false;
    if (stopping_) finish_stopping();
}

void Runner::State::start_ready() {
    for (bool more = true; more;) {
        const std::vector<Slot> withheld = board_.take_withheld();
        const std::vector<Slot> ready = board_.take_ready();
        const std::vector<Ticket> granted = std::exchange(granted_, {});
        more = !withheld.empty() || !ready.empty() || !granted.empty();
        for (Slot slot : withheld)
            if (board_.knows(slot) && !board_.may_run(slot)) withdraw(slot);
        for (Ticket ticket : granted) use_grant(ticket);
        for (Slot slot : ready) offer(slot);
    }
}

// Starts the vertex unless it has to wait for a token or a semaphore; then whoever has one for it
// comes back to it.
void Runner::State::offer(Slot slot) {
    if (stopping_ || !board_.may_run(slot) || stations_[slot].hold != Station::Hold::none) return;
    if (take_token(slot) && take_semaphores(slot)) start(slot);
}

// A token is taken before the check, since check and apply are one task, and given back when
// there was nothing to apply.
bool Runner::State::take_token(Slot slot) {
    Station& station = stations_[slot];
    if (!station.bucket || station.has_token) return true;
    const std::optional<Instant> later = station.bucket->take(ports_.loop.clock().now());
    if (later) {
        station.hold = Station::Hold::token;
        agenda_.set(key(slot, What::token), *later);
        return false;
    }
    station.has_token = true;
    return true;
}

bool Runner::State::take_semaphores(Slot slot) {
    Station& station = stations_[slot];
    std::vector<SemaphoreUse> uses = vertex(slot).meta.sema;
    if (options_.sema > 0) uses.push_back({{}, options_.sema});
    if (uses.empty()) return true;
    station.ticket = next_ticket_++;
    if (semaphores_.request(station.ticket, std::move(uses))) return true;
    station.hold = Station::Hold::semaphore;
    queued_[station.ticket] = slot;
    return false;
}

void Runner::State::use_grant(Ticket ticket) {
    const auto found = queued_.find(ticket);
    if (found == queued_.end()) return;
    const Slot slot = found->second;
    if (stopping_ || !board_.may_run(slot)) return withdraw(slot);
    queued_.erase(found);
    stations_[slot].hold = Station::Hold::none;
    start(slot);
}

// Leaves every queue; somebody else may need what it held.
void Runner::State::withdraw(Slot slot) {
    Station& station = stations_[slot];
    if (station.hold == Station::Hold::semaphore) {
        queued_.erase(station.ticket);
        release_semaphores(station.ticket);
        station.ticket = 0;
    }
    if (station.hold == Station::Hold::token) agenda_.clear(key(slot, What::token));
    if (station.has_token && station.bucket) station.bucket->put_back();
    station.has_token = false;
    // A former run is still under way whatever else changes; its end lifts that hold.
    if (station.hold != Station::Hold::former) station.hold = Station::Hold::none;
}

void Runner::State::release_semaphores(Ticket ticket) {
    const std::vector<Ticket> complete = semaphores_.release(ticket);
    granted_.insert(granted_.end(), complete.begin(), complete.end());
}

// It may no longer be as declared. While it runs that makes it run once more, while it waits
// nothing; a vertex that is retrying keeps its pause.
void Runner::State::dirty(Slot slot) {
    Station& station = stations_[slot];
    switch (board_.phase(slot)) {
        case Phase::running: station.again = true; break;
        case Phase::failed:
            if (ports_.loop.clock().now() < station.calm_until)
                return agenda_.set(key(slot, What::retry), station.calm_until);
            [[fallthrough]];
        case Phase::settled:
            station.failures = 0;
            board_.set(slot, Phase::waiting);
            break;
        case Phase::waiting:
        case Phase::retrying:
        case Phase::blocked:
        case Phase::missing:
        case Phase::yielding: break;
    }
}

void Runner::State::refresh(Slot slot) {
    stations_[slot].refresh = true;
    dirty(slot);
}

// Only what differs from the last word is told: a vertex that waits and starts in one turn is
// just running.
void Runner::State::announce() {
    for (Slot slot : board_.take_changed()) {
        if (!board_.knows(slot)) continue;
        Station& station = stations_[slot];
        const Phase phase = board_.phase(slot);
        if (station.announced == phase) continue;
        station.announced = phase;
        ports_.report.publish(happened::ResourcePhase{station.name, phase, detail(slot)});
    }
}

std::string Runner::State::detail(Slot slot) const {
    const Station& station = stations_[slot];
    switch (board_.phase(slot)) {
        case Phase::waiting:
        case Phase::blocked: return obstacle(slot);
        case Phase::retrying: return "attempt " + std::to_string(station.failures + 1);
        case Phase::missing: return "exported by nobody";
        case Phase::yielding: return "to " + stations_[*vertex(slot).yields_to].name;
        case Phase::running:
        case Phase::settled:
        case Phase::failed: return {};
    }
    return {};
}

// What stands between a waiting vertex and its run.
std::string Runner::State::obstacle(Slot slot) const {
    const Station& station = stations_[slot];
    if (station.hold == Station::Hold::token) return "its limit";
    if (station.hold == Station::Hold::former) return "the end of its former run";
    if (station.hold == Station::Hold::semaphore) {
        const std::string name = semaphores_.awaited(station.ticket);
        return name.empty() ? "the limit of all" : "semaphore " + printable(name);
    }
    const std::optional<Slot> first = board_.obstacle(slot);
    if (!first) return {};
    std::string text = stations_[*first].name;
    if (board_.phase(slot) == Phase::blocked)
        return text + " is " + std::string(name_of(board_.phase(*first)));
    if (board_.obstacles(slot) > 1)
        text += " and " + std::to_string(board_.obstacles(slot) - 1) + " more";
    return text;
}

}  // namespace hansa
