#include <CLI/CLI.hpp>

#include "cli/commands.h"

namespace hansa {

void add_cluster(CLI::App& app, Chosen& chosen) {
    CLI::App* group = app.add_subcommand("cluster", "the store that this cluster's hosts share");
    group->require_subcommand(1);
    add_cluster_seats(*group, chosen);
    add_cluster_snapshot(*group, chosen);
    add_cluster_restore(*group, chosen);
    add_cluster_recover(*group, chosen);
}

}  // namespace hansa
