#include "daemon/seat_teller.h"

#include <bit>

#include "mesh/backoff.h"

namespace hansa {

namespace {

constexpr Duration first_pause = Seconds{2};  // the first moments belong to what the host is for
constexpr Duration pace = Seconds{60};
constexpr Duration pace_of_member = Seconds{5};  // whose disk may fill up fast

}  // namespace

std::uint64_t told_space(std::uint64_t told, std::uint64_t measured) {
    if (told != 0 && measured >= told - told / 10 && measured / 11 < told / 5) return told;
    return std::bit_floor(measured);
}

void SeatTeller::use(SeatOffer offer) {
    offer_ = std::move(offer);
    offered_ = true;
    tell();
    if (!timer_) look_later(first_pause);
}

void SeatTeller::look_anew() {
    if (timer_) look_later({});
}

void SeatTeller::refuse_seats(bool refuse) {
    if (refuse == refuses_) return;
    refuses_ = refuse;
    if (offered_) tell();
}

void SeatTeller::tell() {
    offer_.disk_free = disk_free_;
    offer_.disk_low = disk_low_;
    SeatOffer told = offer_;
    if (refuses_) told.wish = SeatWish::no;
    tell_(std::move(told));
}

void SeatTeller::look_later(Duration pause) {
    timer_ = ports_.loop.after(jittered(pause, ports_.random), [this] { look(); });
}

// A disk that cannot be asked is asked again; what was told of it stays.
void SeatTeller::look() {
    RoomAsked asked = where_();
    asked.was_low = disk_low_;
    // Shared: the worker may outlive us.
    auto room = std::make_shared<Result<RoomFound>>(Error{});
    ports_.workers.run(
        [room, asked, look = look_](Task& task) {
            task.blocking();
            *room = look(asked);
        },
        lifeline_.guard([this, room, asked] {
            look_later(asked.ballast.empty() ? pace : pace_of_member);
            if (*room) found(asked, **room);
        }));
}

void SeatTeller::found(const RoomAsked& asked, const RoomFound& room) {
    if (!room.says.empty()) ports_.report.publish(happened::Warned{room.says});
    const std::uint64_t told = told_space(disk_free_, room.space.free);
    if (told == disk_free_ && room.is_low == disk_low_) return;
    if (room.is_low && !disk_low_)
        ports_.report.publish(happened::Warned{low_told(asked, room.space)});
    if (!room.is_low && disk_low_)
        ports_.report.publish(
            happened::Noted{"the disk of " + asked.directory + " has room again"});
    disk_free_ = told;
    disk_low_ = room.is_low;
    tell();
}

}  // namespace hansa
