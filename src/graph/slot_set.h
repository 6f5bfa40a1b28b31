// A set of slots that remembers the order of insertion; clearing costs what it holds.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace hansa {

class SlotSet {
 public:
    // False when it was there already.
    bool insert(Slot slot) {
        if (slot >= marks_.size()) marks_.resize(slot + 1);
        if (marks_[slot]) return false;
        marks_[slot] = true;
        members_.push_back(slot);
        return true;
    }

    bool contains(Slot slot) const { return slot < marks_.size() && marks_[slot]; }
    const std::vector<Slot>& members() const { return members_; }

    void clear() {
        for (Slot slot : members_) marks_[slot] = false;
        members_.clear();
    }

 private:
    std::vector<bool> marks_;
    std::vector<Slot> members_;
};

}  // namespace hansa
