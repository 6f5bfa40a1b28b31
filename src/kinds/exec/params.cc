#include "kinds/exec/params.h"

#include <algorithm>

#include "base/text.h"
#include "kinds/paths.h"

namespace hansa {

Result<kinds::Environment> Codec<kinds::Environment>::read(const Value& value) {
    kinds::Environment read;
    if (value.is_map()) {
        auto values = Codec<std::map<std::string, std::string>>::read(value);
        if (!values) return std::move(values).error();
        read.values = std::move(*values);
        return read;
    }
    auto lines = Codec<std::vector<std::string>>::read(value);
    if (!lines) return Error{Code::invalid, "is no environment; write a map of names and texts"};
    for (const std::string& line : *lines) {
        const auto equals = line.find('=');
        if (equals == std::string::npos)
            return Error{Code::invalid,
                         "has \"" + printable(line, 60) + "\" without \"=\"; write NAME=value"};
        read.values.insert_or_assign(line.substr(0, equals), line.substr(equals + 1));
    }
    return read;
}

std::optional<Value> Codec<kinds::Environment>::write(const kinds::Environment& member) {
    return Codec<std::map<std::string, std::string>>::write(member.values);
}

namespace kinds {

const Schema<ExecParams>& exec_schema() {
    using P = ExecParams;
    static const Schema<P> schema = {
        field("cmd", &P::cmd, "the command; default: the resource's name"),
        field("args", &P::args, "arguments as they are; cmd is then the program alone"),
        field("shell", &P::shell,
              "program that runs cmd after -c; when absent cmd is split at blanks and run itself"),
        field("cwd", &P::cwd, "absolute path of the directory in which all commands run"),
        field("env", &P::env, "added to the agent's environment; a map, or a list of NAME=value"),
        field("user", &P::user, "user name or number whose rights all commands have"),
        field("group", &P::group, "group name or number likewise"),
        field("timeout", &P::timeout,
              "seconds after which a command is ended and has failed; 0: none"),
        field("ifcmd", &P::ifcmd, "guard: cmd runs only when this one exits with 0"),
        field("ifshell", &P::ifshell, "as shell, for ifcmd"),
        field("nifcmd", &P::nifcmd, "guard: cmd runs only when this one does not exit with 0"),
        field("nifshell", &P::nifshell, "as shell, for nifcmd"),
        field("creates", &P::creates, "guard: cmd runs only when there is nothing at this path"),
        field("watchcmd", &P::watchcmd, "stays running; each line that it prints runs cmd again"),
        field("watchshell", &P::watchshell, "as shell, for watchcmd"),
        field("watchfiles", &P::watchfiles,
              "a change at one of these absolute paths runs cmd again; a trailing slash means "
              "what lies in that directory"),
        field("donecmd", &P::donecmd,
              "runs when cmd has succeeded; the resource fails when it does"),
        field("doneshell", &P::doneshell, "as shell, for donecmd"),
        field("pollint", &P::pollint, "seconds after which it is looked at again; 0: never"),
        field("state", &P::state, "accepted from old graphs, without effect"),
    };
    return schema;
}

namespace {

void check_environment(const Environment& environment, Findings& findings) {
    for (const auto& [name, value] : environment.values) {
        const bool bad_name = name.empty() || name.find('=') != std::string::npos ||
                              name.find('\0') != std::string::npos;
        if (bad_name)
            findings.wrong("env", "has the name \"" + printable(name, 60) +
                                      "\"; a name has no \"=\" and is not empty");
        if (value.find('\0') != std::string::npos)
            findings.wrong("env", "has a NUL byte in the value of " + printable(name, 60));
    }
}

void check_commands(const ExecParams& params, Findings& findings) {
    struct Row {
        const char* field;
        const std::string& command;
        const char* shell_field;
        const std::string& shell;
    };
    const Row rows[] = {
        {"cmd", params.cmd, "shell", params.shell},
        {"ifcmd", params.ifcmd, "ifshell", params.ifshell},
        {"nifcmd", params.nifcmd, "nifshell", params.nifshell},
        {"watchcmd", params.watchcmd, "watchshell", params.watchshell},
        {"donecmd", params.donecmd, "doneshell", params.doneshell},
    };
    for (const Row& row : rows) {
        if (row.command.find('\0') != std::string::npos)
            findings.wrong(row.field, "holds a NUL byte, which no command line can carry");
        if (!row.command.empty() && trim(row.command).empty())
            findings.wrong(row.field, "is blank; write a command");
        if (row.command.empty() && !row.shell.empty())
            findings.wrong(row.shell_field,
                           "stands without " + std::string(row.field) + "; write that one too");
    }
}

}  // namespace

void complete_exec(ExecParams& params, Findings& findings) {
    if (params.cmd.empty()) params.cmd = findings.name();
    if (params.cmd.empty()) findings.wrong("cmd", "is missing; write a command");
    if (!params.args.empty() && !params.shell.empty())
        findings.wrong("args", "stand beside shell, which takes one text; write one of the two");
    check_commands(params, findings);
    check_environment(params.env, findings);
    findings.path("cwd", params.cwd);
    findings.path("creates", params.creates);
    for (std::string& watched : params.watchfiles) findings.path("watchfiles", watched);
    std::erase(params.watchfiles, "");
    if (!params.state.empty()) findings.warn("state", "has no effect on an exec");
    // Names are looked up when a command runs, but a watch command starts with the graph.
    if (!params.watchcmd.empty() && !(params.user.empty() && params.group.empty()))
        findings.warn("watchcmd",
                      "runs with the agent's own rights, not with those of user and "
                      "group");
}

std::vector<std::string> command_line(const std::string& text, const std::string& shell) {
    if (!shell.empty()) return {shell, "-c", text};
    std::vector<std::string> words;
    constexpr std::string_view blanks = " \t\r\n\v\f";
    std::size_t at = text.find_first_not_of(blanks);
    while (at != std::string::npos) {
        const std::size_t end = std::min(text.find_first_of(blanks, at), text.size());
        words.push_back(text.substr(at, end - at));
        at = text.find_first_not_of(blanks, end);
    }
    return words;
}

std::vector<std::string> paths_in(const std::string& text) {
    // What ends a word for a shell, and '=' as in --config=/etc/x.
    constexpr std::string_view stops = " \t\r\n\v\f\"'`;|&<>(){}=,*?$";
    std::vector<std::string> paths;
    std::size_t at = text.find_first_not_of(stops);
    while (at != std::string::npos) {
        const std::size_t end = std::min(text.find_first_of(stops, at), text.size());
        if (auto path = normal_path(std::string_view(text).substr(at, end - at))) {
            std::string entry = as_entry(*path);
            const bool known = std::find(paths.begin(), paths.end(), entry) != paths.end();
            if (!known && entry != "/") paths.push_back(std::move(entry));
        }
        at = text.find_first_not_of(stops, end);
    }
    return paths;
}

}  // namespace kinds
}  // namespace hansa
