#include "engine/runner.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "engine/state.h"

namespace hansa {
namespace {

// Lines come from workers and are told on the loop.
class Teller final : public Speaker {
 public:
    Teller(Loop& loop, std::weak_ptr<Report*> report) : loop_(loop), report_(std::move(report)) {}

    void say(const std::string& line) override {
        loop_.post([report = report_, line] {
            if (const auto alive = report.lock())
                (*alive)->publish(happened::Spoke{printable_lines(line)});
        });
    }

 private:
    Loop& loop_;
    std::weak_ptr<Report*> report_;
};

}  // namespace

Runner::State::State(const Graph& graph, RunnerPorts ports, RunnerOptions options, Action moved)
    : graph_(graph),
      ports_(ports),
      options_(options),
      moved_(std::move(moved)),
      report_(std::make_shared<Report*>(&ports.report)),
      speaker_(std::make_shared<Teller>(ports.loop, report_)),
      board_(graph),
      agenda_(
          ports.loop, [this](Agenda::Key key) { due(key); }, [this] { turn(); }),
      timeouts_(
          ports.loop, [this](Agenda::Key ticket) { overdue(ticket); }, [] {}),
      last_activity_(ports.loop.clock().now()) {}

void Runner::State::adopt(const Delta& delta) {
    while (stations_.size() < graph_.slot_count()) stations_.emplace_back();
    for (Slot slot : delta.removed) leave(slot);
    board_.begin(delta.added, delta.relinked);
    for (Slot slot : delta.added) enter(slot);
    board_.finish();
    turn();
}

// A vertex that is new, or is another one than before.
void Runner::State::enter(Slot slot) {
    Station& station = stations_[slot];
    const std::string name = vertex(slot).id.text();
    if (station.announced && station.name != name) {
        ports_.report.publish(happened::ResourceGone{station.name});
        station.announced.reset();
    }
    station.name = name;
    disarm(station, slot);
    withdraw(slot);
    station.bucket.reset();
    station.failures = station.fruitless = 0;
    station.calm_until = {};
    if (board_.knows(slot) && board_.phase(slot) == Phase::running)
        station.obsolete = true;  // begins afresh when that run has ended
    else
        begin_afresh(slot);
}

void Runner::State::begin_afresh(Slot slot) {
    Station& station = stations_[slot];
    const Vertex& now = vertex(slot);
    station.obsolete = station.again = false;
    if (!now.resource || now.yields_to) {
        station.refresh = false;
        return board_.set(slot, now.resource ? Phase::yielding : Phase::missing);
    }
    if (now.meta.limit > 0)
        station.bucket = std::make_unique<Bucket>(now.meta.limit, std::max(1u, now.meta.burst),
                                                  ports_.loop.clock().now());
    if (leaving_.contains(now.id)) station.hold = Station::Hold::former;
    board_.set(slot, Phase::waiting);
}

void Runner::State::leave(Slot slot) {
    Station& station = stations_[slot];
    if (!board_.knows(slot)) return;
    disarm(station, slot);
    withdraw(slot);
    if (const auto flight = flights_.find(station.ticket); flight != flights_.end()) {
        flight->second.left = vertex(slot).id;
        leaving_[vertex(slot).id] = station.ticket;
    }
    if (station.announced) ports_.report.publish(happened::ResourceGone{station.name});
    board_.remove(slot);
    station = Station{};
}

void Runner::State::disarm(Station& station, Slot slot) {
    station.watches.clear();
    station.commands.clear();
    station.tick = Duration{0};
    station.armed = false;
    for (What what : {What::retry, What::token, What::poll, What::tick})
        agenda_.clear(key(slot, what));
}

void Runner::State::stop(Action stopped) {
    stopping_ = true;
    stopped_ = std::move(stopped);
    for (Slot slot = 0; slot < stations_.size(); ++slot) disarm(stations_[slot], slot);
    agenda_.clear_all();
    for (auto& [ticket, flight] : flights_) flight.run->call_off();
    ports_.loop.post([weak = weak_from_this()] {
        if (const auto state = weak.lock()) state->finish_stopping();
    });
}

void Runner::State::finish_stopping() {
    if (!stopping_ || !stopped_ || !flights_.empty()) return;
    std::exchange(stopped_, nullptr)();
}

void Runner::State::cancel() {
    for (auto& [ticket, flight] : flights_) flight.cancel->cancel();
}

Standing Runner::State::standing() const {
    Standing standing;
    standing.running = flights_.size();
    standing.due = board_.count(Phase::waiting);
    standing.retrying = board_.count(Phase::retrying);
    standing.failed = board_.count(Phase::failed);
    standing.blocked = board_.count(Phase::blocked);
    standing.missing = board_.count(Phase::missing);
    return standing;
}

Runner::Runner(const Graph& graph, RunnerPorts ports, RunnerOptions options, Action moved)
    : state_(std::make_shared<State>(graph, ports, options, std::move(moved))) {}

Runner::~Runner() {
    state_->cancel();
}

void Runner::adopt(const Delta& delta) {
    state_->adopt(delta);
}

void Runner::stop(Action stopped) {
    state_->stop(std::move(stopped));
}

void Runner::cancel() {
    state_->cancel();
}

Standing Runner::standing() const {
    return state_->standing();
}

Instant Runner::last_activity() const {
    return state_->last_activity();
}

}  // namespace hansa
