#include "report/json.h"

#include <algorithm>
#include <cstdio>

#include "base/text.h"

namespace hansa {

namespace {

using namespace happened;

const char* name_of_state(StoreChanged::State state) {
    switch (state) {
        case StoreChanged::State::standalone: return "standalone";
        case StoreChanged::State::starting: return "starting";
        case StoreChanged::State::connected: return "connected";
        case StoreChanged::State::read_only: return "read-only";
        case StoreChanged::State::away: return "away";
    }
    return "away";
}

const char* name_of_state(PeerTurned::State state) {
    switch (state) {
        case PeerTurned::State::stale: return "stale";
        case PeerTurned::State::expired: return "expired";
        case PeerTurned::State::back: return "back";
        case PeerTurned::State::forgotten: return "forgotten";
    }
    return "stale";
}

// One overload an event; the map already holds the time.
struct Filler {
    MapBuilder& map;

    void operator()(const AgentStarted& event) {
        map.text("event", "agent_started").text("version", event.version).text("host", event.host);
        map.text("graph_file", event.graph_file).text("store", event.store);
        map.number("pid", static_cast<std::uint64_t>(event.pid));
    }
    void operator()(const GraphAdopted& event) {
        map.text("event", "graph_adopted").text("name", event.name);
        map.number("resources", event.resources).number("edges", event.edges);
        map.number("added", event.added).number("removed", event.removed);
        map.truth("first", event.first).milliseconds("took_ms", event.took);
    }
    void operator()(const GraphAmended& event) {
        map.text("event", "graph_amended");
        map.number("resources", event.resources).number("edges", event.edges);
        map.number("added", event.added).number("removed", event.removed);
        map.milliseconds("took_ms", event.took);
    }
    void operator()(const GraphRefused& event) {
        map.text("event", "graph_refused").text("errors", event.errors);
    }
    void operator()(const ResourcePhase& event) {
        map.text("event", "resource_phase").text("id", event.id);
        map.text("phase", std::string(name_of(event.phase))).text("detail", event.detail);
    }
    void operator()(const ResourceGone& event) {
        map.text("event", "resource_gone").text("id", event.id);
    }
    void operator()(const ResourceRan& event) {
        map.text("event", "resource_ran").text("id", event.id);
        map.text("outcome", std::string(name_of(event.outcome)));
        Value::List changes;
        for (const ShownChange& change : event.changes) {
            MapBuilder entry;
            entry.text("field", change.field).text("from", change.from).text("to", change.to);
            changes.push_back(entry.build());
        }
        map.add("changes", Value::of_list(std::move(changes)));
        if (!event.error.empty()) map.text("error", event.error);
        if (event.retry_in) map.milliseconds("retry_in_ms", *event.retry_in);
        map.number("attempt", event.attempt).truth("refreshed", event.refreshed);
        map.milliseconds("took_ms", event.took);
    }
    void operator()(const StoreChanged& event) {
        map.text("event", "store_changed").text("state", name_of_state(event.state));
        map.text("detail", event.detail);
        if (event.state == StoreChanged::State::read_only) map.text("since", iso8601(event.since));
    }
    void operator()(const Published& event) {
        map.text("event", "published").number("exports", event.exports);
        map.number("written", event.written).number("removed", event.removed);
        map.milliseconds("took_ms", event.took);
    }
    void operator()(const Collected& event) {
        map.text("event", "collected").number("resources", event.resources);
        map.number("changed", event.changed).number("withdrawn", event.withdrawn);
    }
    void operator()(const PeerTurned& event) {
        map.text("event", "peer_turned").text("host", event.host);
        map.text("state", name_of_state(event.state)).milliseconds("grace_ms", event.grace);
    }
    void operator()(const Conflict& event) {
        map.text("event", "conflict").text("loser", event.loser).text("keeper", event.keeper);
        map.text("thing", event.thing);
    }
    void operator()(const Refused& event) {
        map.text("event", "refused").text("cause", event.cause).text("text", event.text);
        if (!event.exporter.empty()) map.text("exporter", event.exporter);
    }
    void operator()(const Judged& event) {
        map.text("event", "judged").text("verdict", std::string(name_of(event.verdict)));
        map.text("id", event.id).text("place", event.place).text("exporter", event.exporter);
        map.text("uuid", event.uuid).text("key", event.key);
        map.text("rule", event.rule).text("why", event.why);
    }
    void operator()(const Warned& event) { map.text("event", "warned").text("text", event.text); }
    void operator()(const Noted& event) { map.text("event", "noted").text("text", event.text); }
    void operator()(const Spoke& event) { map.text("event", "spoke").text("line", event.line); }
    void operator()(const AtRest& event) {
        map.text("event", "at_rest").truth("resting", event.resting);
        map.text("waiting_for", event.waiting_for);
    }
    void operator()(const Converged& event) {
        map.text("event", "converged");
        map.number("quiet_s", static_cast<std::uint64_t>(event.quiet.count()));
    }
    void operator()(const Fatal& event) { map.text("event", "fatal").text("text", event.text); }
    void operator()(const Stopping& event) {
        map.text("event", "stopping").text("why", event.why);
        map.number("signals", static_cast<std::uint64_t>(event.signals));
    }
    void operator()(const Stopped& event) {
        map.text("event", "stopped");
        map.number("exit_code", static_cast<std::uint64_t>(event.exit_code));
    }
};

Value resource_value(const std::string& id, const ResourceReport& resource) {
    MapBuilder map;
    map.text("id", id).text("phase", std::string(name_of(resource.phase)));
    map.text("since", iso8601(resource.since)).text("detail", resource.detail);
    map.text("last_error", resource.last_error).number("runs", resource.runs);
    map.number("changes", resource.changes).number("failures", resource.failures);
    return map.build();
}

Value resources_value(const Snapshot& snapshot) {
    std::vector<const std::pair<const std::string, ResourceReport>*> sorted;
    sorted.reserve(snapshot.resources.size());
    for (const auto& entry : snapshot.resources) sorted.push_back(&entry);
    std::sort(sorted.begin(), sorted.end(),
              [](const auto* a, const auto* b) { return a->first < b->first; });
    Value::List list;
    for (const auto* entry : sorted) list.push_back(resource_value(entry->first, entry->second));
    return Value::of_list(std::move(list));
}

}  // namespace

MapBuilder& MapBuilder::text(std::string key, std::string value) {
    if (!valid_utf8(value)) value = printable_lines(value);
    return add(std::move(key), Value::of_text(std::move(value)));
}

MapBuilder& MapBuilder::milliseconds(std::string key, Duration value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f",
                  std::chrono::duration<double, std::milli>(value).count());
    return add(std::move(key), Value::of_scalar({text, true}));
}

