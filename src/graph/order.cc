#include "graph/order.h"

#include <algorithm>
#include <functional>
#include <queue>

namespace hansa {

void Order::append(Slot slot) {
    if (slot >= rank_.size()) rank_.resize(slot + 1);
    rank_[slot] = next_++;
}

void Order::assign(const std::vector<Slot>& order) {
    for (Slot slot : order) append(slot);
}

bool Order::admit(const Vertices& vertices, Slot from, Slot to) {
    if (from == to) return false;
    if (agrees(from, to)) return true;
    seen_.resize(rank_.size());
    const bool acyclic = collect_forward(vertices, from, to);
    if (acyclic) {
        collect_backward(vertices, from, to);
        reassign();
    }
    unmark();
    return acyclic;
}

// Everything after `to` that stands before `from` in the order; false when `from` is among it.
bool Order::collect_forward(const Vertices& vertices, Slot from, Slot to) {
    seen_[to] = true;
    forward_.push_back(to);
    for (std::size_t next = 0; next < forward_.size(); ++next) {
        for (const Link& link : vertices.at(forward_[next]).after) {
            if (link.other == from) return false;
            if (rank_[link.other] > rank_[from] || seen_[link.other]) continue;
            seen_[link.other] = true;
            forward_.push_back(link.other);
        }
    }
    return true;
}

// Everything before `from` that stands after `to` in the order.
void Order::collect_backward(const Vertices& vertices, Slot from, Slot to) {
    seen_[from] = true;
    backward_.push_back(from);
    for (std::size_t next = 0; next < backward_.size(); ++next) {
        for (const Link& link : vertices.at(backward_[next]).before) {
            if (rank_[link.other] < rank_[to] || seen_[link.other]) continue;
            seen_[link.other] = true;
            backward_.push_back(link.other);
        }
    }
}

// The ranks of both sets are given out again: first to what leads to the link, then to the rest.
void Order::reassign() {
    const auto by_rank = [this](Slot a, Slot b) { return rank_[a] < rank_[b]; };
    std::sort(backward_.begin(), backward_.end(), by_rank);
    std::sort(forward_.begin(), forward_.end(), by_rank);
    std::vector<Slot> all = backward_;
    all.insert(all.end(), forward_.begin(), forward_.end());
    std::vector<std::uint64_t> ranks;
    ranks.reserve(all.size());
    for (Slot slot : all) ranks.push_back(rank_[slot]);
    std::sort(ranks.begin(), ranks.end());
    for (std::size_t i = 0; i < all.size(); ++i) rank_[all[i]] = ranks[i];
}

void Order::unmark() {
    for (Slot slot : forward_) seen_[slot] = false;
    for (Slot slot : backward_) seen_[slot] = false;
    forward_.clear();
    backward_.clear();
}

namespace {

// Takes away, again and again, what has no links in one direction; calls `gone` for each.
template <class Queue, class Gone>
void peel(const Vertices& vertices, std::vector<Link> Vertex::*waits_for,
          std::vector<Link> Vertex::*releases, Queue ready, Gone gone) {
    std::vector<std::size_t> open(vertices.slot_count());
    for (Slot slot = 0; slot < vertices.slot_count(); ++slot) {
        open[slot] = (vertices.at(slot).*waits_for).size();
        if (vertices.at(slot).alive && open[slot] == 0) ready.push(slot);
    }
    while (!ready.empty()) {
        const Slot slot = ready.top();
        ready.pop();
        gone(slot);
        for (const Link& link : vertices.at(slot).*releases)
            if (--open[link.other] == 0) ready.push(link.other);
    }
}

using SmallestFirst = std::priority_queue<Slot, std::vector<Slot>, std::greater<>>;

}  // namespace

std::vector<Slot> topological_order(const Vertices& vertices) {
    std::vector<Slot> order;
    order.reserve(vertices.size());
    peel(vertices, &Vertex::before, &Vertex::after, SmallestFirst{},
         [&order](Slot slot) { order.push_back(slot); });
    return order;
}

std::vector<bool> cyclic_part(const Vertices& vertices) {
    std::vector<bool> cyclic(vertices.slot_count());
    for (Slot slot = 0; slot < vertices.slot_count(); ++slot)
        cyclic[slot] = vertices.at(slot).alive;
    const auto out = [&cyclic](Slot slot) { cyclic[slot] = false; };
    peel(vertices, &Vertex::before, &Vertex::after, SmallestFirst{}, out);
    peel(vertices, &Vertex::after, &Vertex::before, SmallestFirst{}, out);
    return cyclic;
}

}  // namespace hansa
