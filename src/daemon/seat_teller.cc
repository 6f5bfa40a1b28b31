#include "daemon/seat_teller.h"

#include <bit>

#include "mesh/backoff.h"

namespace hansa {

namespace {

constexpr Duration first_pause = Seconds{2};  // the first moments belong to what the host is for
constexpr Duration pace = Seconds{60};
constexpr Duration pace_of_member = Seconds{5};  // whose disk may fill up fast

// Likewise: the first graph may well be applied by then, and nobody waits for the figure.
constexpr Duration first_syncs = Seconds{30};
constexpr std::size_t syncs_of_a_look = 4;
constexpr std::size_t syncs_of_a_member = 1;  // which looks more often
constexpr const char* probe_name = "/fsync-probe";

constexpr Milliseconds clock_play{1000};  // seats.md 4: warn from there on

bool is_off(std::optional<Milliseconds> offset) {
    return offset && std::chrono::abs(*offset) >= clock_play;
}

}  // namespace

struct SeatTeller::Looked {
    Result<RoomFound> room = Error{};
    std::optional<Result<Times>> syncs{};
};

std::uint64_t told_space(std::uint64_t told, std::uint64_t measured) {
    if (told != 0 && measured >= told - told / 10 && measured / 11 < told / 5) return told;
    return std::bit_floor(measured);
}

void SeatTeller::use(SeatOffer offer) {
    offer_ = std::move(offer);
    offered_ = true;
    tell();
    if (timer_) return;
    syncs_from_ = ports_.loop.clock().now() + first_syncs;
    look_later(first_pause);
}

void SeatTeller::look_anew() {
    if (timer_) look_later({});
}

void SeatTeller::refuse_seats(bool refuse) {
    if (refuse == refuses_) return;
    refuses_ = refuse;
    if (offered_) tell();
}

void SeatTeller::hear(const ClockTelling& told) {
    clock_.heard(told, ports_.loop.clock().now());
}

void SeatTeller::tell() {
    SeatOffer offer = offer_;
    offer.disk_free = told_.disk_free;
    offer.disk_low = told_.disk_low;
    offer.fsync_p99 = told_.fsync_p99;
    offer.clock_offset = told_.clock_offset;
    if (refuses_) offer.wish = SeatWish::no;
    steps_.tell(std::move(offer));
}

void SeatTeller::look_later(Duration pause) {
    timer_ = ports_.loop.after(jittered(pause, ports_.random), [this] { look(); });
}

// A disk that cannot be asked is asked again; what was told of it stays.
void SeatTeller::look() {
    if (offer_.peer_urls.empty()) {
        look_later(pace);
        return finish(told_);
    }
    RoomAsked asked = steps_.where();
    asked.was_low = told_.disk_low;
    // Shared: the worker may outlive us.
    auto looked = std::make_shared<Looked>();
    ports_.workers.run(
        [looked, asked, count = syncs_due(asked), look = steps_.look,
         time_syncs = steps_.time_syncs](Task& task) {
            task.blocking();
            looked->room = look(asked);
            if (count > 0) looked->syncs = time_syncs(asked.directory + probe_name, count);
        },
        lifeline_.guard([this, looked, asked] {
            look_later(asked.ballast.empty() ? pace : pace_of_member);
            Measured now = told_;
            if (looked->room) take_room(asked, *looked->room, now);
            if (looked->syncs) take_syncs(*looked->syncs, now);
            finish(now);
        }));
}

std::size_t SeatTeller::syncs_due(const RoomAsked& asked) const {
    if (ports_.loop.clock().now() < syncs_from_) return 0;
    if (!asked.ballast.empty()) return syncs_of_a_member;
    return offer_.wish == SeatWish::no ? 0 : syncs_of_a_look;
}

void SeatTeller::finish(Measured now) {
    take_clock(now);
    if (now == told_) return;
    told_ = now;
    tell();
}

void SeatTeller::take_room(const RoomAsked& asked, const RoomFound& room, Measured& now) {
    if (!room.says.empty()) ports_.report.publish(happened::Warned{room.says});
    if (room.is_low && !now.disk_low)
        ports_.report.publish(happened::Warned{low_told(asked, room.space)});
    if (!room.is_low && now.disk_low)
        ports_.report.publish(
            happened::Noted{"the disk of " + asked.directory + " has room again"});
    now.disk_free = told_space(now.disk_free, room.space.free);
    now.disk_low = room.is_low;
}

// What a disk did before it refused to be written to says nothing about it now.
void SeatTeller::take_syncs(const Result<Times>& times, Measured& now) {
    if (times)
        syncs_.add(*times);
    else
        syncs_.clear();
    const auto p99 = syncs_.p99();
    if (p99)
        now.fsync_p99 = told_sync(now.fsync_p99, *p99);
    else if (!times)
        now.fsync_p99.reset();
}

void SeatTeller::take_clock(Measured& now) {
    const Clock& clock = ports_.loop.clock();
    const auto offset = clock_.offset(clock.wall(), clock.now());
    if (!offset) return;
    const bool was_off = is_off(now.clock_offset);
    now.clock_offset = told_offset(now.clock_offset, *offset);
    if (is_off(now.clock_offset) == was_off) return;
    const std::string theirs = clock_.host() + ", the steward's host";
    if (was_off)
        return ports_.report.publish(
            happened::Noted{"this host's clock agrees with that of " + theirs + ", again"});
    ports_.report.publish(happened::Warned{
        "this host's clock is " + readable(std::chrono::abs(*offset)) +
        (*offset > Milliseconds{0} ? " ahead of" : " behind") + " that of " + theirs +
        ": certificates and signatures are judged by it; synchronise both (chrony, "
        "systemd-timesyncd)"});
}

}  // namespace hansa
