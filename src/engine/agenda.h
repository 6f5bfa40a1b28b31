// What is due when: any number of appointments on one timer of the loop.
//
// Loop thread only. An appointment is known by a number of its owner's choice; setting it again
// moves it. Order of appointments of one instant: by number.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <unordered_map>
#include <utility>

#include "sys/loop.h"

namespace hansa {

class Agenda {
 public:
    using Key = std::uint64_t;

    // `loop` must outlive the agenda. `due` is called for each appointment that has come, then
    // `served` once.
    Agenda(Loop& loop, std::function<void(Key)> due, Action served);
    Agenda(const Agenda&) = delete;

    void set(Key key, Instant when);
    void set_after(Key key, Duration delay);
    void clear(Key key);
    void clear_all();

 private:
    void arm();
    void serve();

    Loop& loop_;
    std::function<void(Key)> due_;
    Action served_;
    std::set<std::pair<Instant, Key>> order_;
    std::unordered_map<Key, Instant> when_;
    Held timer_;
    Instant armed_for_;
};

}  // namespace hansa
