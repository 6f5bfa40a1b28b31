#include "cli/ask.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/answer.h"
#include "cli/config.h"
#include "cli/prefix.h"
#include "daemon/inspect.h"
#include "data/json.h"

namespace hansa {

namespace {

constexpr JsonLimits answer_limits{.bytes_max = std::size_t{256} << 20, .depth_max = 16};

}  // namespace

void add_agent_choice(CLI::App& command, AgentChoice& choice) {
    add_prefix(command, choice.prefix);
    command.add_option("--hostname", choice.host, "the agent's name, if there are several")
        ->type_name("NAME");
    command.add_flag("--json", choice.json, "for programs");
    declare_sources(command);
}

Result<Value> ask(CLI::App& command, const AgentChoice& choice, const std::string& question) {
    if (auto read = read_sources(command, UnknownKeys::ignored); !read)
        return std::move(read).error();
    auto answer = ask_agent(chosen_prefix(choice.prefix), choice.host, question);
    if (!answer) return std::move(answer).error();
    auto value = parse_json(*answer, answer_limits);
    if (!value) return std::move(value).error().during("the agent's answer");
    if (const std::string error = lines_at(*value, "error"); !error.empty())
        return Error{Code::unavailable, error};
    return value;
}

void print_json(const Value& value) {
    std::printf("%s\n", to_json(value, JsonStyle::pretty).c_str());
}

}  // namespace hansa