Value to_value(const Event& event, WallTime time) {
    MapBuilder map;
    map.text("time", iso8601(time));
    std::visit(Filler{map}, event);
    return map.build();
}

Value to_value(const Snapshot& snapshot) {
    MapBuilder agent;
    agent.text("version", snapshot.agent.version).text("host", snapshot.agent.host);
    agent.number("pid", static_cast<std::uint64_t>(snapshot.agent.pid));
    agent.text("started", iso8601(snapshot.started));

    MapBuilder graph;
    graph.text("file", snapshot.agent.graph_file).text("name", snapshot.graph.name);
    graph.number("resources", snapshot.graph.resources).number("edges", snapshot.graph.edges);
    graph.number("redraws", snapshot.redraws).text("refused", snapshot.refused_graph);

    MapBuilder store;
    store.text("state", name_of_state(snapshot.store.state)).text("detail", snapshot.store.detail);
    if (snapshot.store.state == StoreChanged::State::read_only)
        store.text("since", iso8601(snapshot.store.since));

    MapBuilder counts;
    for (const auto& [phase, count] : snapshot.count_by_phase)
        if (count > 0) counts.number(std::string(name_of(phase)), count);

    MapBuilder refusals;
    for (const auto& [cause, count] : snapshot.refusals) refusals.number(cause, count);

    Value::List absent;
    for (const auto& [host, how] : snapshot.absent_hosts)
        absent.push_back(MapBuilder()
                             .text("host", host)
                             .text("state", name_of_state(how.state))
                             .text("since", iso8601(how.since))
                             .build());

    MapBuilder whole;
    whole.add("agent", agent.build()).add("graph", graph.build()).add("store", store.build());
    whole.truth("at_rest", snapshot.rest.resting);
    whole.text("waiting_for", snapshot.rest.waiting_for);
    whole.number("runs", snapshot.runs).number("changes", snapshot.changes);
    whole.add("counts", counts.build()).add("refusals", refusals.build());
    whole.add("absent_hosts", Value::of_list(std::move(absent)));
    whole.add("resources", resources_value(snapshot));
    return whole.build();
}

}  // namespace hansa
