// What the tests of kinds share: declarations from YAML, made into resources.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "data/yaml.h"
#include "kinds/standard.h"

namespace hansa::kinds {

// A declaration of `kind` as web.yaml would hold it; `fields` is the text of a YAML map.
inline Declaration declare(const std::string& kind, const std::string& name,
                           std::string_view fields = "{}") {
    Declaration declaration;
    declaration.id = {kind, name};
    declaration.origin.file = "web.yaml";
    auto value = parse_yaml(fields, "web.yaml");
    EXPECT_TRUE(value) << value.error().text;
    if (value && value->is_map()) declaration.fields = std::move(*value);
    return declaration;
}

// The resource, or null and a failed test.
inline ResourcePtr made(const Declaration& declaration) {
    static const Catalog catalog = standard_kinds();
    std::vector<std::string> warnings;
    auto resource = catalog.find(declaration.id.kind)->make(declaration, warnings);
    EXPECT_TRUE(resource) << resource.error().text;
    return resource ? *resource : nullptr;
}

// What make() says of a declaration that it must refuse.
inline std::string refusal(const Declaration& declaration) {
    static const Catalog catalog = standard_kinds();
    std::vector<std::string> warnings;
    auto resource = catalog.find(declaration.id.kind)->make(declaration, warnings);
    EXPECT_FALSE(resource) << "was accepted";
    return resource ? "" : resource.error().text;
}

inline std::vector<std::string> warnings_of(const Declaration& declaration) {
    static const Catalog catalog = standard_kinds();
    std::vector<std::string> warnings;
    EXPECT_TRUE(catalog.find(declaration.id.kind)->make(declaration, warnings));
    return warnings;
}

}  // namespace hansa::kinds
