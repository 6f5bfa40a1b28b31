#include "mesh/etcd/link.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "mesh/backoff.h"
#include "mesh/etcd/calls.h"
#include "mesh/etcd/convert.h"

namespace hansa::etcd {

namespace pb = etcdserverpb;

namespace {

// How long an endpoint must have been up for its loss to be a first failure again.
constexpr Duration stable_after = Seconds(1);

// etcd answers though it takes no writes: "memberID:10276657743932975437 alarm:NOSPACE ".
std::string alarm_of(const pb::StatusResponse& response) {
    for (const std::string& error : response.errors()) {
        const auto at = error.find("alarm:");
        if (at == std::string::npos) continue;
        const std::string alarm(trim(std::string_view(error).substr(at + 6)));
        if (alarm == "NOSPACE")
            return "takes no writes: its space is used up (alarm NOSPACE); compact and "
                   "defragment it, or raise its quota, then etcdctl alarm disarm";
        return "takes no writes: alarm " + printable(alarm, 40);
    }
    return {};
}

}  // namespace

Link::Link(Pump& pump, Random& random, const EtcdTimes& times, EtcdCounters& counters)
    : pump_(pump), random_(random), times_(times), counters_(counters) {
    status_.detail = "no endpoint is known yet";
}

Link::~Link() {
    if (probe_) probe_->abandon();
    if (move_probe_) move_probe_->abandon();
}

void Link::use(const std::vector<std::string>& endpoints) {
    std::vector<std::string> addresses;
    std::string fault = "no endpoint is known yet";
    for (const auto& endpoint : endpoints) {
        auto address = address_of(endpoint);
        if (!address) {
            fault = address.error().text;
        } else if (std::find(addresses.begin(), addresses.end(), *address) == addresses.end()) {
            addresses.push_back(*std::move(address));
        }
    }
    const bool same = !addresses.empty() && addresses.size() == addresses_.size() &&
                      std::is_permutation(addresses.begin(), addresses.end(), addresses_.begin());
    addresses_ = std::move(addresses);
    next_ = 0;
    if (connection_) {
        const auto kept = std::find(addresses_.begin(), addresses_.end(), connection_->address);
        next_ = static_cast<std::size_t>(kept - addresses_.begin());
        if (kept != addresses_.end()) return prefer_first();
    } else if (same) {
        // Nothing new, but somebody has a reason to say it: a rest is cut short.
        if (!probe_) connect();
        return;
    }
    failures_ = 0;
    down_since_ = now();
    if (connection_) {
        go_down({addresses_.empty() ? "nobody serves the store now" : "endpoints were replaced"});
    } else if (addresses_.empty()) {
        tell(StoreStatus::State::connecting, fault);
    }
    faults_.clear();
    connect();
}

void Link::use_identity(StoreIdentity identity) {
    if (identity_ == identity) return;
    identity_ = std::move(identity);
    if (connection_) return move_later();
    if (!probe_) connect();
}

bool Link::could_be_better() const {
    return connection_ && !addresses_.empty() &&
           (connection_->identity != identity_ || connection_->address != addresses_.front());
}

void Link::prefer_first() {
    if (could_be_better() && !move_timer_ && !move_probe_) move_later();
}

// Not at once: all peers of a store may have got their new certificates, or have lost the same
// endpoint, at the same time.
void Link::move_later() {
    const auto within = static_cast<std::uint64_t>(times_.move_within.count()) + 1;
    move_timer_ = pump_.loop().after(Duration(random_.below(within)), [this] {
        const Held ended = std::move(move_timer_);
        move();
    });
}

void Link::move() {
    if (!could_be_better()) return;  // whatever comes next is dialled with the new identity
    if (move_probe_) std::exchange(move_probe_, nullptr)->abandon();
    const bool renewed = connection_->identity != identity_;
    const std::string address = renewed ? connection_->address : addresses_.front();
    auto next = std::make_shared<Connection>(address, *identity_);
    auto begin = [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
        return next->maintenance->AsyncStatus(context, pb::StatusRequest(), queue);
    };
    move_probe_ = UnaryCall<pb::StatusResponse>::start(
        pump_, times_.connect_limit_max, begin,  // nothing waits for it
        [this, next, from = connection_](const Ending& ending, pb::StatusResponse& response) {
            move_probe_.reset();
            const bool is_well = ending.status.ok() && fault_of(response, *next).empty();
            if (is_well && connection_ == from) move_to(next);
            if (could_be_better()) move_later();
        });
}

// What was asked on the old connection is still answered there.
void Link::move_to(const std::shared_ptr<Connection>& next) {
    ++counters_.moves;
    heard_ = now();
    for_each_rider(&Rider::link_down);
    connection_ = next;
    const auto place = std::find(addresses_.begin(), addresses_.end(), next->address);
    next_ = static_cast<std::size_t>(place - addresses_.begin());
    abandon_probe();
    watch_silence();
    tell_connected();
    for_each_rider(&Rider::link_up);
}

std::string Link::fault_of(const pb::StatusResponse& response, Connection& on) const {
    on.store = response.header().cluster_id();
    if (refused_.contains(on.store))
        return "etcd at " + on.address + " is of an older epoch of this cluster";
    if (response.leader() == 0)
        return "etcd at " + on.address + " has no leader: too few members can reach each other";
    if (response.islearner()) return "etcd at " + on.address + " is still learning";
    return {};
}

void Link::refuse(std::uint64_t store) {
    refused_.insert(store);
    if (connection_ && connection_->store == store) doubt(connection_);
}

void Link::connect() {
    timer_.reset();
    abandon_probe();
    if (addresses_.empty() || !identity_) return;
    next_ %= addresses_.size();
    const std::string& address = addresses_[next_];
    if (status_.state == StoreStatus::State::connecting)
        tell(StoreStatus::State::connecting, "connecting to " + address);
    const bool again = spare_ && spare_->address == address && spare_->identity == identity_;
    dialled_ = now();
    // Where somebody answers it is no slow line that keeps the others from it.
    const std::size_t rounds = somebody_answers() ? 0 : failures_ / addresses_.size();
    probe(again ? spare_ : std::make_shared<Connection>(address, *identity_),
          wait_for_first_answer(rounds, first_answer_took_, times_.connect_limit,
                                times_.connect_limit_max));
}

void Link::probe(std::shared_ptr<Connection> on, Duration limit) {
    ++counters_.probes;
    probe_reads_ = false;
    auto begin = [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
        return on->maintenance->AsyncStatus(context, pb::StatusRequest(), queue);
    };
    probe_ = UnaryCall<pb::StatusResponse>::start(
        pump_, limit, begin, [this, on, limit](const Ending& ending, pb::StatusResponse& response) {
            probe_.reset();
            if (ending.status.ok()) {
                alarm_ = alarm_of(response);
                const std::string fault = fault_of(response, *on);
                const bool counts = !refused_.contains(on->store);
                const std::uint64_t member = counts ? response.header().member_id() : 0;
                if (fault.empty() && must_read_) return probe_reading(on, limit, member);
                return answered(on, {fault, member});
            }
            const Failure failure = failure_of(ending, on->address, limit);
            answered(on, {failure.error.text});
            if (failure.handshake == Handshake::not_believed && distrusted_)
                distrusted_(failure.error);
            if (failure.handshake == Handshake::not_accepted && unaccepted_) unaccepted_();
        });
}

// Any key will do: what counts is that a majority takes part in the answer.
void Link::probe_reading(std::shared_ptr<Connection> on, Duration limit, std::uint64_t member) {
    pb::RangeRequest request;
    request.set_key(std::string(1, '\0'));
    request.set_limit(1);
    probe_reads_ = on == connection_;
    auto begin = [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
        return on->kv->AsyncRange(context, request, queue);
    };
    probe_ = UnaryCall<pb::RangeResponse>::start(
        pump_, limit, begin, [this, on, limit, member](const Ending& ending, pb::RangeResponse&) {
            probe_.reset();
            probe_reads_ = false;
            must_read_ = !ending.status.ok();
            if (!must_read_) return answered(on, {});
            answered(on, {"etcd at " + on->address +
                              " has a leader, but answers no read that needs a majority (" +
                              failure_of(ending, on->address, limit).error.text + ")",
                          member});
        });
}

void Link::abandon_probe() {
    probe_reads_ = false;
    if (probe_) std::exchange(probe_, nullptr)->abandon();
}

void Link::answered(const std::shared_ptr<Connection>& on, const Fault& fault) {
    const bool was_up = connection_ == on;
    if (fault.text.empty()) {
        heard_ = now();
        if (!was_up) return come_up(on);
        tell_connected();
        return watch_silence();
    }
    if (fault.member != 0) {
        if (!was_up && on != spare_) first_answer_took_ = now() - dialled_;
        spare_ = on;
    } else if (spare_ == on) {
        spare_.reset();  // gRPC would dial again in its own time
    }
    if (was_up) {
        const bool was_stable = now() - up_since_ >= stable_after;
        if (was_stable) {
            failures_ = 0;
            down_since_ = now();
        }
        go_down(fault);
        if (was_stable) {
            ++next_;
            return connect();
        }
    } else {
        failed(on->address, fault);
    }
    try_next();
}

// With many endpoints an outage would be told at each try; it is told when it begins, and after
// a round through all of them that found something else.
void Link::failed(const std::string& address, const Fault& fault) {
    faults_[address] = fault;
    if (status_.state == StoreStatus::State::connecting)
        tell(fault.member != 0 ? StoreStatus::State::no_quorum : StoreStatus::State::away,
             fault.text);
}

bool Link::somebody_answers() const {
    return std::any_of(faults_.begin(), faults_.end(),
                       [](const auto& known) { return known.second.member != 0; });
}

// "1 of 3 members answer": whoever has several addresses is one.
std::string Link::quorum_text() const {
    std::set<std::uint64_t> answering;
    for (const auto& [address, fault] : faults_)
        if (fault.member != 0) answering.insert(fault.member);
    const std::size_t all = std::max(answering.size(), voters_ ? voters_ : addresses_.size());
    return std::to_string(answering.size()) + " of " + std::to_string(all) +
           (all == 1 ? " member answers" : " members answer");
}

void Link::tell_faults() {
    if (connection_ || faults_.empty()) return;
    std::string all;
    for (const auto& [address, fault] : faults_) all += (all.empty() ? "" : "; ") + fault.text;
    if (somebody_answers()) return tell(StoreStatus::State::no_quorum, quorum_text() + "; " + all);
    tell(StoreStatus::State::away, all);
}

// Through the endpoints at once, then a rest, longer with each round.
void Link::try_next() {
    ++failures_;
    ++next_;
    if (addresses_.empty()) return;
    if (failures_ % addresses_.size() != 0) return connect();
    tell_faults();
    try_later();
}

// A member that answers has nobody to hold back: only its own quorum is missing.
void Link::try_later() {
    const Duration most = somebody_answers() ? times_.quorum_look : times_.back_off_max;
    const Duration rest = rest_in_outage(now() - down_since_, times_.back_off_first, most, random_);
    timer_ = pump_.loop().after(rest, [this] { connect(); });
}

void Link::come_up(const std::shared_ptr<Connection>& on) {
    ++counters_.connections;
    connection_ = on;
    if (on != spare_) first_answer_took_ = heard_ - dialled_;
    spare_.reset();
    up_since_ = heard_;
    watch_silence();
    faults_.clear();
    tell_connected();
    for_each_rider(&Rider::link_up);
    prefer_first();  // also where the identity was renewed while we dialled
}

void Link::tell_connected() {
    const std::string& address = connection_->address;
    tell(StoreStatus::State::connected, alarm_.empty() ? address : address + ", but it " + alarm_);
}

void Link::go_down(const Fault& fault) {
    faults_.clear();
    faults_[connection_->address] = fault;
    connection_.reset();
    timer_.reset();
    pulse_.reset();
    for_each_rider(&Rider::link_down);
    tell(fault.member != 0 ? StoreStatus::State::no_quorum : StoreStatus::State::away, fault.text);
}

void Link::leave(const std::shared_ptr<Connection>& on, const std::string& why) {
    if (!connection_ || on != connection_) return;
    if (addresses_.size() < 2) return doubt(on);
    abandon_probe();
    answered(on, {why});
}

bool Link::is_busy() const {
    return now() < busy_until_;
}

void Link::watch_silence() {
    const auto limit = is_busy() ? times_.busy_silence : times_.silence;
    timer_ = pump_.loop().after(std::max(heard_ + limit - now(), Duration::zero()), [this] {
        const auto silent = now() - heard_;
        if (silent < (is_busy() ? times_.busy_silence : times_.silence)) return watch_silence();
        doubt(connection_);
    });
}

void Link::heard(const std::shared_ptr<Connection>& on) {
    if (on == connection_) heard_ = now();
}

void Link::carried(const std::shared_ptr<Connection>& on) {
    if (!connection_ || on != connection_) return;
    heard_ = now();
    busy_until_ = heard_ + times_.busy_for;
    // What is asked by that was answered just now.
    must_read_ = false;
    if (probe_reads_) {
        abandon_probe();
        watch_silence();
    }
    if (pulse_) return;
    pulse();
    if (!probe_) watch_silence();
}

void Link::pulse() {
    pulse_ = pump_.loop().after(times_.watch_silence, [this] {
        const Held ended = std::move(pulse_);
        if (!connection_ || !is_busy()) return;
        pulse();
        ask_next_stream();
    });
}

// One question a second shows that the endpoint lives; that each stream does shows in turn.
void Link::ask_next_stream() {
    for (std::size_t left = riders_.size(); left > 0; --left) {
        asked_ = (asked_ + 1) % riders_.size();
        const auto rider = riders_[asked_].lock();
        if (rider && rider->link_pulse()) return;
    }
}

void Link::doubt(const std::shared_ptr<Connection>& on, Doubt about) {
    if (!connection_ || on != connection_) return;
    must_read_ = must_read_ || about == Doubt::request;
    if (probe_) return;
    timer_.reset();
    probe(connection_, times_.answer_limit);
}

void Link::add(std::weak_ptr<Rider> rider) {
    if (riders_.size() >= riders_max_) {
        std::erase_if(riders_, [](const auto& known) { return known.expired(); });
        riders_max_ = 2 * riders_.size() + 16;
    }
    riders_.push_back(std::move(rider));
}

void Link::on_status(std::function<void(const StoreStatus&)> changed) {
    changed_ = std::move(changed);
}

void Link::on_distrust(std::function<void(const Error&)> distrusted) {
    distrusted_ = std::move(distrusted);
}

void Link::on_unaccepted(Action unaccepted) {
    unaccepted_ = std::move(unaccepted);
}

void Link::tell(StoreStatus::State state, std::string detail) {
    if (status_.state == state && status_.detail == detail) return;
    status_ = {state, std::move(detail)};
    if (changed_) changed_(status_);
}

void Link::for_each_rider(void (Rider::*call)()) {
    const auto riders = riders_;  // a rider may add another
    for (const auto& weak : riders) {
        if (auto rider = weak.lock()) (rider.get()->*call)();
    }
}

}  // namespace hansa::etcd
