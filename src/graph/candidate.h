// A manifest that has been checked as a whole and may take the place of the running one.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "graph/edges.h"
#include "graph/graph.h"

namespace hansa {

// One resource as it shall be, before it has a vertex.
struct WantedVertex {
    ResourceId id;
    ResourcePtr resource;
    Meta meta;
    Origin origin;

    InstanceId instance() const { return {id, origin.exporter, origin.place}; }
};

struct Candidate {
    std::string name;
    std::vector<WantedVertex> here;  // what gets a vertex, in the order of declaration
    EdgePlan edges;
    std::vector<std::string> warnings;
};

// Everything that is wrong at once: unknown kinds, what kinds refuse, names given twice, edges to
// nothing, two resources that own the same thing, a cycle.
Result<Candidate> check_manifest(const Manifest& manifest, const Catalog& catalog, Purpose purpose);

// One declaration alone. An alias of a kind gives way to its name.
Result<WantedVertex> make_wanted(const Declaration& declaration, const Catalog& catalog,
                                 Purpose purpose, std::vector<std::string>& warnings);

}  // namespace hansa
