#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>

#include "base/text.h"
#include "base/time.h"
#include "cli/answer.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/log.h"

namespace hansa {

namespace {

constexpr Seconds patience{60};

int farewell(const Value& answer) {
    std::string kept;
    for (const Value& path : list_at(answer, "kept"))
        kept += "\n  " + printable(path.scalar().text);
    std::printf("this host has left its cluster: nothing is exported any more, its name is free\n");
    if (!kept.empty())
        std::printf(
            "what it has applied stays as it is, and so does what its agent needs to come "
            "back with\n\"hansa run\"; to make it nobody's, remove%s\n",
            kept.c_str());
    const std::string trouble = text_at(answer, "trouble");
    if (trouble.empty()) return 0;
    return refuse({Code::unavailable, "its agent ends, but the name may not be released: " +
                                          trouble + "; \"hansa run\" takes it up again"});
}

// The agent does one step for each question, and takes a pause itself.
int leave(CLI::App& command, const AgentChoice& choice) {
    const auto began = std::chrono::steady_clock::now();
    std::string told;
    for (;;) {
        auto answer = ask(command, choice, "leave");
        if (!answer) return refuse(answer.error());
        if (text_at(*answer, "state") == "left") {
            if (!choice.json) return farewell(*answer);
            print_json(*answer);
            return text_at(*answer, "trouble").empty() ? 0 : 1;
        }
        const std::string says = text_at(*answer, "says");
        if (says != told) std::fprintf(stderr, "%s\n", says.c_str());
        told = says;
        if (std::chrono::steady_clock::now() - began > patience)
            return refuse({Code::unavailable,
                           "this host's seat was not given away within " + readable(patience) +
                               ": it keeps it and stays; see \"hansa cluster status\""});
    }
}

}  // namespace

void add_leave(CLI::App& app, Chosen& chosen) {
    CLI::App* command = app.add_subcommand("leave", "take this host out of its cluster for good");
    auto choice = std::make_shared<AgentChoice>();  // shared: CLI11 copies the callback
    add_agent_choice(*command, *choice);
    command->callback([command, choice, &chosen] { chosen.exit_code = leave(*command, *choice); });
}

}  // namespace hansa
