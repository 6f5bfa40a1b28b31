// A graph as people look at it. Pure.
#pragma once

#include <string>

#include "graph/graph.h"

namespace hansa {

// A tree of lines: every resource once, below the last of those it waits for; others that it waits
// for are named behind it. A chain deeper than a screen is wide goes on at the left again. UTF-8.
//
//     web: 4 resources, 3 edges
//
//     pkg[nginx]
//     ├─ file[/etc/nginx/nginx.conf]
//     │  └─ svc[nginx], notified
//     └─ file[/srv/www] (automatic)
std::string as_tree(const Graph& graph);

// Graphviz (DOT language): automatic edges are dashed, those that notify are bold; collected
// resources are blue, absent ones dotted, yielding ones grey.
std::string as_dot(const Graph& graph);

}  // namespace hansa
