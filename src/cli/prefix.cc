#include "cli/prefix.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "daemon/inspect.h"
#include "daemon/settings.h"

namespace hansa {

void add_prefix(CLI::App& command, std::string& prefix) {
    command.add_option("--prefix", prefix, "the agent's state directory")
        ->type_name("DIR")
        ->envname("HANSA_PREFIX");
}

std::string chosen_prefix(const std::string& given) {
    if (!given.empty()) return given;
    return default_prefix(surroundings().root, std::getenv("XDG_STATE_HOME"), std::getenv("HOME"));
}

}  // namespace hansa
