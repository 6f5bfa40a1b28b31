// What a change of the graph did, as events.
#pragma once

#include "base/time.h"
#include "graph/graph.h"
#include "report/report.h"

namespace hansa {

enum class ChangedBy { file, store };

// `took`: to change the graph, without applying it.
void tell(Report& report, const Graph& graph, const Delta& delta, ChangedBy by, Duration took);

}  // namespace hansa
