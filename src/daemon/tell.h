// What the agent as a whole has to say, as events.
#pragma once

#include "base/time.h"
#include "daemon/settings.h"
#include "graph/graph.h"
#include "report/report.h"
#include "sys/files.h"

namespace hansa {

enum class ChangedBy { file, store };

// That it begins, with what, and which of its settings will change nothing.
void tell_start(Report& report, const Settings& settings);

// What a change of the graph did. `took`: to change the graph, without applying it.
void tell(Report& report, const Graph& graph, const Delta& delta, ChangedBy by, Duration took);

// Writes the graph as Graphviz reads it to `path`; a failure is a warning.
void draw(Report& report, Files& files, const std::string& path, const Graph& graph);

}  // namespace hansa
