// JSON text (RFC 8259) to a Value tree and back, through Boost.JSON.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "data/value.h"

namespace hansa {

struct JsonLimits {
    std::size_t bytes_max = std::size_t{16} << 20;
    std::size_t depth_max = 64;
};

// Refused: duplicate keys, trailing text, what exceeds a limit. Marks stay {0, 0}.
Result<Value> parse_json(std::string_view text, const JsonLimits& limits = {});

enum class JsonStyle { compact, pretty };

// One line without blanks, or indented by two. Text that is not valid UTF-8 is a bug of the
// caller: such bytes travel as base64 (see Schema).
std::string to_json(const Value& value, JsonStyle style = JsonStyle::compact);

}  // namespace hansa
