// Decides which failures of requests to the store are worth a word. Pure.
#pragma once

#include <utility>

#include "base/result.h"
#include "mesh/store.h"

namespace hansa {

// One per series of attempts. A series that fails is an episode, told once.
//
// While the store is away its status says so already. While it is connected a request may still
// fail for as long as members elect a leader, so that one is told when it fails time after time:
// a store without space, or with a majority that does not answer.
class Episode {
 public:
    // True: tell it.
    bool failed(const Error& why, StoreStatus::State state) {
        if (why.code == Code::conflict) return false;  // somebody was faster
        const bool may_pass = why.code == Code::unavailable;
        if (may_pass && state != StoreStatus::State::connected) return false;
        if (may_pass && ++failures_ < patience) return false;
        return !std::exchange(told_, true);
    }

    void ended_well() { *this = {}; }

 private:
    static constexpr int patience = 3;
    int failures_ = 0;
    bool told_ = false;
};

}  // namespace hansa
