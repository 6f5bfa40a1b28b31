#include "daemon/tell.h"

#include "graph/draw.h"
#include "sys/linux/surroundings.h"

namespace hansa {

void tell_start(Report& report, const Settings& settings) {
    report.publish(happened::AgentStarted{HANSA_VERSION, settings.host.text(), settings.graph_file,
                                          describe_store(settings), process_id()});
    for (const std::string& each : flags_without_effect(settings))
        report.publish(happened::Warned{each});
    if (settings.standalone)
        report.publish(happened::StoreChanged{happened::StoreChanged::State::standalone, {}});
}

void tell(Report& report, const Graph& graph, const GraphChange& change) {
    const Delta& delta = change.delta;
    for (const std::string& warning : delta.warnings) report.publish(happened::Warned{warning});
    for (const std::string& refusal : delta.refusals)
        report.publish(happened::Refused{"collected", refusal});
    for (const auto& [loser, keeper, thing] : delta.clashes)
        report.publish(
            happened::Conflict{loser.text(), keeper.text(), thing.type + ":" + thing.name});
    if (change.by == GraphChange::By::store) {
        report.publish(happened::GraphAmended{graph.size(), graph.edge_count(), delta.added.size(),
                                              delta.removed.size(), change.took});
        return;
    }
    const bool first = report.snapshot().redraws == 0;
    report.publish(happened::GraphAdopted{graph.name(), graph.size(), graph.edge_count(),
                                          delta.added.size(), delta.removed.size(), first,
                                          change.took});
}

void draw(Report& report, Files& files, const std::string& path, const Graph& graph) {
    auto written = files.write(path, as_dot(graph), {});
    if (!written) report.publish(happened::Warned{"--graphviz: " + written.error().text});
}

}  // namespace hansa
