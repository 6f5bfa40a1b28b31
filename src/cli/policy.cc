#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/config.h"
#include "cli/labels.h"
#include "cli/log.h"
#include "cli/prefix.h"
#include "daemon/inspect.h"
#include "daemon/settings.h"
#include "kinds/standard.h"
#include "trust/policy.h"

namespace hansa {

namespace {

struct Place {
    std::string policy;  // empty: beside the config file
    std::string prefix;
    std::string host;
};

// As the options of `policy test` spell them.
struct Asked {
    PolicyExporter exporter;
    PolicySubject subject;
    std::vector<std::string> labels;
    std::string mode;
    std::string self;
};

Result<Policy> policy_of(CLI::App& app, const Place& place) {
    if (auto read = read_sources(app, UnknownKeys::ignored); !read) return std::move(read).error();
    return read_policy_here(policy_source(place.policy, config_path(app)),
                            standard_kinds().names());
}

int show(CLI::App& app, const Place& place) {
    auto policy = policy_of(app, place);
    if (!policy) return refuse(policy.error());
    for (const std::string& line : policy->lines()) std::printf("%s\n", line.c_str());
    return 0;
}

Result<std::optional<std::uint32_t>> mode_of(const std::string& text) {
    if (text.empty()) return std::optional<std::uint32_t>();
    std::uint32_t mode = 0;
    for (const char digit : text) {
        if (digit < '0' || digit > '7' || text.size() > 5)
            return Error{Code::invalid,
                         "--mode \"" + printable(text, 20) + "\": write it in octal, as 0644"};
        mode = mode * 8 + static_cast<std::uint32_t>(digit - '0');
    }
    return std::optional<std::uint32_t>(mode);
}

const char* name_of(PolicyVerdict verdict) {
    switch (verdict) {
        case PolicyVerdict::allow: return "allow";
        case PolicyVerdict::quarantine: return "quarantine";
        case PolicyVerdict::deny: break;
    }
    return "deny";
}

// 0 only for what would be applied.
int test(CLI::App& app, const Place& place, Asked asked) {
    auto policy = policy_of(app, place);
    if (!policy) return refuse(policy.error());
    auto labels = parse_labels(asked.labels);
    if (!labels) return refuse(labels.error());
    auto mode = mode_of(asked.mode);
    if (!mode) return refuse(mode.error());
    asked.exporter.labels = std::move(*labels);
    asked.subject.mode = *mode;
    // Of a file without a path: where its pattern would put it.
    PolicySubject& subject = asked.subject;
    if (subject.kind == "file" && subject.path.empty() && !subject.pattern.empty())
        subject.path = subject.pattern + subject.name.substr(subject.name.rfind('/') + 1);
    else if (subject.kind == "file" && subject.path.empty())
        subject.path = subject.name;
    const PolicyHost host{asked.self.empty() ? account_here() : asked.self,
                          chosen_prefix(place.prefix)};
    const PolicyDecision decision = policy->decide(asked.exporter, subject, host);
    std::printf("%s: %s[%s] from %s\nrule: %s\nwhy: %s\n", name_of(decision.verdict),
                printable(subject.kind).c_str(), printable(subject.name).c_str(),
                printable(asked.exporter.name).c_str(), decision.rule.c_str(),
                decision.why.c_str());
    if (!decision.beneath.empty())
        std::printf("beneath: %s\n", printable(decision.beneath, 4096).c_str());
    return decision.verdict == PolicyVerdict::allow ? 0 : 1;
}

int accept(CLI::App& app, const Place& place, const std::string& exporter) {
    if (auto read = read_sources(app, UnknownKeys::ignored); !read) return refuse(read.error());
    auto host = HostName::parse(exporter);
    if (!host) return refuse(host.error());
    auto accepted = accept_exporter_here(chosen_prefix(place.prefix), place.host, *host);
    if (!accepted) return refuse(accepted.error());
    std::fprintf(stderr, *accepted ? "%s is accepted\n" : "%s was accepted already\n",
                 host->text().c_str());
    return 0;
}

void add_file(CLI::App& command, Place& place) {
    command
        .add_option("--policy", place.policy,
                    "the policy file; default: policy.yaml beside the config file")
        ->type_name("FILE");
}

void add_show(CLI::App& policy, Chosen& chosen) {
    CLI::App* command = policy.add_subcommand("show", "print the rules in force, in their order");
    auto place = std::make_shared<Place>();  // shared: CLI11 copies the callback
    add_file(*command, *place);
    declare_sources(*command);
    command->callback([command, place, &chosen] { chosen.exit_code = show(*command, *place); });
}

void add_test(CLI::App& policy, Chosen& chosen) {
    CLI::App* command = policy.add_subcommand(
        "test", "say what the policy decides, and why; exit code 0: applied, 1: not");
    auto place = std::make_shared<Place>();  // shared: CLI11 copies the callback
    auto asked = std::make_shared<Asked>();  // likewise
    add_file(*command, *place);
    add_prefix(*command, place->prefix);
    PolicySubject& subject = asked->subject;
    command->add_option("kind", subject.kind, "kind of the resource")->required();
    command->add_option("name", subject.name, "its name")->required();
    command->add_option("--from", asked->exporter.name, "the exporter")
        ->type_name("HOST")
        ->required();
    command->add_option("--domain", asked->exporter.domain, "its certified domain");
    command->add_option("--label", asked->labels, "its certified labels")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
    command->add_flag("--accepted", asked->exporter.accepted, "as if it was accepted");
    command->add_option("--pattern", subject.pattern, "the pattern of the collect entry")
        ->type_name("DIR/");
    command->add_option("--path", subject.path, "where it would go")->type_name("PATH");
    command->add_option("--mode", asked->mode, "octal");
    command->add_option("--owner", subject.owner, "as declared")->type_name("USER");
    command->add_option("--group", subject.group, "as declared")->type_name("GROUP");
    command->add_option("--bytes", subject.bytes, "size of its content")->type_name("N");
    command->add_option("--collected", subject.collected, "resources collected already")
        ->type_name("N");
    command->add_flag("--symlink", subject.symlink, "it is a symbolic link");
    command->add_flag("--removes", subject.removes, "it is absent, or has force or purge");
    command->add_option("--self", asked->self, "the agent's user; default: you")->type_name("USER");
    declare_sources(*command);
    command->callback(
        [command, place, asked, &chosen] { chosen.exit_code = test(*command, *place, *asked); });
}

void add_accept(CLI::App& policy, Chosen& chosen) {
    CLI::App* command = policy.add_subcommand("accept", "end the quarantine of an exporter");
    auto place = std::make_shared<Place>();  // shared: CLI11 copies the callback
    auto exporter = std::make_shared<std::string>();
    add_prefix(*command, place->prefix);
    command->add_option("--hostname", place->host, "the agent's name, if there are several")
        ->type_name("NAME");
    command->add_option("host", *exporter, "the exporter")->type_name("HOST")->required();
    declare_sources(*command);
    command->callback([command, place, exporter, &chosen] {
        chosen.exit_code = accept(*command, *place, *exporter);
    });
}

}  // namespace

void add_policy(CLI::App& app, Chosen& chosen) {
    CLI::App* command = app.add_subcommand("policy", "what other hosts may say about this machine");
    command->require_subcommand(1);
    add_show(*command, chosen);
    add_test(*command, chosen);
    add_accept(*command, chosen);
}

}  // namespace hansa
