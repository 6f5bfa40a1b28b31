#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/commands.h"
#include "cli/config.h"
#include "cli/log.h"
#include "cli/prefix.h"
#include "cli/render.h"
#include "daemon/inspect.h"
#include "data/json.h"

namespace hansa {

namespace {

struct Options {
    std::string prefix, host;
    bool json = false;
};

int status(CLI::App& app, const Options& options) {
    if (auto read = read_sources(app, UnknownKeys::ignored); !read) return refuse(read.error());
    auto answer = ask_agent(chosen_prefix(options.prefix), options.host, "status");
    if (!answer) return refuse(answer.error());
    auto value = parse_json(*answer, {.bytes_max = std::size_t{256} << 20, .depth_max = 16});
    if (!value) return refuse(std::move(value).error().during("the agent's answer"));
    const std::string text =
        options.json ? to_json(*value, JsonStyle::pretty) + "\n" : as_status(*value);
    std::fputs(text.c_str(), stdout);
    return 0;
}

}  // namespace

void add_status(CLI::App& app, Chosen& chosen) {
    CLI::App* command = app.add_subcommand("status", "ask the agent of this machine how it is");
    auto options = std::make_shared<Options>();  // shared: CLI11 copies the callback
    add_prefix(*command, options->prefix);
    command->add_option("--hostname", options->host, "the agent's name, if there are several")
        ->type_name("NAME");
    command->add_flag("--json", options->json, "for programs");
    declare_sources(*command);
    command->callback(
        [command, options, &chosen] { chosen.exit_code = status(*command, *options); });
}

}  // namespace hansa
