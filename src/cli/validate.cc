#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/log.h"
#include "daemon/inspect.h"
#include "graph/draw.h"
#include "kinds/standard.h"

namespace hansa {

namespace {

int validate(const std::string& file) {
    const Catalog catalog = standard_kinds();
    auto inspected = inspect(file, catalog);
    if (!inspected) return refuse(inspected.error());
    for (const std::string& warning : inspected->warnings)
        std::fprintf(stderr, "warning: %s\n", warning.c_str());
    for (const std::string& kind : inspected->not_runnable)
        std::fprintf(stderr,
                     "warning: kind %s is known but cannot be applied yet: this graph "
                     "loads, but \"hansa run\" refuses it\n",
                     kind.c_str());
    std::printf("%s: graph %s is valid: %s, %s\n", file.c_str(), inspected->graph.name().c_str(),
                counted(inspected->graph.size(), "resource").c_str(),
                counted(inspected->graph.edge_count(), "edge").c_str());
    return 0;
}

int draw(const std::string& file, const std::string& format) {
    const Catalog catalog = standard_kinds();
    auto inspected = inspect(file, catalog);
    if (!inspected) return refuse(inspected.error());
    const std::string picture =
        format == "dot" ? as_dot(inspected->graph) : as_tree(inspected->graph);
    std::fputs(picture.c_str(), stdout);
    return 0;
}

}  // namespace

void add_validate(CLI::App& app, Chosen& chosen) {
    CLI::App* command = app.add_subcommand("validate", "check a graph without running it");
    auto file = std::make_shared<std::string>();  // shared: CLI11 copies the callback
    command->add_option("file,-f,--file", *file, "the graph (YAML)")->required();
    command->callback([file, &chosen] { chosen.exit_code = validate(*file); });
}

void add_graph(CLI::App& app, Chosen& chosen) {
    CLI::App* command = app.add_subcommand("graph", "print a graph as a tree or for Graphviz");
    auto file = std::make_shared<std::string>();  // shared: CLI11 copies the callback
    auto format = std::make_shared<std::string>("tree");
    command->add_option("file,-f,--file", *file, "the graph (YAML)")->required();
    command->add_option("--format", *format, "tree or dot")->check(CLI::IsMember({"tree", "dot"}));
    command->callback([file, format, &chosen] { chosen.exit_code = draw(*file, *format); });
}

}  // namespace hansa
