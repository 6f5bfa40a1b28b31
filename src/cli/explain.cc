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
    std::string prefix, host, id;
    bool json = false;
};

int explain(CLI::App& app, const Options& options) {
    if (auto read = read_sources(app, UnknownKeys::ignored); !read) return refuse(read.error());
    auto answer = ask_agent(chosen_prefix(options.prefix), options.host, "explain " + options.id);
    if (!answer) return refuse(answer.error());
    auto value = parse_json(*answer, {.bytes_max = std::size_t{256} << 20, .depth_max = 16});
    if (!value) return refuse(std::move(value).error().during("the agent's answer"));
    if (options.json) {
        std::printf("%s\n", to_json(*value, JsonStyle::pretty).c_str());
    } else {
        std::fputs(as_explanation(*value).c_str(), stdout);
    }
    if (const Value* error = value->find("error"); error && error->is_scalar())
        return refuse({Code::missing, error->scalar().text});
    return 0;
}

}  // namespace

void add_explain(CLI::App& app, Chosen& chosen) {
    CLI::App* command = app.add_subcommand(
        "explain", "say why a resource is as it is: its exporter, the signature, the policy");
    command->footer(
        "RESOURCE is written as KIND[NAME]; what several hosts export is told of each of them.\n"
        "Without it everything is told that others export and this host collects, or refuses.");
    auto options = std::make_shared<Options>();  // shared: CLI11 copies the callback
    command->add_option("resource", options->id, "as in 'file[/etc/motd]'")->type_name("RESOURCE");
    add_prefix(*command, options->prefix);
    command->add_option("--hostname", options->host, "the agent's name, if there are several")
        ->type_name("NAME");
    command->add_flag("--json", options->json, "for programs");
    declare_sources(*command);
    command->callback(
        [command, options, &chosen] { chosen.exit_code = explain(*command, *options); });
}

}  // namespace hansa
