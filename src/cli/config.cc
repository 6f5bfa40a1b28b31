#include "cli/config.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/text.h"
#include "daemon/inspect.h"
#include "data/yaml.h"

namespace hansa {

namespace {

constexpr const char* default_config = "/etc/hansa/hansa.yaml";

struct Contradiction {
    const char* one;
    const char* other;
};
constexpr Contradiction contradictions[] = {{"prefix", "tmp-prefix"}, {"seeds", "standalone"},
                                            {"found", "standalone"},  {"quiet", "verbose"},
                                            {"seat", "no-server"},    {"listen", "client-urls"},
                                            {"listen", "server-urls"}};

// HANSA_CONVERGED_TIMEOUT for --converged-timeout; empty for what has no variable.
std::string variable_of(const CLI::Option& option) {
    const std::string name = option.get_lnames().empty() ? "" : option.get_lnames().front();
    if (name.empty() || name == "help") return {};
    std::string variable = "HANSA_";
    for (char c : name)
        variable += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    return variable;
}

// CLI11 would read variables by itself, as if they had been typed; so only the help names them.
class HelpWithVariables final : public CLI::Formatter {
 public:
    std::string make_option_opts(const CLI::Option* option) const override {
        const std::string variable = variable_of(*option);
        const std::string text = CLI::Formatter::make_option_opts(option);
        return variable.empty() || !option->get_envname().empty()
                   ? text
                   : text + " (Env:" + variable + ")";
    }
};

bool is_given(const CLI::Option& option) {
    const bool is_flag = option.get_items_expected_max() == 0;
    return option.count() > 0 && (!is_flag || option.as<bool>());
}

// What a source may not give: options that are set, and those that contradict them.
std::set<const CLI::Option*> settled(const CLI::App& app) {
    std::set<const CLI::Option*> found;
    for (const CLI::Option* option : app.get_options())
        if (option->count() > 0) found.insert(option);
    for (const auto& [one, other] : contradictions) {
        const auto* first = app.get_option_no_throw(std::string("--") + one);
        const auto* second = app.get_option_no_throw(std::string("--") + other);
        if (!first || !second) continue;
        if (is_given(*first)) found.insert(second);
        if (is_given(*second)) found.insert(first);
    }
    return found;
}

Result<void> give(CLI::Option& option, std::vector<std::string> words, const std::string& where) {
    try {
        for (std::string& word : words) option.add_result(std::move(word));
        option.run_callback();
    } catch (const CLI::Error& error) {
        return Error{Code::invalid, where + error.what()};
    }
    return {};
}

Result<void> apply_environment(CLI::App& app) {
    const auto above = settled(app);
    for (CLI::Option* option : app.get_options()) {
        const std::string variable = variable_of(*option);
        const char* text = variable.empty() ? nullptr : std::getenv(variable.c_str());
        if (!text || !*text || above.contains(option)) continue;
        if (auto given = give(*option, {text}, variable + ": "); !given) return given;
    }
    return {};
}

std::string place(const std::string& file, Mark mark) {
    return file + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column) + ": ";
}

std::vector<std::string> long_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options())
        for (const std::string& name : option->get_lnames())
            if (name != "help" && name != "config") names.push_back(name);
    return names;
}

Result<std::vector<std::string>> scalars_of(const Value& value) {
    std::vector<std::string> words;
    if (value.is_scalar()) words.push_back(value.scalar().text);
    if (value.is_list())
        for (const Value& entry : value.list()) {
            if (!entry.is_scalar()) return Error{Code::invalid, "a list of lists or maps"};
            words.push_back(entry.scalar().text);
        }
    if (value.is_map()) return Error{Code::invalid, "a map"};
    return words;
}

Result<void> apply_config(CLI::App& app, const std::string& text, const std::string& file,
                          UnknownKeys unknown) {
    auto root = parse_yaml(text, file);
    if (!root) return std::move(root).error();
    if (root->is_null()) return {};
    if (!root->is_map())
        return Error{Code::invalid, file + ": is not a map of option names to values"};
    const std::vector<std::string> names = long_names(app);
    const auto above = settled(app);
    for (const Value::Entry& entry : root->map()) {
        const std::string where = place(file, entry.mark);
        CLI::Option* option = std::find(names.begin(), names.end(), entry.key) != names.end()
                                  ? app.get_option_no_throw("--" + entry.key)
                                  : nullptr;
        if (!option) {
            if (unknown == UnknownKeys::ignored) continue;
            auto near = nearest(entry.key, names);
            return Error{Code::invalid, where + "no option \"" + printable(entry.key) + "\"" +
                                            (near ? "; did you mean \"" + *near + "\"?" : "")};
        }
        if (above.contains(option)) continue;
        auto words = scalars_of(entry.value);
        if (!words)
            return Error{Code::invalid, where + entry.key + " is " + words.error().text +
                                            "; write one value or a list of values"};
        if (auto given = give(*option, std::move(*words), where); !given) return given;
    }
    return {};
}

}  // namespace

void declare_sources(CLI::App& app) {
    app.add_option("--config")
        ->description("YAML file with these options; default " + std::string(default_config) +
                      ", if there")
        ->type_name("FILE");
    app.formatter(std::make_shared<HelpWithVariables>());  // shared: CLI11 keeps it so
}

std::string config_path(const CLI::App& app) {
    const CLI::Option& given = *app.get_option("--config");
    return given.count() > 0 ? given.as<std::string>() : default_config;
}

Result<void> read_sources(CLI::App& app, UnknownKeys unknown) {
    if (auto applied = apply_environment(app); !applied) return applied;
    const CLI::Option& given = *app.get_option("--config");
    const std::string path = config_path(app);
    auto text = read_whole(path);
    if (text) return apply_config(app, *text, path, unknown);
    if (text.error().code == Code::missing && given.count() == 0) return {};
    return std::move(text).error().during("reading the config file " + path);
}

}  // namespace hansa
