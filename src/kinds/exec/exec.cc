#include "kinds/exec/exec.h"

#include <algorithm>

#include "base/text.h"
#include "kinds/exec/params.h"
#include "kinds/paths.h"
#include "kinds/table_kind.h"

namespace hansa::kinds {
namespace {

constexpr std::size_t told_lines = 5;
constexpr std::size_t told_bytes = 400;

// The end of what a command printed, on one line.
std::string last_words(std::string_view output) {
    std::vector<std::string> lines = split(trim(output), '\n');
    if (lines.size() > told_lines) lines.erase(lines.begin(), lines.end() - told_lines);
    std::string text = join(lines, "\n");
    if (text.size() > told_bytes) text.erase(0, text.size() - told_bytes);
    return printable(text, 2 * told_bytes);
}

Error failure(const char* field, const Exit& exit) {
    if (exit.cancelled) return {Code::cancelled, std::string(field) + " was cancelled"};
    const std::string words = last_words(exit.output);
    return {Code::unavailable, std::string(field) + ": " + exit.describe() +
                                   (words.empty() ? ", no output" : "; it said: " + words)};
}

class Exec final : public Resource {
 public:
    explicit Exec(ExecParams params) : params_(std::move(params)) {}

    // A guarded command needs running when its guards say so, an unguarded one whenever anybody
    // asks: the engine asks once per dirtying, so it runs once per dirtying. A refresh dirties it
    // like anything else; guards hold then too.
    Result<Difference> check(const Context& context) const override;
    Result<void> apply(const Context& context, const Difference& difference) const override;

    std::vector<Watch> watches() const override;
    std::vector<Thing> provides() const override;
    std::vector<Thing> wants() const override;

    Value encode() const override { return exec_schema().write(params_); }
    bool same_as(const Resource& other) const override {
        return exec_schema().equal(params_, static_cast<const Exec&>(other).params_);
    }

 private:
    std::vector<std::string> main_line() const;

    // Where a command runs and as whom. Its arguments are the caller's.
    Result<Command> prepare(std::vector<std::string> arguments, const Accounts& accounts) const;

    Result<Exit> run(const char* field, std::vector<std::string> arguments,
                     const Context& context) const;

    // True when the guard lets the command run.
    Result<bool> ask(const char* field, const std::string& guard, const std::string& shell,
                     const Context& context) const;

    Result<bool> guards_agree(const Context& context) const;

