#include "sys/sim/processes.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/text.h"

namespace hansa {
namespace {

constexpr int sigterm = 15;
constexpr int not_found_status = 127;  // of a shell

std::string base_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

bool is_shell(const Command& command) {
    const std::string program = base_name(command.arguments[0]);
    return command.arguments.size() >= 3 && (program == "sh" || program == "bash") &&
           command.arguments[1] == "-c";
}

std::string text_of(const Command& command) {
    return is_shell(command) ? command.arguments[2] : join(command.arguments, " ");
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    for (std::string& word : split(text, ' '))
        if (!word.empty()) words.push_back(std::move(word));
    return words;
}

Exit exit_of(const Script& script) {
    Exit exit;
    exit.status = script.status;
    exit.output = script.output;
    return exit;
}

Duration seconds_of(const std::string& text) {
    return duration_cast<Duration>(std::chrono::duration<double>(std::atof(text.c_str())));
}

}  // namespace

// A started child: timers that print its lines and tell its end.
class SimProcesses::SimChild final : public Child {
 public:
    SimChild(SimProcesses& owner, std::size_t execution, Script script, ChildEvents events)
        : owner_(owner),
          execution_(execution),
          pid_(++owner.pids_made_),
          script_(std::move(script)),
          events_(std::move(events)) {
        for (const Script::Line& line : script_.lines)
            timers_.push_back(owner_.loop_.after(line.at, [this, &line] {
                if (events_.on_line) events_.on_line(line.text);
            }));
        timers_.push_back(owner_.loop_.after(script_.takes, [this] { finish(); }));
    }
    ~SimChild() override {
        if (running_) owner_.end(execution_, true);
    }

    int pid() const override { return pid_; }

    void signal(int number) override {
        if (!running_ || number == 0) return;
        running_ = false;
        owner_.end(execution_, true);
        timers_.clear();
        Exit exit;
        exit.ran = owner_.loop_.clock().now() - owner_.history_[execution_].started;
        exit.signal = number;
        exit.output = script_.output;
        timers_.push_back(owner_.loop_.after({}, [this, exit] { tell(exit); }));
    }

 private:
    void finish() {
        running_ = false;
        owner_.end(execution_, false);
        if (script_.at_end) script_.at_end();
        Exit exit = exit_of(script_);
        exit.ran = script_.takes;
        tell(std::move(exit));
    }

    void tell(Exit exit) {
        const auto last = std::move(events_.on_exit);  // it may destroy the child
        if (last) last(std::move(exit));
    }

