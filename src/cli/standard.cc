#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "daemon/inspect.h"

namespace hansa {

namespace {

constexpr int exit_usage = 2;

// CLI11 only says that a word was not expected; say which, and what was probably meant.
std::string explain(const CLI::App& app, const std::vector<std::string>& words,
                    const std::string& told) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(command->get_name());
    if (words.empty()) return "a command is needed: " + join(names, ", ");
    const std::string& word = words.front();
    if (word.starts_with('-') || std::find(names.begin(), names.end(), word) != names.end())
        return told;
    const auto near = nearest(word, names);
    return "no command \"" + printable(word) + "\"" +
           (near ? "; did you mean \"" + *near + "\"?" : "");
}

}  // namespace

int run_cli(int argc, char** argv) {
    keep_secrets();
    CLI::App app{"hansa keeps fleets of machines in their declared state without a centre",
                 "hansa"};
    app.set_version_flag("--version", "hansa " HANSA_VERSION);
    app.require_subcommand(1);
    Chosen chosen;
    add_run(app, chosen);
    add_validate(app, chosen);
    add_graph(app, chosen);
    add_status(app, chosen);
    add_explain(app, chosen);
    add_doctor(app, chosen);
    add_init(app, chosen);
    add_join(app, chosen);
    add_ca(app, chosen);
    add_token(app, chosen);
    add_policy(app, chosen);
    add_peers(app, chosen);
    add_cluster(app, chosen);
    add_leave(app, chosen);
    const std::vector<std::string> words(argv + 1, argv + argc);
    forget_argument(argc, argv, "--join");  // a secret; whoever lists processes shall not see it
    try {
        app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    } catch (const CLI::Success& success) {  // --help, --version
        return app.exit(success);
    } catch (const CLI::ParseError& error) {
        std::fprintf(stderr, "hansa: %s\nsee \"hansa --help\" or \"hansa COMMAND --help\"\n",
                     explain(app, words, error.what()).c_str());
        return exit_usage;
    }
    return chosen.exit_code;
}

}  // namespace hansa
