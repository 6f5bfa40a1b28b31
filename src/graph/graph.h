// What shall be true on this machine and in which order: resources linked by edges, acyclic.
//
// Pure: no I/O, no clock. Owned by Node, read by the Runner, both on the loop thread.
// Invariants: no cycle; every link is in `after` of one vertex and in `before` of the other; no
// two vertices that do not yield own the same thing.
// Cost: declare() is near-linear in resources + edges; amend() in what it changes and its edges.
//
// Automatic edges: a resource runs after those that provide what it wants. For a path that means
// the nearest directory above it that some resource provides. An explicit edge between the same
// two resources, in either direction, replaces the automatic one, and an automatic edge that would
// close a cycle is left out.
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

// A vertex's place; stable while the vertex exists, reused afterwards (not within the change that
// freed it).
using Slot = std::uint32_t;

struct Link {
    Slot other = 0;
    std::uint32_t mate = 0;  // position of the same link in the other vertex's list
    bool notify = false;
    bool automatic = false;
};

struct Vertex {
    InstanceId id;
    ResourcePtr resource;  // null: an edge names a collected resource that nobody exports
    Meta meta;
    Origin origin;
    std::vector<Link> before;       // run earlier; in no order
    std::vector<Link> after;        // run later; in no order
    std::optional<Slot> yields_to;  // that one owns the same thing and keeps it; this one rests
    bool alive = false;             // false: an unused slot
};

// What a change of the graph did. A slot is in at most one list; each list is sorted.
struct Delta {
    std::vector<Slot> added;     // new or redefined, or yielding began or ended: starts afresh
    std::vector<Slot> removed;   // gone; id and resource are readable until the next change
    std::vector<Slot> relinked;  // same resource and meta, other predecessors: look again whether
                                 // it may run, but history stays
    struct Clash {
        InstanceId loser;
        InstanceId keeper;
        Thing thing;
    };
    std::vector<Clash> clashes;         // newly found
    std::vector<std::string> warnings;  // of kinds; one a line, each with its place
    std::vector<std::string> refusals;  // collected declarations that no kind accepts
    bool empty() const { return added.empty() && removed.empty() && relinked.empty(); }
};

// Looking at a graph needs its schemas only; running it needs kinds that can be applied.
enum class Purpose { look, run };

struct GraphOptions {
    bool automatic_edges = true;
    Purpose purpose = Purpose::look;
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
    // not `also_here` are checked like all others but get no vertex. A resource declared here
    // beats collected ones of the same kind and name: they stay out until it goes.
    Result<Delta> declare(const Manifest& manifest);

    // Adds, replaces and drops collected resources. A declaration that its kind refuses is left
    // out and told in `refusals`; the others go in. No collected resource can close a cycle:
    // edges are declared between kinds and names, and declare() has checked those.
    // REQUIRES: every upsert names its exporter.
    Delta amend(const Amendment& amendment);

    const std::string& name() const;
    std::size_t size() const;        // living vertices
    std::size_t edge_count() const;  // links
    Slot slot_count() const;         // living or not: for arrays beside the graph
    const Vertex& at(Slot slot) const;

    // Names of the things of the same type below `thing` that some resource owns; in byte order.
    std::vector<std::string> owned_below(const Thing& thing) const;
    std::optional<Slot> find(const InstanceId& id) const;

 private:
    friend std::vector<Slot> topological_order(const Graph& graph);

    struct State;
    std::unique_ptr<State> state_;
};

// Living vertices, predecessors first; otherwise by slot, which is the order of declaration until
// slots are reused.
std::vector<Slot> topological_order(const Graph& graph);

}  // namespace hansa