    SimProcesses& owner_;
    std::size_t execution_;
    int pid_;
    Script script_;
    ChildEvents events_;
    std::vector<Held> timers_;
    bool running_ = true;
};

SimProcesses::SimProcesses(SimLoop& loop, SimFiles& files) : loop_(loop), files_(files) {}

SimProcesses::~SimProcesses() = default;

std::optional<Script> SimProcesses::builtin(const std::vector<std::string>& words) {
    const std::string program = words.empty() ? "" : base_name(words[0]);
    const std::string last = words.empty() ? "" : words.back();
    Script script;
    if (program == "true" || program == ":") return script;
    if (program == "false") return Script{.status = 1};
    if (program == "echo") {
        script.output = join(std::span(words).subspan(1), " ") + "\n";
        script.lines = {{Duration{0}, join(std::span(words).subspan(1), " ")}};
        return script;
    }
    if (program == "sleep") return Script{.takes = seconds_of(last)};
    if (program == "touch") {
        script.status =
            files_.status(last.substr(0, std::max<std::size_t>(last.rfind('/'), 1))) ? 0 : 1;
        script.at_end = [this, last] {
            if (!files_.status(last)) (void)files_.write(last, "", {});
        };
        return script;
    }
    if (program == "rm") {
        script.at_end = [this, last] { (void)files_.remove_tree(last); };
        return script;
    }
    if (program == "test" && words.size() == 3) {
        const auto found = files_.status(last);
        const bool holds =
            found && (words[1] == "-e" || (words[1] == "-f" && found->type == FileType::regular) ||
                      (words[1] == "-d" && found->type == FileType::directory));
        return Script{.status = holds ? 0 : 1};
    }
    return std::nullopt;
}

// Steps that follow one another take what they take together. Effects come with the end of all,
// and `test` sees the machine as it is at the start.
Result<Script> SimProcesses::of_shell(const std::string& text) {
    Script whole;
    std::vector<Action> effects;
    std::string rest = text;
    while (!rest.empty() && whole.status == 0) {
        const std::size_t cut = std::min(rest.find("&&"), rest.find(';'));
        const std::string step = rest.substr(0, cut);
        rest = cut == std::string::npos ? "" : rest.substr(cut + (rest[cut] == ';' ? 1 : 2));
        auto script = builtin(words_of(step));
        if (!script)
            return Script{.status = not_found_status, .output = "sh: not found: " + step + "\n"};
        whole.status = script->status;
        whole.output += script->output;
        for (Script::Line& line : script->lines)
            whole.lines.push_back({whole.takes + line.at, std::move(line.text)});
        whole.takes += script->takes;
        if (script->at_end && script->status == 0) effects.push_back(std::move(script->at_end));
    }
    whole.at_end = [effects = std::move(effects)] {
        for (const Action& effect : effects) effect();
    };
    return whole;
}

Result<Script> SimProcesses::find(const Command& command) {
    if (command.arguments.empty()) return Error{Code::invalid, "a command without a program"};
    if (!command.directory.empty()) {
        const auto directory = files_.status(command.directory);
        if (!directory || directory->type != FileType::directory)
            return Error{Code::missing, printable(command.directory) + ": no such directory"};
    }
    auto handler = handlers_.find(text_of(command));
    if (handler == handlers_.end()) handler = handlers_.find(base_name(command.arguments[0]));
    if (handler != handlers_.end()) return handler->second(command);
    if (is_shell(command)) return of_shell(command.arguments[2]);
    if (auto script = builtin(command.arguments)) return std::move(*script);
    return Error{Code::missing, printable(command.arguments[0]) + ": no such program"};
}

std::size_t SimProcesses::begin(const Command& command) {
    history_.push_back({text_of(command), loop_.clock().now(), std::nullopt, false});
    most_at_once_ = std::max(most_at_once_, ++now_running_);
    return history_.size() - 1;
}

void SimProcesses::end(std::size_t execution, bool by_us) {
    --now_running_;
    history_[execution].ended = loop_.clock().now();
    history_[execution].ended_by_us = by_us;
}

Result<Exit> SimProcesses::run(const Command& command, Task& task,
                               std::optional<Instant> deadline) {
    auto script = find(command);
    if (!script) return std::move(script).error();
    const std::size_t execution = begin(command);
    const Instant end_of_script = task.now() + script->takes;
    const Instant until = deadline ? std::min(*deadline, end_of_script) : end_of_script;
    while (!task.cancelled() && task.now() < until) task.sleep(until - task.now());

    Exit exit = exit_of(*script);
    exit.ran = task.now() - history_[execution].started;
    exit.cancelled = task.cancelled();
    exit.timed_out = !exit.cancelled && until < end_of_script;
    const bool cut = exit.cancelled || exit.timed_out;
    if (cut) {
        exit.status.reset();
        exit.signal = sigterm;
    } else if (script->at_end) {
        script->at_end();
    }
    end(execution, cut);
    return exit;
}

Result<std::unique_ptr<Child>> SimProcesses::start(const Command& command, Lifetime,
                                                   ChildEvents events) {
    auto script = find(command);
    if (!script) return std::move(script).error();
    const std::size_t execution = begin(command);
    return std::unique_ptr<Child>{
        std::make_unique<SimChild>(*this, execution, std::move(*script), std::move(events))};
}

std::size_t SimProcesses::count(const std::string& text) const {
    return static_cast<std::size_t>(
        std::count_if(history_.begin(), history_.end(),
                      [&text](const Execution& execution) { return execution.text == text; }));
}

}  // namespace hansa
