// The option --prefix of every command that works on an agent's state.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace hansa {

void add_prefix(CLI::App& command, std::string& prefix);

// As given, else the default of this user.
std::string chosen_prefix(const std::string& given);

}  // namespace hansa
