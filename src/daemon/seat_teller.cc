#include "daemon/seat_teller.h"

#include <bit>

#include "mesh/backoff.h"

namespace hansa {

namespace {

constexpr Duration first_pause = Seconds{2};  // the first moments belong to what the host is for
constexpr Duration pace = Seconds{60};

}  // namespace

std::uint64_t told_space(std::uint64_t told, std::uint64_t measured) {
    if (told != 0 && measured >= told - told / 10 && measured / 11 < told / 5) return told;
    return std::bit_floor(measured);
}

void SeatTeller::use(SeatOffer offer) {
    offer_ = std::move(offer);
    offered_ = true;
    tell();
    if (!timer_ && disk_free_ == 0) measure_later(first_pause);
}

void SeatTeller::refuse_seats(bool refuse) {
    if (refuse == refuses_) return;
    refuses_ = refuse;
    if (offered_) tell();
}

void SeatTeller::tell() {
    offer_.disk_free = disk_free_;
    SeatOffer told = offer_;
    if (refuses_) told.wish = SeatWish::no;
    tell_(std::move(told));
}

void SeatTeller::measure_later(Duration pause) {
    timer_ = ports_.loop.after(jittered(pause, ports_.random), [this] { measure(); });
}

// A disk that cannot be asked is asked again; what was told of it stays.
void SeatTeller::measure() {
    // Shared: the worker may outlive us.
    auto found = std::make_shared<Result<std::uint64_t>>(Error{});
    ports_.workers.run(
        [found, measure = measure_](Task& task) {
            task.blocking();
            *found = measure();
        },
        lifeline_.guard([this, found] {
            measure_later(pace);
            if (!*found) return;
            const std::uint64_t told = told_space(disk_free_, **found);
            if (told == disk_free_) return;
            disk_free_ = told;
            tell();
        }));
}

}  // namespace hansa