    const ExecParams params_;
};

std::vector<std::string> Exec::main_line() const {
    if (params_.args.empty()) return command_line(params_.cmd, params_.shell);
    std::vector<std::string> line = {params_.cmd};
    line.insert(line.end(), params_.args.begin(), params_.args.end());
    return line;
}

Result<Command> Exec::prepare(std::vector<std::string> arguments, const Accounts& accounts) const {
    Command command;
    command.arguments = std::move(arguments);
    for (const auto& [name, value] : params_.env.values)
        command.environment.push_back(name + "=" + value);
    if (!params_.cwd.empty()) command.directory = as_entry(params_.cwd);
    if (!params_.user.empty()) {
        auto user = accounts.user(params_.user);
        if (!user) return std::move(user).error().during("user \"" + params_.user + "\"");
        command.user = *user;
    }
    if (!params_.group.empty()) {
        auto group = accounts.group(params_.group);
        if (!group) return std::move(group).error().during("group \"" + params_.group + "\"");
        command.group = *group;
    }
    return command;
}

Result<Exit> Exec::run(const char* field, std::vector<std::string> arguments,
                       const Context& context) const {
    auto command = prepare(std::move(arguments), context.machine.accounts);
    if (!command) return std::move(command).error();
    std::optional<Instant> deadline = context.deadline;
    if (params_.timeout > 0) {
        const Instant own = context.task.now() + Seconds(params_.timeout);
        deadline = deadline ? std::min(*deadline, own) : own;
    }
    auto exit = context.machine.processes.run(*command, context.task, deadline);
    if (!exit) return std::move(exit).error().during(field);
    return exit;
}

Result<bool> Exec::ask(const char* field, const std::string& guard, const std::string& shell,
                       const Context& context) const {
    auto exit = run(field, command_line(guard, shell), context);
    if (!exit) return std::move(exit).error();
    // A guard that was cut off has not answered.
    if (exit->cancelled || exit->timed_out) return failure(field, *exit);
    return exit->ok();
}

Result<bool> Exec::guards_agree(const Context& context) const {
    if (!params_.creates.empty()) {
        auto made = context.machine.files.status(as_entry(params_.creates));
        if (made) return false;
        if (made.error().code != Code::missing) return std::move(made).error().during("creates");
    }
    if (!params_.ifcmd.empty()) {
        auto yes = ask("ifcmd", params_.ifcmd, params_.ifshell, context);
        if (!yes || !*yes) return yes;
    }
    if (!params_.nifcmd.empty()) {
        auto yes = ask("nifcmd", params_.nifcmd, params_.nifshell, context);
        if (!yes) return yes;
        return !*yes;
    }
    return true;
}

Result<Difference> Exec::check(const Context& context) const {
    auto agreed = guards_agree(context);
    if (!agreed) return std::move(agreed).error();
    if (!*agreed) return Difference{};
    return Difference{{.field = "cmd", .from = "", .to = printable(join(main_line(), " "))}};
}

Result<void> Exec::apply(const Context& context, const Difference& difference) const {
    if (difference.empty()) return {};
    auto exit = run("cmd", main_line(), context);
    if (!exit) return std::move(exit).error();
    if (!exit->ok()) return failure("cmd", *exit);
    if (params_.donecmd.empty()) return {};

    auto done = run("donecmd", command_line(params_.donecmd, params_.doneshell), context);
    if (!done) return std::move(done).error();
    if (!done->ok()) return failure("donecmd", *done);
    return {};
}

std::vector<Watch> Exec::watches() const {
    std::vector<Watch> watches;
    if (!params_.watchcmd.empty()) {
        Command command;
        command.arguments = command_line(params_.watchcmd, params_.watchshell);
        for (const auto& [name, value] : params_.env.values)
            command.environment.push_back(name + "=" + value);
        if (!params_.cwd.empty()) command.directory = as_entry(params_.cwd);
        watches.push_back(WatchLines{std::move(command)});
    }
    for (const std::string& path : params_.watchfiles)
        watches.push_back(WatchPath{as_entry(path),
                                    path.ends_with('/') ? WatchDepth::content : WatchDepth::entry});
    if (!params_.creates.empty())
        watches.push_back(WatchPath{as_entry(params_.creates), WatchDepth::entry});
    if (params_.pollint > 0) watches.push_back(WatchTicks{Seconds(params_.pollint)});
    return watches;
}

std::vector<Thing> Exec::provides() const {
    if (params_.creates.empty()) return {};
    return {{"path", as_entry(params_.creates)}};
}

std::vector<Thing> Exec::wants() const {
    std::string named = join(main_line(), " ");
    for (const std::string* guard :
         {&params_.ifcmd, &params_.nifcmd, &params_.watchcmd, &params_.donecmd, &params_.cwd})
        named += " " + *guard;
    std::vector<Thing> wants;
    for (std::string& path : paths_in(named))
        if (path != as_entry(params_.creates)) wants.push_back({"path", std::move(path)});
    if (!params_.user.empty()) wants.push_back({"user", params_.user});
    if (!params_.group.empty()) wants.push_back({"group", params_.group});
    return wants;
}

// A command may do whatever its account may.
Reach reach_of(const ResourceId&, const ExecParams& params) {
    const bool looks = !params.ifcmd.empty() || !params.nifcmd.empty() || !params.watchcmd.empty();
    return {.owner = params.user, .group = params.group, .looks_by_command = looks};
}

}  // namespace

std::unique_ptr<const Kind> exec() {
    return from_parts<ExecParams>(
        {.name = "exec",
         .help = "a command that is run when its guards ask for it",
         .schema = exec_schema(),
         .build = [](const ResourceId&, ExecParams params) -> ResourcePtr {
             return std::make_shared<const Exec>(std::move(params));
         },
         .complete = complete_exec,
         .reach = reach_of});
}

}  // namespace hansa::kinds
