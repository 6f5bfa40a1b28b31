#include "report/report.h"

#include <utility>

namespace hansa {
namespace {

// Changes one snapshot by one event; an overload per event that the picture shows.
class Folder {
 public:
    Folder(Snapshot& snapshot, WallTime time) : snapshot_(snapshot), time_(time) {}

    void operator()(const happened::AgentStarted& event) {
        snapshot_.agent = event;
        snapshot_.started = time_;
    }

    void operator()(const happened::GraphAdopted& event) {
        snapshot_.graph = event;
        snapshot_.refused_graph.clear();
        ++snapshot_.redraws;
    }

    void operator()(const happened::GraphAmended& event) {
        snapshot_.graph.resources = event.resources;
        snapshot_.graph.edges = event.edges;
        ++snapshot_.redraws;
    }

    void operator()(const happened::GraphRefused& event) { snapshot_.refused_graph = event.errors; }

    void operator()(const happened::ResourcePhase& event) {
        auto [found, is_new] = snapshot_.resources.try_emplace(event.id);
        ResourceReport& resource = found->second;
        if (is_new || resource.phase != event.phase) {
            if (!is_new) uncount(resource.phase);
            ++snapshot_.count_by_phase[event.phase];
            resource.phase = event.phase;
            resource.since = time_;
        }
        resource.detail = event.detail;
    }

    void operator()(const happened::ResourceGone& event) {
        auto found = snapshot_.resources.find(event.id);
        if (found == snapshot_.resources.end()) return;
        uncount(found->second.phase);
        snapshot_.resources.erase(found);
    }

    void operator()(const happened::ResourceRan& event) {
        const bool changed = event.outcome == Outcome::changed;
        ++snapshot_.runs;
        if (changed) ++snapshot_.changes;
        // A run that ends after its resource has left the graph must not bring it back.
        auto found = snapshot_.resources.find(event.id);
        if (found == snapshot_.resources.end()) return;
        ResourceReport& resource = found->second;
        ++resource.runs;
        if (changed) ++resource.changes;
        if (event.outcome == Outcome::failed) ++resource.failures;
        resource.last_error = event.error;
    }

    void operator()(const happened::StoreChanged& event) { snapshot_.store = event; }

    void operator()(const happened::PeerTurned& event) {
        using State = happened::PeerTurned::State;
        if (event.state == State::back || event.state == State::forgotten)
            snapshot_.absent_hosts.erase(event.host);
        else
            snapshot_.absent_hosts.try_emplace(event.host, AbsentHost{event.state, time_})
                .first->second.state = event.state;
    }

    void operator()(const happened::Refused& event) { ++snapshot_.refusals[event.cause]; }

    void operator()(const happened::Judged& event) {
        const std::string key = event.id + " in " + event.place;
        if (event.verdict == happened::Judged::Verdict::gone)
            snapshot_.judged.erase(key);
        else
            snapshot_.judged.insert_or_assign(key, event);
    }

    void operator()(const happened::AtRest& event) { snapshot_.rest = event; }

    // What is told as it happens and leaves no mark on the picture.
    void operator()(const happened::Published&) {}
    void operator()(const happened::Collected&) {}
    void operator()(const happened::Conflict&) {}
    void operator()(const happened::Warned&) {}
    void operator()(const happened::Noted&) {}
    void operator()(const happened::Spoke&) {}
    void operator()(const happened::Converged&) {}
    void operator()(const happened::Fatal&) {}
    void operator()(const happened::Stopping&) {}
    void operator()(const happened::Stopped&) {}

 private:
    void uncount(Phase phase) {
        auto found = snapshot_.count_by_phase.find(phase);
        if (--found->second == 0) snapshot_.count_by_phase.erase(found);
    }

    Snapshot& snapshot_;
    WallTime time_;
};

}  // namespace

std::string_view happened::name_of(Judged::Verdict verdict) {
    switch (verdict) {
        case Judged::Verdict::allowed: return "allowed";
        case Judged::Verdict::quarantined: return "quarantined";
        case Judged::Verdict::denied: return "denied";
        case Judged::Verdict::refused: return "refused";
        case Judged::Verdict::gone: return "gone";
    }
    return "unknown";
}

std::string_view name_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::unchanged: return "unchanged";
        case Outcome::changed: return "changed";
        case Outcome::would_change: return "would_change";
        case Outcome::failed: return "failed";
    }
    return "unknown";
}

std::string_view name_of(Phase phase) {
    switch (phase) {
        case Phase::waiting: return "waiting";
        case Phase::running: return "running";
        case Phase::settled: return "settled";
        case Phase::retrying: return "retrying";
        case Phase::failed: return "failed";
        case Phase::blocked: return "blocked";
        case Phase::missing: return "missing";
        case Phase::yielding: return "yielding";
    }
    return "unknown";
}

void fold(Snapshot& snapshot, const Event& event, WallTime time) {
    std::visit(Folder{snapshot, time}, event);
}

void Report::publish(Event event) {
    queue_.push_back(std::move(event));
    if (publishing_) return;  // a listener speaks: the outer call delivers it next
    publishing_ = true;
    while (!queue_.empty()) {
        const Event next = std::move(queue_.front());
        queue_.pop_front();
        const WallTime time = clock_.wall();
        fold(snapshot_, next, time);
        for (std::size_t i = 0; i < listeners_.size(); ++i) listeners_[i](next, time);
    }
    publishing_ = false;
}

}  // namespace hansa
