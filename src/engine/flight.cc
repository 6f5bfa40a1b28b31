// Runs: how they start, what becomes of their results.
#include <utility>

#include "base/text.h"
#include "engine/state.h"

namespace hansa {
void Runner::State::start(Slot slot) {
    Station& station = stations_[slot];
    arm(slot);
    const Vertex& now = vertex(slot);
    const auto run = std::make_shared<Run>(ports_.machine, now.resource);
    run->store = ports_.store;
    run->sensitive = now.meta.sensitive;
    if (!run->sensitive) run->speaker = speaker_;
    if (const auto cleared = now.resource->clears()) run->claimed = graph_.owned_below(*cleared);
    run->noop = options_.noop || now.meta.noop;
    run->timeout = now.meta.timeout;
    run->refresh = std::exchange(station.refresh, false);
    station.again = false;
    if (station.ticket == 0) station.ticket = next_ticket_++;
    const Ticket ticket = station.ticket;
    board_.set(slot, Phase::running);
    Flight& flight = flights_[ticket];
    flight.slot = slot;
    flight.run = run;
    flight.cancel = ports_.workers.run([run](Task& task) { perform(*run, task); },
                                       [weak = weak_from_this(), ticket] {
                                           if (const auto state = weak.lock()) state->land(ticket);
                                       });
    if (run->timeout > Milliseconds{0}) timeouts_.set_after(ticket, run->timeout);
}

// The task has come back.
void Runner::State::land(Ticket ticket) {
    const auto found = flights_.find(ticket);
    const Flight flight = std::move(found->second);
    flights_.erase(found);
    timeouts_.clear(ticket);
    release_semaphores(ticket);
    if (flight.left) {
        land_left(*flight.left);
    } else {
        stations_[flight.slot].ticket = 0;
        take_result(flight.slot, *flight.run);
    }
    turn();
}

// Its vertex has gone meanwhile; if it has come back as a new one, that one may start now.
void Runner::State::land_left(const InstanceId& id) {
    leaving_.erase(id);
    const std::optional<Slot> slot = graph_.find(id);
    if (!slot || !board_.knows(*slot)) return;
    Station& station = stations_[*slot];
    if (station.hold != Station::Hold::former) return;
    station.hold = Station::Hold::none;
    offer(*slot);
}

void Runner::State::take_result(Slot slot, Run& run) {
    Station& station = stations_[slot];
    if (station.has_token && station.bucket && !run.applied) station.bucket->put_back();
    station.has_token = false;

    const bool cut_off = stopping_ && run.error && run.error->code == Code::cancelled;
    if (cut_off) {
        station.refresh |= run.refresh;
        if (station.obsolete) return begin_afresh(slot);
        return board_.set(slot, Phase::waiting);
    }
    happened::ResourceRan told;
    told.id = station.name;
    told.outcome = run.outcome;
    told.attempt = station.failures + 1;
    told.refreshed = run.refresh;
    told.took = run.took;
    told.error = shown_error(run);
    if (station.obsolete)
        superseded(slot, run);
    else if (run.outcome == Outcome::failed)
        failed(slot, run, told);
    else
        succeeded(slot, run);
    if (run.outcome == Outcome::changed || run.outcome == Outcome::would_change)
        told.changes = shown_changes(run);
    ports_.report.publish(std::move(told));
}

void Runner::State::failed(Slot slot, Run& run, happened::ResourceRan& told) {
    Station& station = stations_[slot];
    ++station.failures;
    station.refresh |= run.refresh;
    was_active();
    told.retry_in = next_attempt(vertex(slot).meta, station.failures);
    if (told.retry_in) {
        board_.set(slot, Phase::retrying);
        if (!stopping_) agenda_.set_after(key(slot, What::retry), *told.retry_in);
        return;
    }
    board_.set(slot, Phase::failed);
    station.calm_until = ports_.loop.clock().now() + calm_after(++station.fruitless);
    if (station.again) dirty(slot);
}

void Runner::State::succeeded(Slot slot, const Run& run) {
    Station& station = stations_[slot];
    station.failures = station.fruitless = 0;
    pass_on(slot, run);
    board_.set(slot, Phase::settled);
    if (station.again) dirty(slot);
}

// The definition it ran by is no longer; what it did to the machine was done all the same, and
// the next run may find nothing left to change.
void Runner::State::superseded(Slot slot, const Run& run) {
    if (run.outcome == Outcome::failed) {
        stations_[slot].refresh |= run.refresh;
        was_active();
    } else {
        pass_on(slot, run);
    }
    begin_afresh(slot);
}

// A change is activity, and those who asked for notice get it.
void Runner::State::pass_on(Slot slot, const Run& run) {
    const bool changed = run.outcome == Outcome::changed;
    if (changed) was_active();
    const bool ticked = run.refresh && run.resource->always_notifies() && !run.noop;
    if (!changed && !ticked) return;
    for (const Link& link : vertex(slot).after)
        if (link.notify) refresh(link.other);
}

// The deadline counts from the moment at which a worker began to check or to apply.
void Runner::State::overdue(Ticket ticket) {
    const auto found = flights_.find(ticket);
    if (found == flights_.end()) return;
    const Run& run = *found->second.run;
    const std::int64_t began = run.began;
    if (began == Run::called_off) return;
    if (began == Run::queued) return timeouts_.set_after(ticket, run.timeout);
    const Instant deadline = Instant{Nanoseconds{began}} + run.timeout;
    if (ports_.loop.clock().now() < deadline) return timeouts_.set(ticket, deadline);
    found->second.cancel->cancel();
}

}  // namespace hansa
