#include "graph/graph.h"

#include <unordered_set>

#include "base/check.h"
#include "graph/candidate.h"
#include "graph/revision.h"

namespace hansa {

namespace {

// An alias of a kind gives way to its name.
InstanceId canonical(InstanceId id, const Catalog& catalog) {
    if (const Kind* kind = catalog.find(id.resource.kind)) id.resource.kind = kind->name();
    return id;
}

}  // namespace

struct Graph::State {
    const Catalog& catalog;
    GraphOptions options;
    std::string name;
    GraphParts parts;

    State(const Catalog& kinds, GraphOptions chosen) : catalog(kinds), options(chosen) {
        parts.automatic_edges = chosen.automatic_edges;
    }
};

Graph::Graph(const Catalog& catalog, GraphOptions options)
    : state_(std::make_unique<State>(catalog, options)) {}

Graph::~Graph() = default;
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;

Result<Delta> Graph::declare(const Manifest& manifest) {
    auto candidate = check_manifest(manifest, state_->catalog, state_->options.purpose);
    if (!candidate) return std::move(candidate).error();

    const Vertices& vertices = state_->parts.vertices;
    Revision revision(state_->parts);
    std::unordered_set<Slot> kept;
    kept.reserve(candidate->here.size());
    for (WantedVertex& wanted : candidate->here) {
        const InstanceId id = wanted.instance();
        revision.put(std::move(wanted));
        kept.insert(*vertices.find(id));
    }
    std::vector<InstanceId> gone;
    for (Slot slot = 0; slot < vertices.slot_count(); ++slot) {
        const Vertex& vertex = vertices.at(slot);
        const bool declared_here = vertex.resource && vertex.id.exporter.empty();
        if (vertex.alive && declared_here && !kept.contains(slot)) gone.push_back(vertex.id);
    }
    for (const InstanceId& id : gone) revision.drop(id);
    revision.replace_edges(std::move(candidate->edges));
    Delta delta = revision.finish();
    delta.warnings = std::move(candidate->warnings);
    state_->name = std::move(candidate->name);
    return delta;
}

Delta Graph::amend(const Amendment& amendment) {
    std::unordered_set<InstanceId> replaced;
    for (const Declaration& upsert : amendment.upserts) replaced.insert(upsert.instance());

    std::vector<std::string> warnings;
    std::vector<std::string> refusals;
    Revision revision(state_->parts);
    for (const InstanceId& id : amendment.removals)
        if (!replaced.contains(id)) revision.drop(canonical(id, state_->catalog));
    for (const Declaration& upsert : amendment.upserts) {
        check(!upsert.origin.exporter.empty(), "what is collected names its exporter");
        auto wanted = make_wanted(upsert, state_->catalog, state_->options.purpose, warnings);
        if (wanted) {
            revision.put(std::move(*wanted));
        } else {
            refusals.push_back(std::move(wanted).error().text);
            revision.drop(canonical(upsert.instance(), state_->catalog));
        }
    }
    Delta delta = revision.finish();
    delta.warnings = std::move(warnings);
    delta.refusals = std::move(refusals);
    return delta;
}

const std::string& Graph::name() const {
    return state_->name;
}

std::size_t Graph::size() const {
    return state_->parts.vertices.size();
}

std::size_t Graph::edge_count() const {
    return state_->parts.vertices.link_count();
}

Slot Graph::slot_count() const {
    return state_->parts.vertices.slot_count();
}

const Vertex& Graph::at(Slot slot) const {
    return state_->parts.vertices.at(slot);
}

std::vector<std::string> Graph::owned_below(const Thing& thing) const {
    return state_->parts.things.names_below(thing, Role::owns);
}

std::optional<Slot> Graph::find(const InstanceId& id) const {
    return state_->parts.vertices.find(id);
}

std::vector<Slot> topological_order(const Graph& graph) {
    return topological_order(graph.state_->parts.vertices);
}

}  // namespace hansa
