// The edges as declared: between kinds and names, before anybody knows which instances there are.
//
// Immutable once made. Since collected resources only fill the places that edges name, a plan
// without a cycle stays without one whatever is collected.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "resource/declaration.h"

namespace hansa {

class EdgePlan {
 public:
    struct Half {
        const ResourceId* other;
        bool notify;
    };
    struct Ends {
        std::vector<Half> before;  // sorted by other, once each
        std::vector<Half> after;
    };

    EdgePlan() = default;
    explicit EdgePlan(const std::vector<EdgeDeclaration>& edges);
    EdgePlan(EdgePlan&&) = default;
    EdgePlan& operator=(EdgePlan&&) = default;

    // Null when no edge names it.
    const Ends* find(const ResourceId& id) const;
    bool joins(const ResourceId& a, const ResourceId& b) const;  // in either direction
    const std::unordered_map<ResourceId, Ends>& all() const { return ends_; }

 private:
    std::unordered_map<ResourceId, Ends> ends_;  // halves point at its keys, which never move
};

// "web.yaml:3:5: cycle file[a] -> file[b] -> file[a]; its edges: …", or nothing.
std::string describe_cycle(const std::vector<EdgeDeclaration>& edges);

}  // namespace hansa
