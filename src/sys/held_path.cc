#include "sys/held_path.h"

#include "base/text.h"

namespace hansa {
namespace {

std::string shown(const std::string& path) {
    return printable(path, 4096);
}

}  // namespace

Result<std::string> steps_below(const std::string& directory, const std::string& path) {
    if (!path.starts_with('/') || path.find('\0') != std::string::npos)
        return Error{Code::invalid,
                     "\"" + shown(path) + "\": not an absolute path; begin it with \"/\", no NUL"};
    std::string_view rest = path;
    while (rest.size() > 1 && rest.ends_with('/')) rest.remove_suffix(1);
    const std::string_view top = directory == "/" ? "" : std::string_view(directory);
    const bool is_itself = rest == directory;
    const bool is_below =
        rest.starts_with(top) && rest.size() > top.size() + 1 && rest[top.size()] == '/';
    if (is_itself) return std::string();
    if (!is_below)
        return Error{Code::denied, shown(path) + ": does not lie below " + shown(directory) +
                                       ", which must not be left"};
    rest.remove_prefix(top.size() + 1);
    for (const std::string& step : split(rest, '/'))
        if (step.empty() || step == "." || step == "..")
            return Error{Code::denied, shown(path) + ": holds \"" + step + "\" as a step; below " +
                                           shown(directory) + " a path must be plain"};
    return std::string(rest);
}

Result<std::string> held_directory(const std::string& directory) {
    if (!directory.starts_with('/') || directory.find('\0') != std::string::npos)
        return Error{Code::invalid, "\"" + shown(directory) + "\": not an absolute directory"};
    const std::size_t end = directory.find_last_not_of('/');
    return end == std::string::npos ? std::string("/") : directory.substr(0, end + 1);
}

Error link_below(const std::string& directory, const std::string& path) {
    return {Code::denied, shown(path) + ": a symbolic link stands on the way; below " +
                              shown(directory) + " none is followed"};
}

Error foreign_owner(const std::string& path, const std::string& owner) {
    return {Code::denied, shown(path) + ": belongs to user " + owner +
                              ", not to the agent; only the agent's own is changed there"};
}

Error more_names(const std::string& path) {
    return {Code::denied, shown(path) +
                              ": has further names (hard links), which may be anywhere; remove "
                              "all but one"};
}

Error is_the_limit(const std::string& directory) {
    return {Code::denied, shown(directory) + ": may only be changed below, not itself"};
}

}  // namespace hansa
