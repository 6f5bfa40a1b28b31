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
    std::string prefix, cluster;
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
                 "not be lost;\nit is needed again only to make a new issuing key, before %s\n"
                 "next: start an agent with this prefix, then \"hansa token create\"\n",
                 made->root_key.c_str(), day_of(made->issuing_until).c_str());
    return 0;
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
        "issuing key  until %s\njoins        %s\n",
        shown->cluster.c_str(), shown->path.c_str(), shown->pin.c_str(),
        day_of(shown->root_until).c_str(),
        shown->root_key.empty() ? "" : "; its key is still here: move root.key away",
        day_of(shown->issuing_until).c_str(), at.c_str());
    return 0;
}

}  // namespace

void add_ca(CLI::App& app, Chosen& chosen) {
    CLI::App* group = app.add_subcommand("ca", "the authority that certifies this cluster's hosts");
    group->require_subcommand(1);
    auto options = std::make_shared<CaOptions>();  // shared: CLI11 copies the callbacks
    CLI::App* made = group->add_subcommand("init", "make an authority: a root and an issuing key");
    add_prefix(*made, options->prefix);
    made->add_option("--name", options->cluster, "the cluster's name (default: one of its own)")
        ->type_name("CLUSTER");
    made->callback([options, &chosen] { chosen.exit_code = init(*options); });
    CLI::App* shown = group->add_subcommand("show", "what this machine's authority is");
    add_prefix(*shown, options->prefix);
    shown->add_flag("--json", options->json, "for programs");
    shown->callback([options, &chosen] { chosen.exit_code = show(*options); });
}

}  // namespace hansa
