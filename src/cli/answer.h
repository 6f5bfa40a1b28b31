// What commands read out of an agent's answer. Safe for a terminal, whatever the agent has met.
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "data/value.h"

namespace hansa {

// The scalar of that key as one line; empty when there is none.
std::string text_at(const Value& map, std::string_view key);

// The same for an error, which may be several lines: the later ones are indented.
std::string lines_at(const Value& map, std::string_view key);

}  // namespace hansa
