#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/text.h"
#include "cli/answer.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/log.h"
#include "cli/prefix.h"
#include "cli/render.h"
#include "daemon/authority_commands.h"
#include "daemon/inspect.h"
#include "data/json.h"

namespace hansa {

namespace {

constexpr const char* clear_screen = "\033[H\033[2J";

struct RevokeOptions {
    std::string prefix, name;
};

struct ListOptions : AgentChoice {
    bool watch = false;
};

int revoke(const RevokeOptions& options) {
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

// One table after the other: in its place on a terminal, else below it; as JSON a line each.
void print(const Value& answer, const ListOptions& options, bool is_first) {
    std::string text = options.json
                           ? to_json(answer, options.watch ? JsonStyle::compact : JsonStyle::pretty)
                           : as_peers(answer);
    if (options.json) text += "\n";
    if (options.watch && !options.json) {
        if (stdout_redraws())
            text = clear_screen + text;
        else if (!is_first)
            text = "\n" + text;
    }
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
}

// What is worth a new table: everything but what always moves.
std::string content_of(Value answer) {
    std::string text = text_at(answer, "stale");
    for (const Value& peer : list_at(answer, "peers"))
        for (const Value::Entry& entry : peer.map())
            if (entry.key != "lag") text += entry.key + "=" + text_at(peer, entry.key) + "\n";
    return text;
}

int list(CLI::App& command, const ListOptions& options) {
    auto shown = ask(command, options, "peers");
    if (!shown) return refuse(shown.error());
    print(*shown, options, true);
    while (options.watch) {
        auto next = ask(command, options, "peers after " + text_at(*shown, "revision"));
        if (!next) return refuse(next.error());
        if (truth_at(*next, "unchanged")) continue;
        if (content_of(*next) != content_of(*shown)) print(*next, options, false);
        shown = std::move(next);
    }
    return 0;
}

void add_revoke(CLI::App& group, Chosen& chosen) {
    auto options = std::make_shared<RevokeOptions>();  // shared: CLI11 copies the callback
    CLI::App* command = group.add_subcommand(
        "revoke", "take a host back: here, where the authority is that certified it");
    command->add_option("name", options->name, "the host's name")->type_name("NAME")->required();
    add_prefix(*command, options->prefix);
    command->callback([options, &chosen] { chosen.exit_code = revoke(*options); });
}

}  // namespace

void add_peers(CLI::App& app, Chosen& chosen) {
    CLI::App* group = app.add_subcommand("peers", "the hosts of this cluster");
    auto options = std::make_shared<ListOptions>();  // shared: CLI11 copies the callback
    group->add_flag("--watch", options->watch, "show them again whenever something changes");
    add_agent_choice(*group, *options);
    group->require_subcommand(0, 1);
    add_revoke(*group, chosen);
    add_peers_remove(*group, chosen);
    // Also called where a command below it was chosen.
    group->callback([group, options, &chosen] {
        if (group->get_subcommands().empty()) chosen.exit_code = list(*group, *options);
    });
}

}  // namespace hansa
