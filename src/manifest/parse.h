// A manifest is the YAML text in which people declare a graph (graph.md 1). Parsing gives the
// declarations or everything that is wrong with them; the fields of a kind are checked by that
// kind later, when the graph is made.
//
// Pure, linear in the text; safe from any thread.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "data/yaml.h"
#include "resource/declaration.h"
#include "resource/kind.h"

namespace hansa {

struct ManifestLimits {
    YamlLimits yaml;
    std::size_t errors_shown = 200;  // the rest is counted
};

// `file` names the place in errors and origins. On error: Code::invalid and a line per error,
// "file:line:column: resource: what is wrong; what would be right", in the order of the text.
Result<Manifest> parse_manifest(std::string_view text, std::string_view file,
                                const Catalog& catalog, const ManifestLimits& limits = {});

}  // namespace hansa
