#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/commands.h"
#include "cli/join_token.h"
#include "cli/log.h"
#include "cli/prefix.h"
#include "daemon/inspect.h"
#include "daemon/join_command.h"

namespace hansa {

namespace {

struct JoinOptions {
    std::string prefix, host, source;
    std::int64_t max_runtime = 0;
    bool abandon = false;
};

// A token is a secret, and whoever lists processes sees arguments.
Result<Token> token_from(const std::string& source) {
    std::string text = source;
    if (text.empty())
        if (const char* variable = std::getenv("HANSA_JOIN")) text = variable;
    forget_variable("HANSA_JOIN");
    if (!source.empty() && !source.starts_with('@'))
        return Error{Code::invalid,
                     "give the token as @FILE, or in the variable HANSA_JOIN: arguments can be "
                     "seen by everybody on this machine"};
    auto token = token_of(text);
    if (!token) return std::move(token).error();
    if (!*token) return Error{Code::invalid, "no join token; give @FILE, or HANSA_JOIN"};
    return *std::move(*token);
}

int join_with(const JoinOptions& options) {
    auto token = token_from(options.source);
    if (!token) return refuse(token.error());
    auto host = HostName::parse(options.host.empty() ? surroundings().host_name : options.host);
    if (!host) return refuse(std::move(host).error().during("--hostname"));
    Settings settings({}, std::move(*host));
    settings.prefix = chosen_prefix(options.prefix);
    settings.join = std::move(*token);
    if (options.max_runtime > 0) settings.max_runtime = Seconds{options.max_runtime};
    Log log(LogFormat::text, Verbosity::normal);
    auto joined =
        join_as_host(settings, options.abandon, [&log](Report& report) { log.attach(report); });
    if (!joined) return refuse(joined.error());
    if (!joined->abandoned.empty())
        std::fprintf(stderr,
                     "the former state of this host is in %s; what it exported there goes stale\n",
                     joined->abandoned.c_str());
    if (joined->cluster.empty()) return static_cast<int>(ExitCode::max_runtime);
    std::printf("%s belongs to cluster %s (uuid %s)\n", joined->host.c_str(),
                joined->cluster.c_str(), joined->uuid.c_str());
    return 0;
}

}  // namespace

void add_join(CLI::App& app, Chosen& chosen) {
    CLI::App* command = app.add_subcommand(
        "join", "make this machine a host of a cluster, without starting an agent");
    auto options = std::make_shared<JoinOptions>();  // shared: CLI11 copies the callback
    command->add_option("token", options->source, "file of the join token (default: HANSA_JOIN)")
        ->type_name("@FILE");
    command->add_option("--hostname", options->host, "this peer's name (default: the machine's)")
        ->type_name("NAME");
    command->add_flag("--abandon-mine", options->abandon,
                      "leave another cluster: this host's state is moved aside");
    command
        ->add_option("--max-runtime", options->max_runtime,
                     "give up after so many seconds; exit code 5")
        ->type_name("SECONDS")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{86'400 * 365}));
    add_prefix(*command, options->prefix);
    command->callback([options, &chosen] { chosen.exit_code = join_with(*options); });
}

}  // namespace hansa
