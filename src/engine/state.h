// The inside of a Runner. See runner.h for what it does and for the parts.
//
// Every entry (a wake-up, a result, an appointment, a new graph) notes what has changed and then
// calls turn(), which starts what may run and tells what is news. runner.cc: graphs and the end;
// turn.cc: who starts; flight.cc: runs and their results; watching.cc: wake-ups.
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/agenda.h"
#include "engine/board.h"
#include "engine/run.h"
#include "engine/runner.h"
#include "engine/semaphores.h"
#include "engine/station.h"

namespace hansa {

class Runner::State : public std::enable_shared_from_this<Runner::State> {
 public:
    State(const Graph& graph, RunnerPorts ports, RunnerOptions options, Action moved);

    void adopt(const Delta& delta);
    void stop(Action stopped);
    void cancel();
    Standing standing() const;
    Instant last_activity() const { return last_activity_; }

 private:
    // Appointments of one slot.
    enum class What : std::uint8_t { retry, token, poll, tick };

    // A run whose task has not come back.
    struct Flight {
        Slot slot;
        std::shared_ptr<Run> run;  // shared with the task
        std::shared_ptr<Cancel> cancel;
        std::optional<InstanceId> left;  // its vertex has gone
    };

    // runner.cc
    void enter(Slot slot);
    void begin_afresh(Slot slot);
    void leave(Slot slot);
    void disarm(Station& station, Slot slot);
    void finish_stopping();

    // turn.cc
    void turn();
    void start_ready();
    void offer(Slot slot);
    bool take_token(Slot slot);
    bool take_semaphores(Slot slot);
    void use_grant(Ticket ticket);
    void withdraw(Slot slot);
    void release_semaphores(Ticket ticket);
    void dirty(Slot slot);
    void refresh(Slot slot);
    void announce();
    std::string detail(Slot slot) const;
    std::string obstacle(Slot slot) const;

    // flight.cc
    void start(Slot slot);
    void land(Ticket ticket);
    void land_left(const InstanceId& id);
    void take_result(Slot slot, Run& run);
    void failed(Slot slot, Run& run, happened::ResourceRan& told);
    void succeeded(Slot slot, const Run& run);
    void superseded(Slot slot, const Run& run);
    void pass_on(Slot slot, const Run& run);
    void overdue(Ticket ticket);

    // watching.cc
    void arm(Slot slot);
    void wake(Slot slot);
    void watch(Slot slot, const WatchPath& path);
    void watch(Slot slot, const WatchLines& lines);
    void watch(Slot slot, const WatchTicks& ticks);
    void watch(Slot slot, const WatchKey& key);
    void due(Agenda::Key key);
    void ticked(Slot slot);

    const Vertex& vertex(Slot slot) const { return graph_.at(slot); }
    static Agenda::Key key(Slot slot, What what) {
        return Agenda::Key{slot} * 4 + static_cast<Agenda::Key>(what);
    }
    void was_active() { last_activity_ = ports_.loop.clock().now(); }

    const Graph& graph_;
    const RunnerPorts ports_;
    const RunnerOptions options_;
    const Action moved_;
    const std::shared_ptr<Report*> report_;   // shared: gone when the runner is
    const std::shared_ptr<Speaker> speaker_;  // shared with runs
    Board board_;
    Semaphores semaphores_;
    Agenda agenda_;                 // by slot and What
    Agenda timeouts_;               // by ticket
    std::deque<Station> stations_;  // by slot
    std::unordered_map<Ticket, Flight> flights_;
    std::unordered_map<Ticket, Slot> queued_;         // those that wait for semaphores
    std::unordered_map<InstanceId, Ticket> leaving_;  // flights whose vertex has gone
    std::vector<Ticket> granted_;                     // have their semaphores now
    Ticket next_ticket_ = 1;
    Instant last_activity_;
    bool turning_ = false;
    bool turn_again_ = false;
    bool stopping_ = false;
    bool told_limit_ = false;  // of watches
    Action stopped_;
};

}  // namespace hansa
