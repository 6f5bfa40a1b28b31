#include "daemon/tell.h"

namespace hansa {

void tell(Report& report, const Graph& graph, const Delta& delta, ChangedBy by, Duration took) {
    for (const std::string& warning : delta.warnings) report.publish(happened::Warned{warning});
    for (const std::string& refusal : delta.refusals)
        report.publish(happened::Refused{"collected", refusal});
    for (const auto& [loser, keeper, thing] : delta.clashes)
        report.publish(
            happened::Conflict{loser.text(), keeper.text(), thing.type + ":" + thing.name});
    if (by == ChangedBy::store) {
        report.publish(happened::GraphAmended{graph.size(), graph.edge_count(), delta.added.size(),
                                              delta.removed.size(), took});
        return;
    }
    const bool first = report.snapshot().redraws == 0;
    report.publish(happened::GraphAdopted{graph.name(), graph.size(), graph.edge_count(),
                                          delta.added.size(), delta.removed.size(), first, took});
}

}  // namespace hansa
