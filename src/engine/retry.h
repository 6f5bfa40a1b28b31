// How long to wait before the next attempt, and how fast applies may come. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "resource/meta.h"

namespace hansa {

// After `failures` failed attempts in a row (at least 1): the pause before the next one, or
// nothing when there is none. Doubles from meta.delay up to 60 s; a longer delay stays as it is.
// Without a delay the first ten attempts come at once and later ones as if it were 10 ms, so that
// `retry: -1` alone cannot keep a processor busy.
std::optional<Duration> next_attempt(const Meta& meta, std::uint32_t failures);

// After `series` of attempts in a row that all failed for good (at least 1): how long wake-ups have
// to wait. Nothing for the first five, then 50 ms, doubling up to 60 s: an apply that fails and
// wakes its own watch by that must not run in circles.
Duration calm_after(std::uint32_t series);

// A token bucket that starts full.
class Bucket {
 public:
    // REQUIRES: per_second > 0, burst > 0.
    Bucket(double per_second, std::uint32_t burst, Instant now);

    // Takes a token, or says when one will be there.
    std::optional<Instant> take(Instant now);

    // Gives back a token that was not used.
    void put_back();

 private:
    double per_second_;
    double burst_;
    double tokens_;
    Instant filled_;
};

}  // namespace hansa
