// Tells the cluster what this host says of itself about seats, with what is measured here: the room
// on its disk (disk_room.h), how fast that disk writes for good (sync_book.h), and how far its
// clock is from the steward's (shared_clock.h).
//
// Measured values are told coarsely, and again only when they have clearly changed: each time costs
// a write to the store, and news for everybody who reads it. They are told at the looks of each
// host, at moments of its own: what all hear at once must not be answered by all at once.
//
// Owned by StoreLink; loop thread only, measures on a worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "daemon/disk_room.h"
#include "daemon/sync_book.h"
#include "mesh/lifeline.h"
#include "mesh/seat_book.h"
#include "mesh/shared_clock.h"
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
    using Times = std::vector<Duration>;
    struct Steps {
        std::function<RoomAsked()> where;                         // on the loop thread
        std::function<Result<RoomFound>(const RoomAsked&)> look;  // on a worker
        // On a worker: as sys/linux/sync_time.h has it.
        std::function<Result<Times>(const std::string& path, std::size_t count)> time_syncs;
        std::function<void(SeatOffer)> tell;
    };

    SeatTeller(Ports ports, Steps steps) : ports_(ports), steps_(std::move(steps)) {}

    // What holds from now on, apart from what is measured; told at once. The first begins to
    // measure, which goes on each minute, and each 5 s beside a member of the store. Of a host
    // that others do not reach, which can have no seat, only its clock counts.
    void use(SeatOffer offer);

    // Says from now on that no seat is wanted, whatever else holds; false: not any more.
    void refuse_seats(bool refuse);

    // A member has come to this host, or gone: measures now.
    void look_anew();

    // What time it is elsewhere; heard of just now.
    void hear(const ClockTelling& told);

 private:
    // As told.
    struct Measured {
        std::uint64_t disk_free = 0;  // 0: not measured
        bool disk_low = false;
        std::optional<Milliseconds> fsync_p99{};
        std::optional<Milliseconds> clock_offset{};
        friend bool operator==(const Measured&, const Measured&) = default;
    };
    struct Looked;

    void tell();
    void look_later(Duration pause);
    void look();
    std::size_t syncs_due(const RoomAsked& asked) const;
    void finish(Measured now);
    void take_room(const RoomAsked& asked, const RoomFound& room, Measured& now);
    void take_syncs(const Result<Times>& times, Measured& now);
    void take_clock(Measured& now);

    Ports ports_;
    Steps steps_;
    SeatOffer offer_;
    bool offered_ = false;
    bool refuses_ = false;
    Measured told_;
    SyncBook syncs_;
    Instant syncs_from_{};
    SharedClock clock_;
    Held timer_;
    Lifeline lifeline_;
};

}  // namespace hansa
