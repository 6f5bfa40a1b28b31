// What commands read out of an agent's answer. Safe for a terminal, whatever the agent has met.
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/value.h"

namespace hansa {

// The scalar of that key as one line; empty when there is none.
std::string text_at(const Value& map, std::string_view key);

// The same for an error, which may be several lines: the later ones are indented.
std::string lines_at(const Value& map, std::string_view key);

// The list, or the map, of that key; an empty one when there is none.
const Value::List& list_at(const Value& map, std::string_view key);
const Value& map_at(const Value& map, std::string_view key);

// The number of that key; 0 when there is none.
std::uint64_t number_at(const Value& map, std::string_view key);

bool truth_at(const Value& map, std::string_view key);

// Filled up with blanks.
std::string padded(std::string text, std::size_t width);

// Columns as wide as they must be, two blanks apart; the first row is the head.
std::string as_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace hansa
