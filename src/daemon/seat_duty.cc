#include "daemon/seat_duty.h"

#include <algorithm>

#include "mesh/follow_key.h"
#include "mesh/keys.h"

namespace hansa {
namespace {

// A learner becomes a voter without a word to the agent beside it.
constexpr Duration look_every = Seconds{1};
constexpr Duration settings_after = Seconds{2};  // the first moments are for what the host does
constexpr Seconds lost_for{5};                   // after the last beat of an agent that says so

}  // namespace

SeatDuty::SeatDuty(Steward::Ports ports, HostName host, std::string uuid, SeatSettings settings,
                   Events events)
    : ports_(ports),
      host_(std::move(host)),
      uuid_(std::move(uuid)),
      settings_(std::move(settings)),
      events_(std::move(events)) {}

void SeatDuty::follow_book() {
    learn_settings(settings_after);
    auto events = follow_key(
        keys::seat_book(),
        {.on_record =
             [this](const std::optional<Record>& book) { read_book(book ? book->value : ""); },
         .on_error =
             [this](const Error& error) {
                 ports_.report.publish(happened::Refused{"store_error", "seats: " + error.text});
             }});
    book_ = std::make_unique<Follower>(ports_.loop, ports_.store, ports_.random, keys::seat_book(),
                                       FollowerTimes{}, std::move(events));
    book_->store_is(ports_.store.status().state);
}

void SeatDuty::read_book(const std::string& text) {
    bool wanted = false;
    if (!text.empty()) {
        auto book = decode_seat_book(text);
        if (!book)
            ports_.report.publish(happened::Refused{"bad_record", book.error().text});
        else if (book->intent)
            wanted = std::find(book->intent->adds.begin(), book->intent->adds.end(), uuid_) !=
                     book->intent->adds.end();
    }
    if (wanted && stored_) events_.on_wanted(*stored_);
    if (wanted && !wanted_ && !stored_) learn_settings({});
    if (!wanted && wanted_) events_.on_unwanted();
    wanted_ = wanted;
}

void SeatDuty::learn_settings(Duration pause) {
    settings_timer_ = ports_.loop.after(pause, [this] { ask_settings(); });
}

// Until they are there: whoever founds a cluster puts them down a little later.
void SeatDuty::ask_settings() {
    ports_.store.read(
        ReadScope::key, keys::seat_settings(), lifeline_.guard([this](Result<Reading> reading) {
            if (stored_) return;
            if (!reading || reading->records.empty()) return learn_settings(look_every);
            auto stored = decode_seat_settings(reading->records.front().value);
            if (!stored)
                return ports_.report.publish(happened::Refused{"bad_record", stored.error().text});
            stored_ = std::move(*stored);
            events_.on_settings(*stored_);
            if (wanted_) events_.on_wanted(*stored_);
        }));
}

void SeatDuty::member_serves(const std::string& endpoint) {
    if (endpoint == endpoint_) return;
    member_ended();
    endpoint_ = endpoint;
    if (!stored_ && !settings_timer_) learn_settings(settings_after);
    look();
}

void SeatDuty::member_ended() {
    endpoint_.clear();
    timer_.reset();
    steward_.reset();
}

void SeatDuty::look() {
    timer_ = ports_.loop.after(look_every, [this] { look(); });
    ports_.electorate.status({endpoint_, look_every},
                             lifeline_.guard([this](Answer<MemberStatus> answer) {
                                 if (answer) on_status(*answer.result);
                             }));
}

void SeatDuty::on_status(const MemberStatus& status) {
    if (endpoint_.empty() || steward_ || status.is_learner || status.leader == 0) return;
    timer_.reset();
    steward_ = std::make_unique<Steward>(ports_, Steward::Self{host_, uuid_, endpoint_}, settings_);
    events_.on_voter();
}

// The record goes with its lease, or is written anew by the steward that runs beside a new member.
void SeatDuty::member_lost(bool lost) {
    lost_lease_.reset();
    lost_again_.reset();
    if (!lost) return;
    member_ended();
    LeaseHandlers handlers;
    handlers.on_granted = [this](LeaseId lease) { tell_lost(lease); };
    handlers.on_lost = [this] { lost_again_.reset(); };
    lost_lease_ = ports_.store.keep_lease(lost_for, std::move(handlers));
}

void SeatDuty::tell_lost(LeaseId lease) {
    const Sighting sighting{uuid_, {}, true};
    ports_.store.commit({{}, {Operation::put(keys::seat_sighting(host_), encode(sighting), lease)}},
                        lifeline_.guard([this, lease](Result<Committed> done) {
                            if (done || !lost_lease_) return;
                            lost_again_ =
                                ports_.loop.after(look_every, [this, lease] { tell_lost(lease); });
                        }));
}

void SeatDuty::store_is(StoreStatus::State state) {
    if (book_) book_->store_is(state);
    if (steward_) steward_->store_is(state);
}

}  // namespace hansa
