#include "seat_client.h"

#include <algorithm>

#include "base/text.h"
#include "mesh/backoff.h"
#include "mesh/endpoint_keeper.h"

namespace hansa {
namespace {

constexpr Milliseconds write_every{250};

std::string url_of(const SimHost& host) {
    return "https://" + host.uuid + ":2379";
}

}  // namespace

SimSeatClient::SimSeatClient(const SeatWorld& world, SimEtcd& etcd, std::size_t host)
    : world_(world),
      etcd_(etcd),
      host_(host),
      random_(seat_hash(world.hosts[host].uuid)),
      endpoints_{0},
      acknowledged_(world.now),
      viewed_(world.now) {}

void SimSeatClient::step() {
    const SimHost& here = world_.hosts[host_];
    if (!here.up) on_.reset();
    if (!here.agent_runs()) return;
    if (life_ != here.lives) begin_life();
    if (on_) watch_endpoint();
    if (!on_) connect();
    if (!on_) return;
    read_members();
    use();
}

// What it knew of the members was kept on its disk.
void SimSeatClient::begin_life() {
    life_ = world_.hosts[host_].lives;
    down_since_ = world_.now;
    rests_until_ = world_.now;
    next_ = tried_ = 0;
    dialled_.reset();
}

// Where an agent or a whole machine ended the way is still there, and says that nobody listens.
SimSeatClient::Reply SimSeatClient::reply_of(std::size_t number) const {
    const SimHost& there = world_.hosts[number];
    if (number != host_ && !world_.linked(host_, number)) return Reply::silent;
    if (!there.etcd.running) return Reply::refused;
    if (there.paused || there.etcd.is_busy()) return Reply::silent;
    const SimSeatMember* member = etcd_.find(there.etcd.data_of);
    if (!member || member->is_learner) return Reply::refused;
    return etcd_.follows_leader(*member) ? Reply::good : Reply::no_leader;
}

bool SimSeatClient::is_stranded() const {
    return !on_ && std::none_of(endpoints_.begin(), endpoints_.end(),
                                [this](std::size_t host) { return etcd_.find_on(host); });
}

std::string SimSeatClient::situation() const {
    std::vector<std::string> known;
    for (const std::size_t host : endpoints_) known.push_back(world_.hosts[host].uuid);
    return "the client of " + world_.hosts[host_].uuid + ", which knows " + join(known, ", ") +
           " and is connected to " + (on_ ? world_.hosts[*on_].uuid : "nobody");
}

std::size_t SimSeatClient::silent_endpoints() const {
    return static_cast<std::size_t>(
        std::count_if(endpoints_.begin(), endpoints_.end(),
                      [this](std::size_t host) { return reply_of(host) == Reply::silent; }));
}

void SimSeatClient::connect() {
    while (!on_ && world_.now >= rests_until_) {
        const std::size_t number = endpoints_[next_ % endpoints_.size()];
        const Reply reply = reply_of(number);
        if (reply == Reply::good) {
            on_ = number;
            heard_ = world_.now;
            next_list_ = std::min(next_list_, world_.now + EndpointTimes{}.list_after);
            tried_ = rounds_ = 0;
            dialled_.reset();
            leaderless_.reset();
            return;
        }
        if (reply == Reply::silent) {
            if (!dialled_) dialled_ = world_.now;
            const Duration limit =
                wait_for_first_answer(rounds_, {}, times_.connect_limit, times_.connect_limit_max);
            if (world_.now - *dialled_ < limit) return;
        }
        dialled_.reset();
        ++next_;
        if (++tried_ < endpoints_.size()) continue;
        tried_ = 0;
        const bool answers =
            std::any_of(endpoints_.begin(), endpoints_.end(),
                        [this](std::size_t host) { return reply_of(host) == Reply::no_leader; });
        rounds_ = answers ? 0 : rounds_ + 1;
        rests_until_ = world_.now +
                       rest_in_outage(world_.now - down_since_, times_.back_off_first,
                                      answers ? times_.quorum_look : times_.back_off_max, random_);
    }
}

void SimSeatClient::leave() {
    on_.reset();
    ++next_;
    tried_ = rounds_ = 0;
    down_since_ = rests_until_ = world_.now;
}

// A member notices after the time of an election that it hears no leader.
void SimSeatClient::watch_endpoint() {
    const Reply reply = reply_of(*on_);
    if (reply == Reply::refused) return leave();
    if (reply == Reply::silent) {
        if (world_.now - heard_ >= times_.busy_silence + times_.answer_limit) leave();
        return;
    }
    heard_ = world_.now;
    if (reply == Reply::good) return leaderless_.reset();
    if (!leaderless_) leaderless_ = world_.now;
    if (world_.now - *leaderless_ >= world_.options.timing.election) leave();
}

void SimSeatClient::read_members() {
    if (world_.now < next_list_ || reply_of(*on_) != Reply::good) return;
    next_list_ = world_.now + EndpointTimes{}.list_within;
    KnownEndpoints known;
    for (const SimSeatMember& member : etcd_.members()) {
        const SimHost& there = world_.hosts[member.host];
        known.members.push_back(
            {there.uuid, there.domain, {url_of(there)}, member.is_learner || !member.started});
    }
    const auto urls = order_endpoints(known, {world_.hosts[host_].domain},
                                      seat_hash(url_of(world_.hosts[host_])));
    if (urls.empty()) return;
    endpoints_.clear();
    for (const SimSeatMember& member : etcd_.members())
        if (std::find(urls.begin(), urls.end(), url_of(world_.hosts[member.host])) != urls.end())
            endpoints_.push_back(member.host);
    std::sort(endpoints_.begin(), endpoints_.end(), [&](std::size_t a, std::size_t b) {
        return std::find(urls.begin(), urls.end(), url_of(world_.hosts[a])) <
               std::find(urls.begin(), urls.end(), url_of(world_.hosts[b]));
    });
    const auto kept = std::find(endpoints_.begin(), endpoints_.end(), *on_);
    next_ = static_cast<std::size_t>(kept - endpoints_.begin());
    if (kept == endpoints_.end()) leave();
}

void SimSeatClient::use() {
    if (!on_ || reply_of(*on_) != Reply::good) return;
    const SimProcess& process = world_.hosts[*on_].etcd;
    if (world_.now >= next_write_ && etcd_.put(process.data_of)) {
        acknowledged_ = world_.now;
        next_write_ = world_.now + write_every;
    }
    if (process.index > seen_) viewed_ = world_.now;
    seen_ = std::max(seen_, process.index);
}

}  // namespace hansa
