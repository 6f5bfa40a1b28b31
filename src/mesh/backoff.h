// How long to wait before a store is asked again: that did not answer, or from time to time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/random.h"
#include "base/time.h"

namespace hansa {

// Exponential with full jitter (seats.md 3, "Clients"): after an outage of the store its clients
// do not come back all at once. One per series of attempts.
class Backoff {
 public:
    struct Times {
        Milliseconds first{100};
        Milliseconds max{30'000};
        Milliseconds least{5};
    };

    Backoff() = default;
    explicit Backoff(Times times) : times_(times) {}

    // The pause after one more failure.
    Duration next(Random& random);

    // The series ended well.
    void reset() { failures_ = 0; }
    std::uint32_t failures() const { return failures_; }

 private:
    Times times_;
    std::uint32_t failures_ = 0;
};

// Between two rounds through all endpoints of a store that has been away for `outage`: by chance,
// up to half of that, within [first, max]. So who waits for a store has waited for it before for at
// least twice as long, and the clients of one that was away for long come back one by one.
Duration rest_in_outage(Duration outage, Duration first, Duration max, Random& random);

// How long the first answer of an endpoint is waited for, after so many rounds through all of them
// in vain: twice as long each time, for a line may be slow, and TCP, TLS and the question itself
// cross it four times; and from the beginning twice as long as the last first answer `took`, up to
// half of max: who has a slow line need not find that out each time. Within [first, max].
Duration wait_for_first_answer(std::size_t rounds, Duration took, Duration first, Duration max);

// `every`, up to a fifth shorter or longer, so that peers which began together do not stay so.
Duration jittered(Duration every, Random& random);

}  // namespace hansa
