#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/labels.h"
#include "cli/log.h"
#include "cli/prefix.h"
#include "daemon/authority_commands.h"
#include "data/json.h"

namespace hansa {

namespace {

struct TokenOptions {
    std::string prefix, name = "*", domain, ttl = "1h", id;
    std::vector<std::string> labels, addresses;
    std::uint32_t uses = 1;
    bool json = false;
};

// "90s", "30m", "1h", "7d".
Result<Duration> parse_ttl(const std::string& text) {
    const Error wrong{
        Code::invalid,
        "--ttl \"" + printable(text) + "\" is no time; write a number and s, m, h or d, as in 1h"};
    if (text.size() < 2 || text.size() > 9) return wrong;
    const auto number = to_int(text.substr(0, text.size() - 1));
    if (!number || *number < 1) return wrong;
    switch (text.back()) {
        case 's': return Duration(Seconds{*number});
        case 'm': return Duration(Seconds{*number * 60});
        case 'h': return Duration(Seconds{*number * 3600});
        case 'd': return Duration(Seconds{std::min<std::int64_t>(*number, 36'500) * 86'400});
        default: return wrong;
    }
}

Result<TokenWishes> wishes_of(const TokenOptions& options) {
    auto life = parse_ttl(options.ttl);
    if (!life) return std::move(life).error();
    auto labels = parse_labels(options.labels);
    if (!labels) return std::move(labels).error();
    return TokenWishes{options.name, options.domain, std::move(*labels),
                       options.uses, *life,          options.addresses};
}

// The string alone goes to stdout, so that it can be caught in a variable.
int create(const TokenOptions& options) {
    auto wishes = wishes_of(options);
    if (!wishes) return refuse(wishes.error());
    auto made = make_token(chosen_prefix(options.prefix), *wishes);
    if (!made) return refuse(made.error());
    std::printf("%s\n", made->text.c_str());
    std::fprintf(stderr, "token %s: for %s, %s, until %s; asks at %s\n", made->record.id.c_str(),
                 printable(made->record.name_glob).c_str(),
                 counted(made->record.uses, "use").c_str(), iso8601(made->record.expires).c_str(),
                 join(made->addresses, ", ").c_str());
    if (!made->answered)
        std::fprintf(stderr,
                     "no agent with this prefix answers joins yet: start one, or restart one that "
                     "runs; for hosts\nelsewhere with --join-listen, whose address belongs in a "
                     "token (--address)\n");
    return 0;
}

Value as_value(const TokenShown& token) {
    const TokenRecord& record = token.record;
    Value::List users;
    for (const std::string& use : record.used_by)
        users.push_back(Value::of_text(use.substr(0, use.find(' '))));
    Value::Map labels;
    for (const auto& [key, text] : record.labels) labels.push_back({key, {}, Value::of_text(text)});
    Value::Map map;
    map.push_back({"id", {}, Value::of_text(record.id)});
    map.push_back({"state", {}, Value::of_text(token.state)});
    map.push_back({"name", {}, Value::of_text(record.name_glob)});
    map.push_back({"domain", {}, Value::of_text(record.domain)});
    map.push_back({"labels", {}, Value::of_map(std::move(labels))});
    map.push_back({"uses", {}, Value::of_int(record.uses)});
    map.push_back({"used_by", {}, Value::of_list(std::move(users))});
    map.push_back({"created", {}, Value::of_text(iso8601(record.created))});
    map.push_back({"expires", {}, Value::of_text(iso8601(record.expires))});
    return Value::of_map(std::move(map));
}

int list(const TokenOptions& options) {
    auto tokens = show_tokens(chosen_prefix(options.prefix));
    if (!tokens) return refuse(tokens.error());
    if (options.json) {
        Value::List list;
        for (const TokenShown& token : *tokens) list.push_back(as_value(token));
        Value::Map map;
        map.push_back({"tokens", {}, Value::of_list(std::move(list))});
        std::printf("%s\n", to_json(Value::of_map(std::move(map)), JsonStyle::pretty).c_str());
        return 0;
    }
    if (!tokens->empty())
        std::printf("ID                STATE    USED      EXPIRES              NAME\n");
    for (const TokenShown& token : *tokens) {
        const TokenRecord& record = token.record;
        const std::string used =
            std::to_string(record.used_by.size()) + " of " + std::to_string(record.uses);
        std::printf("%s  %-7s  %-8s  %s  %s\n", record.id.c_str(), token.state.c_str(),
                    used.c_str(), iso8601(record.expires).substr(0, 19).c_str(),
                    printable(record.name_glob).c_str());
    }
    return 0;
}

int revoke(const TokenOptions& options) {
    auto revoked = revoke_token(chosen_prefix(options.prefix), options.id);
    return revoked ? 0 : refuse(revoked.error());
}

// Options of its own for each command: CLI11 fills those of all from the environment. Shared
// because it copies the callbacks.
std::shared_ptr<TokenOptions> options_of(CLI::App& command) {
    auto options = std::make_shared<TokenOptions>();
    add_prefix(command, options->prefix);
    return options;
}

void add_create(CLI::App& group, Chosen& chosen) {
    CLI::App* command = group.add_subcommand("create", "make a join token and print it");
    auto options = options_of(*command);
    command->add_option("--name", options->name, "names that it works for (default: any)")
        ->type_name("GLOB");
    command
        ->add_option("--domain", options->domain, "where those hosts stand, as in dc=lon,rack=r1")
        ->type_name("D");
    command->add_option("--label", options->labels, "certified label; may be given often")
        ->allow_extra_args(false)
        ->type_name("KEY=VALUE");
    command->add_option("--uses", options->uses, "hosts that may join with it (default: 1)")
        ->type_name("N");
    command->add_option("--ttl", options->ttl, "how long it works: 90s, 30m, 1h, 7d (default: 1h)")
        ->type_name("TIME");
    command
        ->add_option("--address", options->addresses,
                     "where to ask (default: where agents of this prefix answer)")
        ->allow_extra_args(false)
        ->type_name("HOST:PORT");
    command->callback([options, &chosen] { chosen.exit_code = create(*options); });
}

void add_list(CLI::App& group, Chosen& chosen) {
    CLI::App* command = group.add_subcommand("list", "tokens that were made here");
    auto options = options_of(*command);
    command->add_flag("--json", options->json, "for programs");
    command->callback([options, &chosen] { chosen.exit_code = list(*options); });
}

void add_revoke(CLI::App& group, Chosen& chosen) {
    CLI::App* command = group.add_subcommand("revoke", "make a token useless");
    auto options = options_of(*command);
    command->add_option("id", options->id, "as \"hansa token list\" shows it")
        ->required()
        ->type_name("ID");
    command->callback([options, &chosen] { chosen.exit_code = revoke(*options); });
}

}  // namespace

void add_token(CLI::App& app, Chosen& chosen) {
    CLI::App* group = app.add_subcommand("token", "strings that let a machine join the cluster");
    group->require_subcommand(1);
    add_create(*group, chosen);
    add_list(*group, chosen);
    add_revoke(*group, chosen);
}

}  // namespace hansa
