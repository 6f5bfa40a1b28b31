// Reads the parts of a manifest that speak about resources instead of declaring them: `edges` and
// `collect`. Kinds come out under their canonical names.
#pragma once

#include <string>
#include <vector>

#include "manifest/findings.h"
#include "resource/declaration.h"
#include "resource/kind.h"

namespace hansa {

// Tells everything that is wrong to `findings` and gives what could be read. `file` becomes the
// file of each origin.
std::vector<EdgeDeclaration> read_edges(const Value& edges, const std::string& file,
                                        const Catalog& catalog, Findings& findings);
std::vector<CollectRequest> read_collects(const Value& collects, const std::string& file,
                                          const Catalog& catalog, Findings& findings);

// The kind called `name`, or null after telling why not. `subject` goes in front of the text.
const Kind* read_kind(const std::string& name, Mark mark, const std::string& subject,
                      const Catalog& catalog, Findings& findings);

// Edges must name what is declared or what some collect entry could bring, and each pair once.
// REQUIRES: no two resources of the manifest have one id.
void check_edges(const Manifest& manifest, Findings& findings);

}  // namespace hansa
