// A graph as people look at it.
#pragma once

#include <string>

#include "graph/graph.h"

namespace hansa {

// Indented text: every resource below what it waits for, once; edges that notify are marked.
std::string as_tree(const Graph& graph);

// Graphviz (DOT language).
std::string as_dot(const Graph& graph);

}  // namespace hansa
