#include "cli/answer.h"

#include "base/text.h"

namespace hansa {

namespace {

constexpr std::size_t line_bytes_max = 4096;

std::string scalar_at(const Value& map, std::string_view key) {
    const Value* value = map.is_map() ? map.find(key) : nullptr;
    return value && value->is_scalar() ? value->scalar().text : std::string{};
}

}  // namespace

std::string text_at(const Value& map, std::string_view key) {
    return printable(scalar_at(map, key), line_bytes_max);
}

std::string lines_at(const Value& map, std::string_view key) {
    std::string text;
    for (const std::string& line : split(scalar_at(map, key), '\n'))
        text += (text.empty() ? "" : "\n        ") + printable(line, line_bytes_max);
    return text;
}

}  // namespace hansa
