// What the agent as a whole has to say, as events.
#pragma once

#include "base/time.h"
#include "daemon/settings.h"
#include "graph/graph.h"
#include "report/report.h"
#include "sys/files.h"

namespace hansa {

// Of the graph. `took`: to change it, without applying it.
struct GraphChange {
    enum class By { file, store };
    Delta delta;
    Duration took{0};
    By by = By::file;
};

// That it begins, with what, and which of its settings will change nothing.
void tell_start(Report& report, const Settings& settings);

// What it did.
void tell(Report& report, const Graph& graph, const GraphChange& change);

// Writes the graph as Graphviz reads it to `path`; a failure is a warning.
void draw(Report& report, Files& files, const std::string& path, const Graph& graph);

}  // namespace hansa
