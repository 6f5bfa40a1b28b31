#include "report/tally.h"

#include <algorithm>

namespace hansa {

namespace {

std::uint64_t nanoseconds(Duration duration) {
    return static_cast<std::uint64_t>(std::max(duration, Duration{0}).count());
}

struct Counter {
    Tally& tally;

    void operator()(const happened::ResourceRan& ran) const {
        ++tally.runs[ran.outcome];
        tally.run_ns += nanoseconds(ran.took);
    }
    void operator()(const happened::Published& published) const {
        ++tally.published;
        tally.records_written += published.written;
        tally.records_removed += published.removed;
        tally.publish_ns += nanoseconds(published.took);
    }
    void operator()(const happened::Collected& collected) const {
        ++tally.collected;
        tally.resources_collected = collected.resources;
        tally.collected_changes += collected.changed;
        tally.withdrawn += collected.withdrawn;
    }
    void operator()(const happened::StoreChanged& store) const {
        using State = happened::StoreChanged::State;
        const bool lost = store.state == State::away || store.state == State::read_only;
        if (lost && tally.store_is_there) ++tally.store_losses;
        tally.store_is_there = store.state == State::connected;
    }
    void operator()(const happened::GraphRefused&) const { ++tally.graphs_refused; }
    void operator()(const happened::Conflict&) const { ++tally.conflicts; }
    void operator()(const happened::Warned&) const { ++tally.warnings; }
    template <class T>
    void operator()(const T&) const {}  // the snapshot keeps it, or it is no figure
};

}  // namespace

void count(Tally& tally, const Event& event) {
    std::visit(Counter{tally}, event);
}

}  // namespace hansa
