// Where options come from besides the command line: variables (HANSA_CONVERGED_TIMEOUT=5), then the
// YAML config file with a flag's long name as key (`converged-timeout: 5`, `seeds: [a, b]`).
//
// A source only gives what no source above it has given, and nothing that contradicts it: whoever
// types --tmp-prefix need not know that HANSA_PREFIX is set.
#pragma once

#include <string>

#include "base/result.h"

namespace CLI {
class App;
}

namespace hansa {

enum class UnknownKeys {
    refused,
    ignored,  // they are meant for `hansa run`
};

// Adds --config, and the variables' names to the help. REQUIRES: all other options are there.
void declare_sources(CLI::App& app);

// The config file's path, which need not exist: the given one, else the default one.
std::string config_path(const CLI::App& app);

// Reads variables and config file, after the command line. Values that an option refuses are
// errors that name the variable, or file:line:column.
Result<void> read_sources(CLI::App& app, UnknownKeys unknown);

}  // namespace hansa
