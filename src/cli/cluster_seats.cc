#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/text.h"
#include "cli/answer.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/log.h"
#include "cli/render.h"
#include "daemon/seat_settings.h"

namespace hansa {

namespace {

struct Options : AgentChoice {
    std::string wanted;
};

// Shared because CLI11 copies the callbacks.
std::shared_ptr<Options> options_of(CLI::App& command) {
    auto options = std::make_shared<Options>();
    add_agent_choice(command, *options);
    return options;
}

int exit_code_for(const Value& status) {
    const std::string health = text_at(status, "health");
    const bool well = health == "healthy" || health == "changing";
    return static_cast<int>(well ? ExitCode::fine : ExitCode::failures);
}

int status(CLI::App& command, const Options& options) {
    auto shown = ask(command, options, "cluster");
    if (!shown) return refuse(shown.error());
    if (options.json)
        print_json(*shown);
    else
        std::fputs(as_cluster(*shown).c_str(), stdout);
    return exit_code_for(*shown);
}

// What is asked for, and what there is of it.
int show(CLI::App& command, const Options& options, const std::string& setting) {
    auto shown = ask(command, options, "cluster");
    if (!shown) return refuse(shown.error());
    const Value& seats = map_at(*shown, "seats");
    if (options.json) {
        print_json(seats);
        return 0;
    }
    const std::string value = text_at(seats, setting);
    std::printf("%s\n", value.empty() ? "-" : value.c_str());
    if (setting == "timing") return 0;
    std::fprintf(stderr, "%s of %s taken\n", text_at(seats, "taken").c_str(),
                 counted(number_at(seats, "wanted"), "seat").c_str());
    for (const char* why : {"fewer_because", "open_because"})
        for (const Value& line : list_at(seats, why))
            std::fprintf(stderr, "%s\n", printable(line.scalar().text).c_str());
    return 0;
}

int set(CLI::App& command, const Options& options, const std::string& question) {
    auto done = ask(command, options, question + " " + options.wanted);
    if (!done) return refuse(done.error());
    if (options.json) {
        print_json(*done);
        return 0;
    }
    const Value& now = map_at(*done, "now");
    std::printf("ideal size %s, timing %s\n%s\n", text_at(now, "ideal").c_str(),
                text_at(now, "timing").c_str(), text_at(*done, "follows").c_str());
    for (const Value& warning : list_at(*done, "warnings"))
        std::fprintf(stderr, "hansa: %s\n", printable(warning.scalar().text).c_str());
    return 0;
}

Result<void> check_size(const std::string& text) {
    auto size = cluster_size(text);
    return size ? Result<void>{} : Result<void>(std::move(size).error());
}

void add_cluster_status(CLI::App& group, Chosen& chosen) {
    CLI::App* command =
        group.add_subcommand("status", "how the store is, and what its steward does");
    auto options = options_of(*command);
    command->callback(
        [command, options, &chosen] { chosen.exit_code = status(*command, *options); });
}

struct Setting {
    const char* name;  // of the command and of the question
    const char* shown;
    const char* type;
    const char* help;
    const char* option_help;
    Result<void> (*check)(const std::string&);
};

void add_setting(CLI::App& group, Chosen& chosen, const Setting& setting) {
    CLI::App* command = group.add_subcommand(setting.name, setting.help);
    auto options = options_of(*command);
    command->add_option("wanted", options->wanted, setting.option_help)->type_name(setting.type);
    command->callback([command, options, &chosen, setting] {
        if (options->wanted.empty()) {
            chosen.exit_code = show(*command, *options, setting.shown);
            return;
        }
        auto good = setting.check(options->wanted);
        chosen.exit_code = good ? set(*command, *options, setting.name) : refuse(good.error());
    });
}

}  // namespace

void add_cluster_seats(CLI::App& group, Chosen& chosen) {
    add_cluster_status(group, chosen);
    add_setting(group, chosen,
                {"size", "ideal", "K", "show or set how many seats there should be",
                 "odd, from 1 to 9; without it the present one is shown", check_size});
    add_setting(group, chosen,
                {"timing", "timing", "NAME", "show or set by which times seats change",
                 "default, or fast: for tests; without it the present one is shown", check_timing});
}

}  // namespace hansa
