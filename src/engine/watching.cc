// Wake-ups: why a vertex is looked at again.
#include <variant>

#include "engine/state.h"

namespace hansa {
namespace {

// For what cannot be watched.
constexpr Duration poll_instead = Seconds{60};

}  // namespace

// Before the first check, so that no change falls between the two.
void Runner::State::arm(Slot slot) {
    Station& station = stations_[slot];
    if (station.armed || !options_.watch) return;
    station.armed = true;
    const Vertex& now = vertex(slot);
    station.poll = now.meta.poll;
    for (const Watch& wanted : now.resource->watches()) {
        const bool clock = std::holds_alternative<WatchTicks>(wanted);
        if (clock || now.meta.poll == Seconds{0})
            std::visit([this, slot](const auto& way) { watch(slot, way); }, wanted);
    }
    if (station.poll > Duration{0}) agenda_.set_after(key(slot, What::poll), station.poll);
}

void Runner::State::wake(Slot slot) {
    dirty(slot);
    turn();
}

void Runner::State::watch(Slot slot, const WatchPath& path) {
    auto held = ports_.watcher.watch(path.path, path.depth, [this, slot] { wake(slot); });
    Station& station = stations_[slot];
    if (held) {
        station.watches.push_back(std::move(*held));
        return;
    }
    station.poll = poll_instead;
    const bool limit = held.error().code == Code::unavailable;
    if (limit && told_limit_) return;
    told_limit_ |= limit;
    ports_.report.publish(happened::Warned{
        station.name + ": " + held.error().text + "; looked at every " + readable(poll_instead) +
        " instead" + (limit ? ", as is all else that cannot be watched" : "")});
}

void Runner::State::watch(Slot slot, const WatchLines& lines) {
    stations_[slot].commands.push_back(std::make_unique<LineWatch>(
        LineWatch::Ports{ports_.loop, ports_.machine.processes}, lines.command,
        LineWatch::Events{.on_line = [this, slot] { wake(slot); },
                          .on_trouble =
                              [this, slot](const std::string& what) {
                                  ports_.report.publish(happened::Warned{
                                      stations_[slot].name + ": watch command: " + what});
                                  turn();
                              }}));
}

void Runner::State::watch(Slot slot, const WatchTicks& ticks) {
    if (ticks.interval <= Duration{0}) return;
    Station& station = stations_[slot];
    station.tick = ticks.interval;
    station.next_tick = ports_.loop.clock().now() + ticks.interval;
    agenda_.set(key(slot, What::tick), station.next_tick);
}

void Runner::State::watch(Slot slot, const WatchKey& wanted) {
    if (!ports_.store_watch) return;
    stations_[slot].watches.push_back(
        ports_.store_watch->watch_key(wanted.key, [this, slot] { wake(slot); }));
}

void Runner::State::due(Agenda::Key appointment) {
    const Slot slot = static_cast<Slot>(appointment / 4);
    Station& station = stations_[slot];
    switch (static_cast<What>(appointment % 4)) {
        case What::retry:
            if (board_.phase(slot) == Phase::failed) dirty(slot);
            if (board_.phase(slot) == Phase::retrying) board_.set(slot, Phase::waiting);
            break;
        case What::token:
            station.hold = Station::Hold::none;
            offer(slot);
            break;
        case What::poll:
            dirty(slot);
            agenda_.set_after(appointment, station.poll);
            break;
        case What::tick: ticked(slot); break;
    }
}

// Ticks keep their rhythm; those that were slept through are left out.
void Runner::State::ticked(Slot slot) {
    Station& station = stations_[slot];
    const Instant now = ports_.loop.clock().now();
    station.next_tick += station.tick;
    if (station.next_tick <= now) station.next_tick = now + station.tick;
    agenda_.set(key(slot, What::tick), station.next_tick);
    refresh(slot);
}

}  // namespace hansa
