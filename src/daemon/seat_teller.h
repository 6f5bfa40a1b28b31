// Tells the cluster what this host says of itself about seats, with what is measured here: the room
// on its disk (disk_room.h).
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
#include "daemon/disk_room.h"
#include "mesh/lifeline.h"
#include "mesh/seat_book.h"
#include "report/report.h"
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
        Report& report;
    };
    using Where = std::function<RoomAsked()>;                         // on the loop thread
    using Look = std::function<Result<RoomFound>(const RoomAsked&)>;  // on a worker
    using Tell = std::function<void(SeatOffer)>;

    SeatTeller(Ports ports, Where where, Look look, Tell tell)
        : ports_(ports), where_(std::move(where)), look_(std::move(look)), tell_(std::move(tell)) {}

    // What holds from now on, apart from what is measured; told at once. The first begins to
    // measure, which goes on each minute, and each 5 s beside a member of the store.
    void use(SeatOffer offer);

    // Says from now on that no seat is wanted, whatever else holds; false: not any more.
    void refuse_seats(bool refuse);

    // A member has come to this host, or gone: measures now.
    void look_anew();

 private:
    void tell();
    void look_later(Duration pause);
    void look();
    void found(const RoomAsked& asked, const RoomFound& room);

    Ports ports_;
    Where where_;
    Look look_;
    Tell tell_;
    SeatOffer offer_;
    bool offered_ = false;
    bool refuses_ = false;
    std::uint64_t disk_free_ = 0;  // as told; 0: not measured
    bool disk_low_ = false;
    Held timer_;
    Lifeline lifeline_;
};

}  // namespace hansa
