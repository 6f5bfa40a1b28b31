// Tells the cluster what this host says of itself about seats, with what is measured here.
//
// Measured values are told coarsely, and again only when they have clearly changed: each time costs
// a write to the store, and news for everybody who reads it.
//
// Owned by StoreLink; loop thread only, measures on a worker.
#pragma once

#include <cstdint>
#include <functional>

#include "base/random.h"
#include "base/result.h"
#include "mesh/lifeline.h"
#include "mesh/seat_book.h"
#include "sys/loop.h"
#include "sys/task.h"

namespace hansa {

// What is told of `measured` by whoever has told `told`. Space: rounded down to a power of two, and
// kept until there is a tenth less than that or 2.2 times as much. Pure.
std::uint64_t told_space(std::uint64_t told, std::uint64_t measured);

class SeatTeller {
 public:
    struct Ports {
        Loop& loop;
        Workers& workers;
        Random& random;
    };
    using Measure = std::function<Result<std::uint64_t>()>;  // free space; on a worker
    using Tell = std::function<void(SeatOffer)>;

    SeatTeller(Ports ports, Measure measure, Tell tell)
        : ports_(ports), measure_(std::move(measure)), tell_(std::move(tell)) {}

    // What holds from now on, apart from what is measured; told at once. The first begins to
    // measure, which goes on each minute.
    void use(SeatOffer offer);

    // Says from now on that no seat is wanted, whatever else holds; false: not any more.
    void refuse_seats(bool refuse);

 private:
    void tell();
    void measure_later(Duration pause);
    void measure();

    Ports ports_;
    Measure measure_;
    Tell tell_;
    SeatOffer offer_;
    bool offered_ = false;
    bool refuses_ = false;
    std::uint64_t disk_free_ = 0;  // as told; 0: not measured
    Held timer_;
    Lifeline lifeline_;
};

}  // namespace hansa
