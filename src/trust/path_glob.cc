#include "trust/path_glob.h"

#include <vector>

#include "base/text.h"

namespace hansa {
namespace {

constexpr std::string_view any_steps = "**";

// "/a/b" gives a, b; "/" gives nothing.
std::vector<std::string> steps_of(std::string_view path) {
    if (path.starts_with('/')) path.remove_prefix(1);
    if (path.empty()) return {};
    return split(path, '/');
}

bool is_literal(std::string_view step) {
    return step.find_first_of("*?[\\") == step.npos;
}

// Only the latest "**" is ever gone back to: an earlier one can do nothing that it cannot.
bool match(const std::vector<std::string>& glob, const std::vector<std::string>& path) {
    constexpr std::size_t none = static_cast<std::size_t>(-1);
    std::size_t at = 0;
    std::size_t step = 0;
    std::size_t star = none;
    std::size_t star_step = 0;
    while (step < path.size()) {
        if (at < glob.size() && glob[at] == any_steps) {
            if (at + 1 == glob.size()) return true;  // a step is left for it
            star = at++;
            star_step = step;
        } else if (at < glob.size() && glob_matches(glob[at], path[step])) {
            ++at;
            ++step;
        } else if (star != none) {
            at = star + 1;
            step = ++star_step;
        } else {
            return false;
        }
    }
    return at == glob.size();
}

}  // namespace

bool path_glob_matches(std::string_view glob, std::string_view path) {
    return match(steps_of(glob), steps_of(path));
}

bool path_glob_touches(std::string_view glob, std::string_view path) {
    const std::string inside = path == "/" ? "/" : std::string(path) + "/";
    if (glob.starts_with(inside)) return true;
    const std::vector<std::string> wanted = steps_of(glob);
    std::vector<std::string> steps = steps_of(path);
    for (; !steps.empty(); steps.pop_back())
        if (match(wanted, steps)) return true;
    return false;
}

std::string path_glob_root(std::string_view glob) {
    const std::vector<std::string> steps = steps_of(glob);
    std::string root;
    for (std::size_t at = 0; at + 1 < steps.size() && is_literal(steps[at]); ++at)
        root += "/" + steps[at];
    return root.empty() ? "/" : root;
}

std::string path_glob_fault(std::string_view glob) {
    if (!glob.starts_with('/')) return "is not absolute; begin it with \"/\"";
    if (glob.size() > 4096) return "is longer than a path may be, 4096 bytes";
    for (const std::string& step : steps_of(glob)) {
        if (step.empty()) return "has an empty step; write single slashes and none at the end";
        if (step == "." || step == "..") return "holds \"" + step + "\"; write the path without it";
        if (step != any_steps && step.find(any_steps) != step.npos)
            return "has \"**\" inside of a step; write it as a step of its own";
    }
    return glob == "/" ? "is the root directory, below which everything lies; write \"/**\"" : "";
}

}  // namespace hansa
