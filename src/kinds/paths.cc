#include "kinds/paths.h"

#include <vector>

#include "base/text.h"

namespace hansa::kinds {

Result<std::string> normal_path(std::string_view text) {
    if (text.empty() || text.front() != '/')
        return Error{Code::invalid, "is not absolute; write it with a leading \"/\""};
    for (const unsigned char byte : text)
        if (byte < 0x20 || byte == 0x7f)
            return Error{Code::invalid, "holds a control byte; write the path on one line"};

    std::string normal = "/";
    bool ends_as_directory = false;
    for (const std::string& step : split(text, '/')) {
        ends_as_directory = step.empty() || step == ".";
        if (ends_as_directory) continue;
        if (step == "..") return Error{Code::invalid, "holds \"..\"; write the path without it"};
        if (normal.back() != '/') normal += '/';
        normal += step;
    }
    if (ends_as_directory && normal.back() != '/') normal += '/';
    return normal;
}

std::string as_entry(std::string_view path) {
    if (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
    return std::string(path);
}

std::string parent_of(std::string_view path) {
    std::string entry = as_entry(path);
    const auto slash = entry.rfind('/');
    entry.resize(slash == 0 ? 1 : slash);
    return entry;
}

std::string base_of(std::string_view path) {
    const std::string entry = as_entry(path);
    return std::string(path.substr(entry.rfind('/') + 1));
}

}  // namespace hansa::kinds
