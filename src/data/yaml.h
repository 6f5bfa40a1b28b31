// YAML 1.2 (core schema) text to a Value tree, through libyaml.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "data/value.h"

namespace hansa {

struct YamlLimits {
    std::size_t bytes_max = std::size_t{16} << 20;  // of text
    std::size_t depth_max = 64;                     // of nested lists and maps
    std::size_t nodes_max = 5'000'000;              // of the whole tree
    std::size_t alias_nodes_max = 100'000;          // made by expanding aliases, together
};

// Reads exactly one document. Refused, each with "file:line:column": more than one document,
// duplicate keys in a map, keys that are not scalars, invalid UTF-8, NUL bytes, what exceeds a
// limit. `file` only names the place in errors. An empty text gives null.
Result<Value> parse_yaml(std::string_view text, std::string_view file,
                         const YamlLimits& limits = {});

}  // namespace hansa
