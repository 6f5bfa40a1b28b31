#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/config.h"
#include "cli/log.h"
#include "cli/prefix.h"
#include "daemon/examine.h"

namespace hansa {

namespace {

const char* name_of(Finding::Grade grade) {
    switch (grade) {
        case Finding::Grade::good: return "ok";
        case Finding::Grade::warning: return "warning";
        case Finding::Grade::problem: return "problem";
    }
    return "problem";
}

Value as_value(const std::vector<Finding>& findings) {
    Value::List list;
    for (const Finding& finding : findings) {
        Value::Map map;
        map.push_back({"grade", {}, Value::of_text(name_of(finding.grade))});
        map.push_back({"what", {}, Value::of_text(finding.what)});
        if (!finding.remedy.empty()) map.push_back({"remedy", {}, Value::of_text(finding.remedy)});
        list.push_back(Value::of_map(std::move(map)));
    }
    Value::Map map;
    map.push_back({"findings", {}, Value::of_list(std::move(list))});
    return Value::of_map(std::move(map));
}

void print(const std::vector<Finding>& findings) {
    for (const Finding& finding : findings) {
        std::printf("%-8s %s\n", name_of(finding.grade), printable(finding.what, 1000).c_str());
        if (!finding.remedy.empty())
            std::printf("         do: %s\n", printable(finding.remedy, 1000).c_str());
    }
}

int examine_here(CLI::App& command, const AgentChoice& choice) {
    if (auto read = read_sources(command, UnknownKeys::ignored); !read) return refuse(read.error());
    const auto findings = diagnose(examine(chosen_prefix(choice.prefix), choice.host));
    if (choice.json)
        print_json(as_value(findings));
    else
        print(findings);
    const bool is_ill = worst(findings) == Finding::Grade::problem;
    return static_cast<int>(is_ill ? ExitCode::failures : ExitCode::fine);
}

}  // namespace

void add_doctor(CLI::App& app, Chosen& chosen) {
    CLI::App* command = app.add_subcommand(
        "doctor", "look at this machine, its agents and their cluster: what is wrong, what to do");
    command->footer(
        "Changes nothing. Exit code 0: no problem was found (perhaps warnings); 4: one was.");
    auto choice = std::make_shared<AgentChoice>();  // shared: CLI11 copies the callback
    add_agent_choice(*command, *choice);
    command->callback(
        [command, choice, &chosen] { chosen.exit_code = examine_here(*command, *choice); });
}

}  // namespace hansa
