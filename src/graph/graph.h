// What shall be true on this machine and in which order: resources linked by edges, acyclic.
//
// Pure: no I/O, no clock. Owned by Node, read by the Runner, both on the loop thread.
// Invariants: no cycle; every link is in `after` of one vertex and in `before` of the other; no
// two vertices that do not yield own the same thing.
// Cost: declare() is near-linear in resources + edges; amend() in what it changes and its edges.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "resource/amendment.h"
#include "resource/declaration.h"
#include "resource/kind.h"
#include "resource/resource.h"

namespace hansa {

// A vertex's place; stable while the vertex exists, reused afterwards.
using Slot = std::uint32_t;

struct Link {
    Slot other = 0;
    bool notify = false;
    bool automatic = false;
    friend bool operator==(const Link&, const Link&) = default;
};

struct Vertex {
    InstanceId id;
    ResourcePtr resource;  // null: an edge names a collected resource that nobody exports
    Meta meta;
    Origin origin;
    std::vector<Link> before;       // run earlier
    std::vector<Link> after;        // run later
    std::optional<Slot> yields_to;  // that one owns the same thing and keeps it; this one rests
    bool alive = false;             // false: an unused slot
};

// What a change of the graph did. A slot is in at most one list.
struct Delta {
    std::vector<Slot> added;     // new, redefined, or no longer yielding: has to run
    std::vector<Slot> removed;   // gone; its vertex is still readable until the next change
    std::vector<Slot> relinked;  // same resource and meta, other predecessors: look again whether
                                 // it may run, but history stays
    struct Clash {
        InstanceId loser;
        InstanceId keeper;
        Thing thing;
    };
    std::vector<Clash> clashes;         // newly found
    std::vector<std::string> warnings;  // one a line, each with its place
    std::vector<std::string> refusals;  // collected declarations that no kind accepts
    bool empty() const { return added.empty() && removed.empty() && relinked.empty(); }
};

struct GraphOptions {
    bool automatic_edges = true;
};

class Graph {
 public:
    // `catalog` must outlive the graph.
    explicit Graph(const Catalog& catalog, GraphOptions options = {});
    ~Graph();
    Graph(Graph&&) noexcept;
    Graph& operator=(Graph&&) noexcept;

    // Replaces everything that was declared here; what is collected stays. All or nothing: on
    // error (all of them, one a line) the graph is as before. Resources that are exported and
    // not `also_here` are checked like all others but get no vertex.
    Result<Delta> declare(const Manifest& manifest);

    // Adds, replaces and drops collected resources. A declaration that its kind refuses, or that
    // would close a cycle, is left out and told in `refusals`; the others go in.
    Delta amend(const Amendment& amendment);

    const std::string& name() const;
    std::size_t size() const;        // living vertices
    std::size_t edge_count() const;  // links
    Slot slot_count() const;         // living or not: for arrays beside the graph
    const Vertex& at(Slot slot) const;
    std::optional<Slot> find(const InstanceId& id) const;

 private:
    struct State;
    std::unique_ptr<State> state_;
};

// Living vertices, predecessors first; ties in the order of declaration.
std::vector<Slot> topological_order(const Graph& graph);

}  // namespace hansa
