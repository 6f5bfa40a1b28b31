// What commands that do not run an agent need of this machine.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "daemon/settings.h"
#include "graph/graph.h"
#include "resource/kind.h"
#include "trust/policy.h"

namespace hansa {

// The graph of a file with everything checked that a run checks, and what was only warned about.
struct Inspected {
    Graph graph;
    std::vector<std::string> warnings;
    std::vector<std::string> not_runnable;  // kinds used that cannot be applied yet, sorted
};
Result<Inspected> inspect(const std::string& path, const Catalog& catalog);

// The same checks on a manifest at hand; used by Node before it changes anything.
std::vector<std::string> kinds_not_runnable(const Manifest& manifest, const Catalog& catalog);

struct Surroundings {
    bool root = false;
    std::string host_name;
};
Surroundings surroundings();

// Asks the agent of `host` (empty: the only one under `prefix`) over its control socket.
Result<std::string> ask_agent(const std::string& prefix, const std::string& host,
                              const std::string& request);

// The collect policy of a machine where no agent need run. `kinds`: every one there is.
Result<Policy> read_policy_here(const PolicySource& source, std::span<const std::string> kinds);

// Ends the quarantine of `exporter` for the agent of `host` (empty: the only one under `prefix`).
// False when it had ended.
Result<bool> accept_exporter_here(const std::string& prefix, const std::string& host,
                                  const HostName& exporter);

// The name of the user that we are.
std::string account_here();

// No core file of this program, and no other program of this user, shows its memory.
void keep_secrets();

// A terminal that wants colours (NO_COLOR, TERM=dumb and pipes do not).
bool stderr_takes_colours();

// A terminal on which text may be drawn anew in its place (a pipe and TERM=dumb are none).
bool stdout_redraws();

// Bytes of a file of ours (the config file). Code::missing when there is none.
Result<std::string> read_whole(const std::string& path);

// Takes a secret out of the environment, for the children of this process and for whoever looks at
// it in /proc. Before there are threads.
void forget_variable(const char* name);

// The same for an option's text on the command line: "--name TEXT" or "--name=TEXT".
void forget_argument(int argc, char** argv, const std::string& option);

}  // namespace hansa
