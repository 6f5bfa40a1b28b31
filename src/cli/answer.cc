#include "cli/answer.h"

#include <algorithm>

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

const Value::List& list_at(const Value& map, std::string_view key) {
    static const Value::List none;
    const Value* value = map.is_map() ? map.find(key) : nullptr;
    return value && value->is_list() ? value->list() : none;
}

const Value& map_at(const Value& map, std::string_view key) {
    static const Value none = Value::of_map({});
    const Value* value = map.is_map() ? map.find(key) : nullptr;
    return value && value->is_map() ? *value : none;
}

std::uint64_t number_at(const Value& map, std::string_view key) {
    return static_cast<std::uint64_t>(to_int(scalar_at(map, key)).value_or(0));
}

bool truth_at(const Value& map, std::string_view key) {
    return scalar_at(map, key) == "true";
}

std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text;
}

std::string as_table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string text;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i + 1 < row.size(); ++i) text += padded(row[i], widths[i] + 2);
        text += row.back() + "\n";
    }
    return text;
}

}  // namespace hansa
