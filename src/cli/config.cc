#include "cli/config.h"

#include <CLI/CLI.hpp>

#include "base/text.h"
#include "data/yaml.h"

namespace hansa {

namespace {

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

}  // namespace

Result<void> apply_config(CLI::App& app, const std::string& text, const std::string& file) {
    auto root = parse_yaml(text, file);
    if (!root) return std::move(root).error();
    if (root->is_null()) return {};
    if (!root->is_map())
        return Error{Code::invalid, file + ": is not a map of option names to values"};
    const std::vector<std::string> names = long_names(app);
    for (const Value::Entry& entry : root->map()) {
        const std::string where = place(file, entry.mark);
        CLI::Option* option = std::find(names.begin(), names.end(), entry.key) != names.end()
                                  ? app.get_option_no_throw("--" + entry.key)
                                  : nullptr;
        if (!option) {
            auto near = nearest(entry.key, names);
            return Error{Code::invalid, where + "no option \"" + printable(entry.key) + "\"" +
                                            (near ? "; did you mean \"" + *near + "\"?" : "")};
        }
        if (option->count() > 0) continue;  // command line and environment win
        auto words = scalars_of(entry.value);
        if (!words)
            return Error{Code::invalid, where + entry.key + " is " + words.error().text +
                                            "; write one value or a list of values"};
        try {
            for (std::string& word : *words) option->add_result(std::move(word));
            option->run_callback();
        } catch (const CLI::Error& error) {
            return Error{Code::invalid, where + error.what()};
        }
    }
    return {};
}

}  // namespace hansa
