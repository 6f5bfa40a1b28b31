#include "mesh/etcd/link.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "mesh/etcd/calls.h"
#include "mesh/etcd/convert.h"

namespace hansa::etcd {

namespace pb = etcdserverpb;

namespace {

// How long an endpoint must have been up for its loss to be a first failure again.
constexpr Duration stable_after = Seconds(1);

std::string fault_of(const pb::StatusResponse& response, const std::string& address) {
    if (response.leader() == 0)
        return "etcd at " + address + " has no leader: too few members can reach each other";
    if (response.islearner()) return "etcd at " + address + " is still learning";
    return {};
}

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
    if (!addresses.empty() && std::is_permutation(addresses.begin(), addresses.end(),
                                                  addresses_.begin(), addresses_.end())) {
        // Nothing new, but somebody has a reason to say it: a rest is cut short.
        if (!connection_ && !probe_) connect();
        return;
    }

    // Peers that all knew the same list in the same order would all lean on its first member.
    for (auto left = addresses.size(); left > 1; --left)
        std::swap(addresses[left - 1], addresses[random_.below(left)]);

    const bool kept = connection_ && std::find(addresses.begin(), addresses.end(),
                                               connection_->address) != addresses.end();
    addresses_ = std::move(addresses);
    next_ = 0;
    if (kept) return;
    failures_ = 0;
    faults_.clear();
    if (connection_) {
        go_down(addresses_.empty() ? "nobody serves the store now" : "endpoints were replaced");
    } else if (addresses_.empty()) {
        tell(StoreStatus::State::connecting, fault);
    }
    connect();
}

void Link::use_identity(StoreIdentity identity) {
    if (identity_ == identity) return;
    identity_ = std::move(identity);
    if (connection_) return move_later();
    if (!probe_) connect();
}

// Not at once: all peers of a store may have got their new certificates at the same time.
void Link::move_later() {
    const auto within = static_cast<std::uint64_t>(times_.move_within.count()) + 1;
    move_timer_ = pump_.loop().after(Duration(random_.below(within)), [this] { move(); });
}

void Link::move() {
    if (!connection_) return;  // whatever comes next is dialled with the new one
    if (move_probe_) std::exchange(move_probe_, nullptr)->abandon();
    auto next = std::make_shared<Connection>(connection_->address, *identity_);
    auto begin = [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
        return next->maintenance->AsyncStatus(context, pb::StatusRequest(), queue);
    };
    move_probe_ = UnaryCall<pb::StatusResponse>::start(
        pump_, times_.connect_limit, begin,
        [this, next](const Ending& ending, pb::StatusResponse& response) {
            move_probe_.reset();
            const bool is_well = ending.status.ok() && fault_of(response, next->address).empty();
            if (!connection_) return;
            if (is_well && connection_->address == next->address) return move_to(next);
            move_later();
        });
}

// What was asked on the old connection is still answered there.
void Link::move_to(const std::shared_ptr<Connection>& next) {
    ++counters_.moves;
    heard_ = pump_.loop().clock().now();
    for_each_rider(&Rider::link_down);
    connection_ = next;
    if (probe_) std::exchange(probe_, nullptr)->abandon();
    watch_silence(times_.silence);
    for_each_rider(&Rider::link_up);
}

void Link::connect() {
    timer_.reset();
    if (probe_) std::exchange(probe_, nullptr)->abandon();
    if (addresses_.empty() || !identity_) return;
    next_ %= addresses_.size();
    if (status_.state == StoreStatus::State::connecting)
        tell(StoreStatus::State::connecting, "connecting to " + addresses_[next_]);
    probe(std::make_shared<Connection>(addresses_[next_], *identity_), times_.connect_limit);
}

void Link::probe(std::shared_ptr<Connection> on, Duration limit) {
    ++counters_.probes;
    auto begin = [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
        return on->maintenance->AsyncStatus(context, pb::StatusRequest(), queue);
    };
    probe_ = UnaryCall<pb::StatusResponse>::start(
        pump_, limit, begin, [this, on, limit](const Ending& ending, pb::StatusResponse& response) {
            probe_.reset();
            if (ending.status.ok()) {
                alarm_ = alarm_of(response);
                return answered(on, fault_of(response, on->address));
            }
            const Failure failure = failure_of(ending, on->address, limit);
            answered(on, failure.error.text);
            if (failure.handshake == Handshake::not_believed && distrusted_)
                distrusted_(failure.error);
        });
}

void Link::answered(const std::shared_ptr<Connection>& on, const std::string& fault) {
    const bool was_up = connection_ == on;
    if (fault.empty()) {
        heard_ = pump_.loop().clock().now();
        if (!was_up) return come_up(on);
        tell_connected();
        return watch_silence(times_.silence);
    }
    if (was_up) {
        const bool was_stable = pump_.loop().clock().now() - up_since_ >= stable_after;
        go_down(fault);
        if (was_stable) {
            failures_ = 0;
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
void Link::failed(const std::string& address, const std::string& fault) {
    faults_[address] = fault;
    if (status_.state != StoreStatus::State::away) tell(StoreStatus::State::away, fault);
}

void Link::tell_faults() {
    if (status_.state != StoreStatus::State::away) return;
    std::string all;
    for (const auto& [address, fault] : faults_) all += (all.empty() ? "" : "; ") + fault;
    if (!all.empty()) tell(StoreStatus::State::away, all);
}

// Through the endpoints at once, then a rest, longer with each round.
void Link::try_next() {
    ++failures_;
    ++next_;
    if (addresses_.empty()) return;
    if (failures_ % addresses_.size() != 0) return connect();
    tell_faults();
    const auto rounds = std::min<std::size_t>(failures_ / addresses_.size() - 1, 8);
    const auto delay = std::min(times_.back_off_first * (1 << rounds), times_.back_off_max);
    const auto spread = static_cast<std::uint64_t>((delay / 4).count()) + 1;
    timer_ = pump_.loop().after(delay + Nanoseconds(random_.below(spread)), [this] { connect(); });
}

void Link::come_up(const std::shared_ptr<Connection>& on) {
    ++counters_.connections;
    connection_ = on;
    up_since_ = heard_;
    watch_silence(times_.silence);
    faults_.clear();
    if (on->identity != identity_) move_later();  // it was renewed while we dialled
    tell_connected();
    for_each_rider(&Rider::link_up);
}

void Link::tell_connected() {
    const std::string& address = connection_->address;
    tell(StoreStatus::State::connected, alarm_.empty() ? address : address + ", but it " + alarm_);
}

void Link::go_down(const std::string& why) {
    connection_.reset();
    timer_.reset();
    for_each_rider(&Rider::link_down);
    tell(StoreStatus::State::away, why);
}

void Link::watch_silence(Duration delay) {
    timer_ = pump_.loop().after(delay, [this] {
        const auto silent = pump_.loop().clock().now() - heard_;
        if (silent < times_.silence) return watch_silence(times_.silence - silent);
        doubt(connection_);
    });
}

void Link::heard(const std::shared_ptr<Connection>& on) {
    if (on == connection_) heard_ = pump_.loop().clock().now();
}

void Link::doubt(const std::shared_ptr<Connection>& on) {
    if (!connection_ || on != connection_ || probe_) return;
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
