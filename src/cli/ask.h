// Asks the agent of this machine over its control socket, for commands that show its answer.
#pragma once

#include <string>

#include "base/result.h"
#include "data/value.h"

namespace CLI {
class App;
}

namespace hansa {

// Which agent; filled by the command line, then by variables and the config file.
struct AgentChoice {
    std::string prefix, host;
    bool json = false;
};

// Adds --prefix, --hostname, --json and --config.
void add_agent_choice(CLI::App& command, AgentChoice& choice);

// The agent's answer. Code::unavailable, with its words, where it answers that it cannot.
Result<Value> ask(CLI::App& command, const AgentChoice& choice, const std::string& question);

// To stdout, indented.
void print_json(const Value& value);

}  // namespace hansa
