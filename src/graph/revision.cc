#include "graph/revision.h"

#include <algorithm>
#include <tuple>

namespace hansa {
namespace {

// Equal wishes leave a vertex with its watch, state and history.
bool same_wish(const Vertex& vertex, const WantedVertex& wanted) {
    return vertex.resource && vertex.meta == wanted.meta &&
           vertex.resource->same_as(*wanted.resource);
}

std::vector<Thing> one_thing(std::optional<Thing> thing) {
    std::vector<Thing> things;
    if (thing) things.push_back(std::move(*thing));
    return things;
}

}  // namespace

Revision::Revision(GraphParts& parts) : parts_(parts), vertices_(parts.vertices) {
    vertices_.reclaim();
    parts_.touched.clear();
    parts_.added.clear();
    parts_.removed.clear();
    parts_.relinked.clear();
}

void Revision::put(WantedVertex wanted) {
    const InstanceId id = wanted.instance();
    const std::optional<Slot> plain = vertices_.find({id.resource, {}, {}});
    const bool place_kept = plain && !vertices_.at(*plain).resource;
    const bool collected = !id.exporter.empty();
    if (collected && plain && !place_kept) return hide(std::move(wanted));
    if (!collected) hide_collected(id.resource);

    const std::optional<Slot> present = vertices_.find(id);
    if (present && same_wish(vertices_.at(*present), wanted)) {
        vertices_.at(*present).origin = std::move(wanted.origin);
        contest(parts_.things.claimed(*present, Role::owns));  // the rank may be another one
        return;
    }
    if (present) return fill(*present, std::move(wanted));
    if (place_kept) {
        vertices_.rename(*plain, id);
        return fill(*plain, std::move(wanted));
    }
    const Slot slot = vertices_.add(id);
    parts_.order.append(slot);
    fill(slot, std::move(wanted));
}

void Revision::hide(WantedVertex wanted) {
    const InstanceId id = wanted.instance();
    parts_.hidden.insert_or_assign(id, std::move(wanted));
}

void Revision::hide_collected(const ResourceId& id) {
    for (Slot slot : vertices_.instances(id)) {
        const Vertex& vertex = vertices_.at(slot);
        if (vertex.id.exporter.empty()) continue;
        hide({id, vertex.resource, vertex.meta, vertex.origin});
        remove(slot);
    }
}

void Revision::fill(Slot slot, WantedVertex wanted) {
    Vertex& vertex = vertices_.at(slot);
    vertex.resource = std::move(wanted.resource);
    vertex.meta = std::move(wanted.meta);
    vertex.origin = std::move(wanted.origin);
    vertex.yields_to.reset();
    parts_.added.insert(slot);
    contest(parts_.things.claim(slot, Role::owns, one_thing(vertex.resource->owns())));
    contest(parts_.things.claimed(slot, Role::owns));
}

void Revision::drop(const InstanceId& id) {
    parts_.hidden.erase(id);
    const std::optional<Slot> slot = vertices_.find(id);
    if (!slot || !vertices_.at(*slot).resource) return;
    remove(*slot);
    vacated_.push_back(id.resource);
    if (!id.exporter.empty()) return;

    auto shown = parts_.hidden.lower_bound({id.resource, {}, {}});
    while (shown != parts_.hidden.end() && shown->first.resource == id.resource) {
        WantedVertex wanted = std::move(shown->second);
        shown = parts_.hidden.erase(shown);
        put(std::move(wanted));
    }
}

void Revision::remove(Slot slot) {
    for (const Link& link : vertices_.at(slot).after) {
        parts_.touched.insert(link.other);
        parts_.relinked.insert(link.other);
    }
    contest(parts_.things.claim(slot, Role::owns, {}));
    touch_dependents(parts_.things.claim(slot, Role::provides, {}));
    parts_.things.claim(slot, Role::wants, {});
    vertices_.retire(slot);
    parts_.shortened.erase(slot);
    parts_.removed.insert(slot);
}

void Revision::replace_edges(EdgePlan edges) {
    for (const auto& [id, ends] : parts_.edges.all())
        for (Slot slot : vertices_.instances(id)) parts_.touched.insert(slot);
    parts_.edges = std::move(edges);
    for (const auto& [id, ends] : parts_.edges.all())
        for (Slot slot : vertices_.instances(id)) parts_.touched.insert(slot);
    all_edges_new_ = true;
}

Delta Revision::finish() {
    keep_places();
    settle_owners();
    claim_things();
    relink();
    parts_.things.sweep();
    delta_.removed = parts_.removed.members();
    for (Slot slot : parts_.added.members())
        if (!parts_.removed.contains(slot)) delta_.added.push_back(slot);
    for (Slot slot : parts_.relinked.members())
        if (!parts_.added.contains(slot) && !parts_.removed.contains(slot))
            delta_.relinked.push_back(slot);
    for (auto* list : {&delta_.added, &delta_.removed, &delta_.relinked})
        std::sort(list->begin(), list->end());
    return std::move(delta_);
}

// An edge may name what nobody exports at present: a vertex without a resource stands for it.
void Revision::keep_places() {
    if (!all_edges_new_) {
        for (const ResourceId& id : vacated_) keep_place(id);
        return;
    }
    for (Slot slot = 0; slot < vertices_.slot_count(); ++slot) {
        const Vertex& vertex = vertices_.at(slot);
        if (!vertex.alive || vertex.resource || parts_.edges.find(vertex.id.resource)) continue;
        remove(slot);
    }
    std::vector<const ResourceId*> named;
    for (const auto& [id, ends] : parts_.edges.all()) named.push_back(&id);
    std::sort(named.begin(), named.end(),
              [](const ResourceId* a, const ResourceId* b) { return *a < *b; });
    for (const ResourceId* id : named) keep_place(*id);
}

void Revision::keep_place(const ResourceId& id) {
    if (vertices_.has_instance(id) || !parts_.edges.find(id)) return;
    const Slot slot = vertices_.add({id, {}, {}});
    parts_.order.append(slot);
    parts_.added.insert(slot);
}

void Revision::contest(const std::vector<Things::Node>& nodes) {
    contested_.insert(contested_.end(), nodes.begin(), nodes.end());
}

void Revision::settle_owners() {
    std::sort(contested_.begin(), contested_.end());
    contested_.erase(std::unique(contested_.begin(), contested_.end()), contested_.end());
    for (Things::Node node : contested_) settle_owner(node);
}

// What is declared here comes first, then the oldest export, so that a newcomer cannot take over
// a thing in use.
void Revision::settle_owner(Things::Node node) {
    const std::span<const Slot> holders = parts_.things.holders(node, Role::owns);
    if (holders.empty()) return;
    const auto earlier = [this](Slot a, Slot b) {
        const Vertex& left = vertices_.at(a);
        const Vertex& right = vertices_.at(b);
        return std::tie(left.origin.rank, left.id.exporter, left.id) <
               std::tie(right.origin.rank, right.id.exporter, right.id);
    };
    const Slot keeper = *std::min_element(holders.begin(), holders.end(), earlier);
    for (Slot slot : holders)
        yield(slot, slot == keeper ? std::nullopt : std::optional<Slot>(keeper), node);
}

void Revision::yield(Slot slot, std::optional<Slot> keeper, Things::Node node) {
    Vertex& vertex = vertices_.at(slot);
    const bool rests = keeper.has_value();
    if (vertex.yields_to.has_value() != rests) parts_.added.insert(slot);
    if (rests && vertex.yields_to != keeper)
        delta_.clashes.push_back({vertex.id, vertices_.at(*keeper).id, parts_.things.thing(node)});
    vertex.yields_to = keeper;
}

// What yields neither provides nor wants: its keeper does.
void Revision::claim_things() {
    for (Slot slot : parts_.added.members()) {
        const Vertex& vertex = vertices_.at(slot);
        if (!vertex.alive) continue;
        const bool claims =
            parts_.automatic_edges && vertex.resource && vertex.meta.autoedge && !vertex.yields_to;
        std::vector<Thing> provides;
        std::vector<Thing> wants;
        if (claims) {
            provides = vertex.resource->provides();
            wants = vertex.resource->wants();
        }
        touch_dependents(parts_.things.claim(slot, Role::provides, provides));
        parts_.things.claim(slot, Role::wants, wants);
        parts_.touched.insert(slot);
        touch_successors(vertex.id.resource);
        for (const Link& link : vertex.after) parts_.touched.insert(link.other);
    }
}

void Revision::touch_dependents(const std::vector<Things::Node>& nodes) {
    for (Things::Node node : nodes)
        parts_.things.visit_dependents(node, [this](Slot slot) { parts_.touched.insert(slot); });
}

void Revision::touch_successors(const ResourceId& id) {
    const EdgePlan::Ends* ends = parts_.edges.find(id);
    if (!ends) return;
    for (const EdgePlan::Half& half : ends->after)
        for (Slot slot : vertices_.instances(*half.other)) parts_.touched.insert(slot);
}

}  // namespace hansa
