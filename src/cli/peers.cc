#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/log.h"
#include "cli/prefix.h"
#include "daemon/authority_commands.h"

namespace hansa {

namespace {

struct Options {
    std::string prefix, name;
};

int revoke(const Options& options) {
    auto done = revoke_peer(chosen_prefix(options.prefix), options.name);
    if (!done) return refuse(done.error());
    std::printf("%s is revoked: list %llu, %s\n", options.name.c_str(),
                static_cast<unsigned long long>(done->epoch),
                counted(done->certificates, "certificate").c_str());
    std::fputs(
        "agents with this prefix tell it to the cluster: its connections end, nothing new of it "
        "is\n"
        "collected, and no certificate of it is renewed; a new token lets it in again\n",
        stderr);
    return 0;
}

}  // namespace

void add_peers(CLI::App& app, Chosen& chosen) {
    CLI::App* group = app.add_subcommand("peers", "the hosts of this cluster");
    group->require_subcommand(1);
    auto options = std::make_shared<Options>();  // shared: CLI11 copies the callback
    CLI::App* command = group->add_subcommand(
        "revoke", "take a host back: here, where the authority is that certified it");
    command->add_option("name", options->name, "the host's name")->type_name("NAME")->required();
    add_prefix(*command, options->prefix);
    command->callback([options, &chosen] { chosen.exit_code = revoke(*options); });
}

}  // namespace hansa
