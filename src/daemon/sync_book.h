// How long the disk of this host takes to have a record written for good, as it is told to the
// cluster: a member of the store is as fast as its slowest writes. Pure.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "base/time.h"

namespace hansa {

class SyncBook {
 public:
    // The oldest go where there are too many.
    void add(const std::vector<Duration>& times);
    void clear() { times_.clear(); }

    // What 99 of 100 do not exceed; empty: too few are known.
    std::optional<Duration> p99() const;

 private:
    std::deque<Duration> times_;
};

// What is told of `p99` by whoever has told `told`: milliseconds, rounded up to a power of two, and
// another one only when it is a quarter more than that, or clearly less than half. Pure.
Milliseconds told_sync(std::optional<Milliseconds> told, Duration p99);

}  // namespace hansa
