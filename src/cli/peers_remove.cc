#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>

#include "base/host.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/answer.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/log.h"

namespace hansa {

namespace {

constexpr Seconds patience{90};

struct Options : AgentChoice {
    std::string name;
    bool dry_run = false;
};

std::string exports_in(const Value& answer) {
    return counted(number_at(answer, "exports"), "export");
}

std::string records_in(const Value& answer) {
    return counted(number_at(answer, "records"), "record");
}

int show_plan(CLI::App& command, const Options& options) {
    auto plan = ask(command, options, "removal " + options.name);
    if (!plan) return refuse(plan.error());
    if (options.json) {
        print_json(*plan);
        return 0;
    }
    const std::string seat = text_at(*plan, "seat");
    const bool has_seat = seat != "-";
    std::printf("host     %s, here since %s, last at %s\n", text_at(*plan, "name").c_str(),
                text_at(*plan, "since").c_str(), text_at(*plan, "where").c_str());
    std::printf("seat     %s%s\n", has_seat ? seat.c_str() : "none",
                has_seat ? ": the steward gives it to another host, or there is one less" : "");
    std::printf("exports  %s\n", text_at(*plan, "exports").c_str());
    std::printf("records  %s: its name, key set and exports\n", text_at(*plan, "records").c_str());
    std::fputs("nothing is changed\n", stderr);
    return 0;
}

int farewell(const Value& answer, const Options& options) {
    if (options.json) {
        print_json(answer);
        return 0;
    }
    std::printf("%s is removed: %s, %s among them; its name is free\n",
                text_at(answer, "name").c_str(), records_in(answer).c_str(),
                exports_in(answer).c_str());
    std::fprintf(stderr,
                 "what others collected from it stays there until ten minutes after its end\n"
                 "if it shall never come back: \"hansa peers revoke %s\", where the authority is\n",
                 options.name.c_str());
    return 0;
}

// The agent does one step for each question, and takes a pause itself.
int remove(CLI::App& command, const Options& options) {
    if (auto name = HostName::parse(options.name); !name) return refuse(name.error());
    if (options.dry_run) return show_plan(command, options);
    const auto began = std::chrono::steady_clock::now();
    std::string told;
    for (;;) {
        auto answer = ask(command, options, "remove " + options.name);
        if (!answer) return refuse(answer.error());
        if (text_at(*answer, "state") == "removed") return farewell(*answer, options);
        const std::string says = text_at(*answer, "says");
        if (says != told) std::fprintf(stderr, "%s\n", says.c_str());
        told = says;
        if (std::chrono::steady_clock::now() - began > patience)
            return refuse({Code::unavailable, "the removal of " + options.name + " still waits (" +
                                                  says +
                                                  "); it stays asked for, and the same "
                                                  "command goes on with it"});
    }
}

}  // namespace

void add_peers_remove(CLI::App& group, Chosen& chosen) {
    CLI::App* command =
        group.add_subcommand("remove", "free the name, seat and records of a host that is dead");
    auto options = std::make_shared<Options>();  // shared: CLI11 copies the callback
    command->add_option("name", options->name, "the host's name")->type_name("NAME")->required();
    command->add_flag("--dry-run", options->dry_run, "say what would go, and change nothing");
    add_agent_choice(*command, *options);
    command->callback(
        [command, options, &chosen] { chosen.exit_code = remove(*command, *options); });
}

}  // namespace hansa
