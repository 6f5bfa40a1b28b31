// A topological order that is kept up while links are added and taken away.
//
// Adding one link costs what lies between its two ends in the present order (Pearce and Kelly,
// "A dynamic topological sort algorithm for directed acyclic graphs", 2006); a link that agrees
// with the order costs nothing, and taking one away never does.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/vertices.h"

namespace hansa {

class Order {
 public:
    // A vertex without links, last.
    void append(Slot slot);

    // All at once. REQUIRES: predecessors first.
    void assign(const std::vector<Slot>& order);

    bool agrees(Slot from, Slot to) const { return rank_[from] < rank_[to]; }

    // Makes the order fit for a link that is about to be added; false when it would close a cycle.
    bool admit(const Vertices& vertices, Slot from, Slot to);

 private:
    bool collect_forward(const Vertices& vertices, Slot from, Slot to);
    void collect_backward(const Vertices& vertices, Slot from, Slot to);
    void reassign();
    void unmark();

    std::vector<std::uint64_t> rank_;
    std::uint64_t next_ = 1;
    std::vector<bool> seen_;
    std::vector<Slot> forward_;   // reached from the link's end
    std::vector<Slot> backward_;  // from which the link's start is reached
};

// Living vertices, predecessors first, else by slot. Those on a cycle or after one are left out.
std::vector<Slot> topological_order(const Vertices& vertices);

// True for each slot that lies on a cycle or between two of them.
std::vector<bool> cyclic_part(const Vertices& vertices);

}  // namespace hansa
