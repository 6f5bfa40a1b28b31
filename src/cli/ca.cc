#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/log.h"
#include "cli/prefix.h"
#include "daemon/authority_commands.h"
#include "data/json.h"

namespace hansa {

namespace {

struct CaOptions {
    std::string prefix, cluster, root_key;
    bool json = false;
};

std::string day_of(WallTime time) {
    return iso8601(time).substr(0, 10);
}

int init(const CaOptions& options) {
    auto made = make_authority(chosen_prefix(options.prefix), options.cluster);
    if (!made) return refuse(made.error());
    std::printf("authority of cluster %s in %s\npin %s\n", made->cluster.c_str(),
                made->path.c_str(), made->pin.c_str());
    std::fprintf(stderr,
                 "keep %s offline: move it away from this machine, to where you keep what must "
                 "not be lost;\nit is needed again only for \"hansa ca renew\", before %s\n"
                 "next: start an agent with this prefix, then \"hansa token create\"\n",
                 made->root_key.c_str(), day_of(made->issuing_until).c_str());
    return 0;
}

int renew(const CaOptions& options) {
    auto renewed = renew_authority(chosen_prefix(options.prefix), options.root_key);
    if (!renewed) return refuse(renewed.error());
    std::printf("issuing key of cluster %s until %s\n", renewed->cluster.c_str(),
                day_of(renewed->issuing_until).c_str());
    std::fprintf(stderr, "agents take it up by themselves, within a day\n");
    return 0;
}

// What an operator has to do about the issuing certificate, if anything.
std::string renewal_of(const AuthorityShown& shown) {
    if (!shown.issuing_is_due) return {};
    return shown.root_key.empty() ? "; run \"hansa ca renew --root-key FILE\" before"
                                  : "; agents renew it by themselves, or \"hansa ca renew\" does";
}

Value as_value(const AuthorityShown& shown) {
    Value::List listeners;
    for (const std::string& at : shown.listeners) listeners.push_back(Value::of_text(at));
    Value::Map map;
    map.push_back({"cluster", {}, Value::of_text(shown.cluster)});
    map.push_back({"directory", {}, Value::of_text(shown.path)});
    map.push_back({"pin", {}, Value::of_text(shown.pin)});
    map.push_back({"root_until", {}, Value::of_text(iso8601(shown.root_until))});
    map.push_back({"issuing_until", {}, Value::of_text(iso8601(shown.issuing_until))});
    map.push_back({"issuing_is_due", {}, Value::of_bool(shown.issuing_is_due)});
    map.push_back({"root_key_is_here", {}, Value::of_bool(!shown.root_key.empty())});
    map.push_back({"listeners", {}, Value::of_list(std::move(listeners))});
    return Value::of_map(std::move(map));
}

int show(const CaOptions& options) {
    auto shown = show_authority(chosen_prefix(options.prefix));
    if (!shown) return refuse(shown.error());
    if (options.json) {
        std::printf("%s\n", to_json(as_value(*shown), JsonStyle::pretty).c_str());
        return 0;
    }
    const std::string at = shown->listeners.empty() ? "nowhere yet" : join(shown->listeners, ", ");
    std::printf(
        "cluster      %s\ndirectory    %s\npin          %s\nroot         until %s%s\n"
        "issuing key  until %s%s\njoins        %s\n",
        shown->cluster.c_str(), shown->path.c_str(), shown->pin.c_str(),
        day_of(shown->root_until).c_str(),
        shown->root_key.empty() ? "" : "; its key is here: move root.key away where others join",
        day_of(shown->issuing_until).c_str(), renewal_of(*shown).c_str(), at.c_str());
    return 0;
}

// Options of its own for each command: CLI11 fills those of all from the environment. Shared
// because it copies the callbacks.
std::shared_ptr<CaOptions> options_of(CLI::App& command) {
    auto options = std::make_shared<CaOptions>();
    add_prefix(command, options->prefix);
    return options;
}

void add_ca_init(CLI::App& group, Chosen& chosen) {
    CLI::App* command =
        group.add_subcommand("init", "make an authority: a root and an issuing key");
    auto options = options_of(*command);
    command->add_option("--name", options->cluster, "the cluster's name (default: one of its own)")
        ->type_name("CLUSTER");
    command->callback([options, &chosen] { chosen.exit_code = init(*options); });
}

void add_ca_show(CLI::App& group, Chosen& chosen) {
    CLI::App* command = group.add_subcommand("show", "what this machine's authority is");
    auto options = options_of(*command);
    command->add_flag("--json", options->json, "for programs");
    command->callback([options, &chosen] { chosen.exit_code = show(*options); });
}

void add_ca_renew(CLI::App& group, Chosen& chosen) {
    CLI::App* command = group.add_subcommand("renew", "give the issuing key two more years");
    auto options = options_of(*command);
    command
        ->add_option("--root-key", options->root_key,
                     "the root key (default: root.key beside the authority)")
        ->type_name("FILE");
    command->callback([options, &chosen] { chosen.exit_code = renew(*options); });
}

}  // namespace

void add_ca(CLI::App& app, Chosen& chosen) {
    CLI::App* group = app.add_subcommand("ca", "the authority that certifies this cluster's hosts");
    group->require_subcommand(1);
    add_ca_init(*group, chosen);
    add_ca_show(*group, chosen);
    add_ca_renew(*group, chosen);
}

}  // namespace hansa
