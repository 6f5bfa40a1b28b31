// The one feed of events and the picture folded from it.
//
// Owned by Node. Loop thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "report/event.h"

namespace hansa {

struct ResourceReport {
    Phase phase = Phase::waiting;
    WallTime since;          // of the phase
    std::string detail;      // what it waits for
    std::string last_error;  // of the last failed attempt; cleared by success
    std::uint64_t runs = 0;
    std::uint64_t changes = 0;
    std::uint64_t failures = 0;
};

// A host that has ended, and whose exports are or were collected.
struct AbsentHost {
    happened::PeerTurned::State state = happened::PeerTurned::State::stale;
    WallTime since;  // when it was noticed
};

// Everything a person may ask about the agent, as of now.
struct Snapshot {
    happened::AgentStarted agent;
    WallTime started;
    happened::GraphAdopted graph;  // the last one, with the counts of now
    std::string refused_graph;     // errors of a newer version that is not enforced; else empty
    happened::StoreChanged store;
    std::unordered_map<std::string, ResourceReport> resources;  // from the first ResourcePhase on
    std::map<Phase, std::size_t> count_by_phase;    // phases that nobody is in are left out
    std::map<std::string, std::uint64_t> refusals;  // by cause
    std::map<std::string, AbsentHost> absent_hosts;
    std::map<std::string, happened::Judged> judged;  // what is collected: by "ID in PLACE"
    std::uint64_t runs = 0;
    std::uint64_t changes = 0;
    std::uint64_t redraws = 0;  // GraphAdopted and GraphAmended
    happened::AtRest rest{false, {}};
};

class Report {
 public:
    using Listener = std::function<void(const Event&, WallTime)>;

    // `clock` must outlive the report.
    explicit Report(const Clock& clock) : clock_(clock) {}
    Report(const Report&) = delete;

    // Folds, then calls every listener in the order they were added. A listener may publish: what
    // it says is folded and told once every listener has heard the present event.
    void publish(Event event);

    // Listeners live as long as the report.
    void listen(Listener listener) { listeners_.push_back(std::move(listener)); }

    const Snapshot& snapshot() const { return snapshot_; }

 private:
    const Clock& clock_;
    std::vector<Listener> listeners_;
    std::deque<Event> queue_;  // said while another event was being told
    bool publishing_ = false;
    Snapshot snapshot_;
};

// The fold itself, pure.
void fold(Snapshot& snapshot, const Event& event, WallTime time);

}  // namespace hansa
