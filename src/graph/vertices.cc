#include "graph/vertices.h"

#include "base/check.h"

namespace hansa {

Vertices::Vertices()
    : by_instance_(0, ByInstance{&vertices_}, ByInstance{&vertices_}),
      by_resource_(0, ByResource{&vertices_}, ByResource{&vertices_}) {}

Slot Vertices::add(InstanceId id) {
    Slot slot = slot_count();
    if (free_.empty()) {
        vertices_.emplace_back();
        siblings_.emplace_back();
    } else {
        slot = free_.back();
        free_.pop_back();
    }
    vertices_[slot].id = std::move(id);
    vertices_[slot].alive = true;
    index(slot);
    return slot;
}

void Vertices::rename(Slot slot, InstanceId id) {
    unindex(slot);
    vertices_[slot].id = std::move(id);
    index(slot);
}

void Vertices::retire(Slot slot) {
    Vertex& vertex = vertices_[slot];
    while (!vertex.before.empty()) unlink(slot, vertex.before.size() - 1);
    while (!vertex.after.empty()) {
        const Link last = vertex.after.back();
        unlink(last.other, last.mate);
    }
    unindex(slot);
    vertex.alive = false;
    retired_.push_back(slot);
}

void Vertices::reclaim() {
    for (Slot slot : retired_) {
        vertices_[slot] = Vertex{};
        free_.push_back(slot);
    }
    retired_.clear();
}

std::optional<Slot> Vertices::find(const InstanceId& id) const {
    const auto found = by_instance_.find(id);
    if (found == by_instance_.end()) return std::nullopt;
    return *found;
}

std::vector<Slot> Vertices::instances(const ResourceId& id) const {
    std::vector<Slot> slots;
    const auto found = by_resource_.find(id);
    if (found == by_resource_.end()) return slots;
    for (Slot slot = *found; slot != none; slot = siblings_[slot].next) slots.push_back(slot);
    return slots;
}

void Vertices::index(Slot slot) {
    check(by_instance_.insert(slot).second, "an instance has one vertex");
    siblings_[slot] = {};
    const auto [first, alone] = by_resource_.insert(slot);
    if (alone) return;
    // Second in the chain, so that the index need not change.
    Siblings& head = siblings_[*first];
    siblings_[slot] = {*first, head.next};
    if (head.next != none) siblings_[head.next].previous = slot;
    head.next = slot;
}

void Vertices::unindex(Slot slot) {
    by_instance_.erase(slot);
    const Siblings around = siblings_[slot];
    if (around.next != none) siblings_[around.next].previous = around.previous;
    if (around.previous != none) {
        siblings_[around.previous].next = around.next;
        return;
    }
    by_resource_.erase(slot);
    if (around.next != none) by_resource_.insert(around.next);
}

void Vertices::link(Slot from, Slot to, bool notify, bool automatic) {
    std::vector<Link>& after = vertices_[from].after;
    std::vector<Link>& before = vertices_[to].before;
    const auto at_from = static_cast<std::uint32_t>(after.size());
    const auto at_to = static_cast<std::uint32_t>(before.size());
    after.push_back({to, at_to, notify, automatic});
    before.push_back({from, at_from, notify, automatic});
    ++links_;
}

void Vertices::unlink(Slot to, std::size_t position) {
    const Link link = vertices_[to].before[position];
    erase_half(link.other, &Vertex::after, &Vertex::before, link.mate);
    erase_half(to, &Vertex::before, &Vertex::after, position);
    --links_;
}

// The last link takes the place of the one that goes, and its other half is told.
void Vertices::erase_half(Slot slot, std::vector<Link> Vertex::*list,
                          std::vector<Link> Vertex::*opposite, std::size_t position) {
    std::vector<Link>& links = vertices_[slot].*list;
    if (position + 1 < links.size()) {
        links[position] = links.back();
        const Link& moved = links[position];
        (vertices_[moved.other].*opposite)[moved.mate].mate = static_cast<std::uint32_t>(position);
    }
    links.pop_back();
}

}  // namespace hansa
