// The commands people type, listed by hand in standard.cc; one file each.
//
// Data goes to stdout, talk to stderr. Each returns the process's exit code.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace hansa {

// What a command leaves behind for main(): the exit code of the one that was chosen.
struct Chosen {
    int exit_code = 0;
};

// Adds the command with its options to `app`; it runs when parsing has chosen it.
void add_run(CLI::App& app, Chosen& chosen);
void add_validate(CLI::App& app, Chosen& chosen);
void add_graph(CLI::App& app, Chosen& chosen);
void add_status(CLI::App& app, Chosen& chosen);
void add_ca(CLI::App& app, Chosen& chosen);
void add_init(CLI::App& app, Chosen& chosen);
void add_join(CLI::App& app, Chosen& chosen);
void add_token(CLI::App& app, Chosen& chosen);
void add_policy(CLI::App& app, Chosen& chosen);
void add_peers(CLI::App& app, Chosen& chosen);
void add_explain(CLI::App& app, Chosen& chosen);
void add_doctor(CLI::App& app, Chosen& chosen);
void add_cluster(CLI::App& app, Chosen& chosen);
void add_leave(CLI::App& app, Chosen& chosen);

// A part of `hansa peers`.
void add_peers_remove(CLI::App& group, Chosen& chosen);

// Parts of `hansa cluster`.
void add_cluster_seats(CLI::App& group, Chosen& chosen);  // status, size, timing
void add_cluster_snapshot(CLI::App& group, Chosen& chosen);
void add_cluster_restore(CLI::App& group, Chosen& chosen);
void add_cluster_recover(CLI::App& group, Chosen& chosen);

// The whole program.
int run_cli(int argc, char** argv);

}  // namespace hansa
