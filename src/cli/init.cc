// The first machine of a cluster in one step: an authority, a token for the others, and what to
// type where.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/host_port.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/log.h"
#include "cli/prefix.h"
#include "daemon/authority_commands.h"
#include "daemon/issuer.h"

namespace hansa {

namespace {

struct InitOptions {
    std::string prefix, cluster, listen;
    std::uint32_t hosts = 1;
};

std::string said_prefix(const InitOptions& options) {
    return options.prefix.empty() ? std::string{} : " --prefix " + options.prefix;
}

void tell(const InitOptions& options, const AuthorityShown& authority, const MadeToken& token) {
    const std::string address = options.listen;
    const std::string joins = HostPort{address, enrolment_port_usual}.text();
    std::fprintf(stderr,
                 "cluster %s: its authority is in %s\n"
                 "keep %s offline; it is needed again only for \"hansa ca renew\"\n\n"
                 "here:       hansa run%s --listen %s --join-listen %s GRAPH\n"
                 "elsewhere:  HANSA_JOIN=TOKEN hansa run --listen ADDRESS GRAPH\n"
                 "with the token on stdout, for %s until %s\n",
                 authority.cluster.c_str(), authority.path.c_str(), authority.root_key.c_str(),
                 said_prefix(options).c_str(), address.c_str(), joins.c_str(),
                 counted(options.hosts, "host").c_str(), iso8601(token.record.expires).c_str());
}

int init(const InitOptions& options) {
    const std::string prefix = chosen_prefix(options.prefix);
    TokenWishes wishes{"*", {}, {}, options.hosts, Duration(Seconds{3600}), {}};
    wishes.addresses = {HostPort{options.listen, enrolment_port_usual}.text()};
    if (auto at = HostPort::parse(wishes.addresses.front()); !at)
        return refuse(std::move(at).error().during("--listen"));
    auto authority = make_authority(prefix, options.cluster);
    if (!authority) return refuse(authority.error());
    auto token = make_token(prefix, wishes);
    if (!token) return refuse(token.error());
    std::printf("%s\n", token->text.c_str());
    tell(options, *authority, *token);
    return 0;
}

}  // namespace

void add_init(CLI::App& app, Chosen& chosen) {
    CLI::App* command = app.add_subcommand(
        "init", "prepare the first machine of a cluster, and tell what comes next");
    auto options = std::make_shared<InitOptions>();  // shared: CLI11 copies the callback
    command->add_option("--listen", options->listen, "address at which the others reach this one")
        ->type_name("ADDRESS")
        ->required();
    command->add_option("--name", options->cluster, "the cluster's name (default: one of its own)")
        ->type_name("CLUSTER");
    command->add_option("--hosts", options->hosts, "how many others the token lets in (default: 1)")
        ->type_name("N");
    add_prefix(*command, options->prefix);
    command->callback([options, &chosen] { chosen.exit_code = init(*options); });
}

}  // namespace hansa
