#include "seat_gaps.h"

#include <algorithm>

#include "base/text.h"

namespace hansa {
namespace {

constexpr Duration write_gap_kill = Seconds{3};
constexpr Duration write_gap_silence = Seconds{5};
constexpr Duration view_gap = Seconds{6};
constexpr Duration well_for = Seconds{2};
constexpr Duration look_every = Milliseconds{500};

// What nobody is told of: connections stay, and nothing comes through them.
bool is_silence(SeatFault what) {
    switch (what) {
        case SeatFault::isolate:
        case SeatFault::deafen:
        case SeatFault::mute:
        case SeatFault::split:
        case SeatFault::cut_pair:
        case SeatFault::stop_agent:
        case SeatFault::stop_steward:
        case SeatFault::stop_in_call:
        case SeatFault::pause:
        case SeatFault::pause_leader: return true;
        default: return false;
    }
}

bool is_no_fault(SeatFault what) {
    return what == SeatFault::resize || what == SeatFault::refuse || what == SeatFault::join ||
           what == SeatFault::corrupt || what == SeatFault::bloat;
}

}  // namespace

SeatGapCounts& SeatGapCounts::operator+=(const SeatGapCounts& other) {
    judged += other.judged;
    write_kill = std::max(write_kill, other.write_kill);
    write_silence = std::max(write_silence, other.write_silence);
    view = std::max(view, other.view);
    return *this;
}

SeatGaps::SeatGaps(const SeatWorld& world, const SimEtcd& etcd,
                   const std::vector<SimSeatClient>& clients)
    : world_(world), etcd_(etcd), clients_(clients), counted_since_(clients.size()) {}

// A storm is a fault each second, and a full store takes no writes.
void SeatGaps::fault_begins(SeatFault what) {
    if (is_no_fault(what)) return;
    const bool is_single =
        phase_ == Phase::well && what != SeatFault::storm && what != SeatFault::fill;
    phase_ = is_single ? Phase::single : Phase::trouble;
    fault_ = what;
    well_since_.reset();
}

bool SeatGaps::has_quorum() const {
    return std::any_of(etcd_.members().begin(), etcd_.members().end(),
                       [this](const auto& member) { return etcd_.can_win(member); });
}

bool SeatGaps::counts(const SimSeatClient& client) const {
    if (!world_.hosts[client.host()].agent_runs() || client.is_stranded()) return false;
    return std::any_of(etcd_.members().begin(), etcd_.members().end(), [&](const auto& member) {
        return world_.linked(client.host(), member.host) && etcd_.can_win(member);
    });
}

bool SeatGaps::is_well(const SimSeatClient& client) const {
    return client.is_connected() && world_.now - client.acknowledged() < Seconds{1} &&
           world_.now - client.viewed() < Seconds{1};
}

const SimSeatClient* SeatGaps::unwell_client() const {
    const auto found = std::find_if(clients_.begin(), clients_.end(), [this](const auto& client) {
        return world_.hosts[client.host()].up && !client.is_stranded() && !is_well(client);
    });
    return found == clients_.end() ? nullptr : &*found;
}

bool SeatGaps::is_well(bool is_quiet) const {
    if (!is_quiet || !world_.cuts.empty() || !etcd_.can_commit()) return false;
    const auto runs = [this](const SimSeatMember& member) {
        return member.started && etcd_.follows_leader(member) &&
               world_.hosts[member.host].agent_runs();
    };
    return std::all_of(etcd_.members().begin(), etcd_.members().end(), runs) && !unwell_client();
}

void SeatGaps::after_step(bool is_quiet) {
    const bool works = std::any_of(
        etcd_.members().begin(), etcd_.members().end(),
        [this](const auto& member) { return world_.hosts[member.host].etcd.is_busy(); });
    // With two voters, or with few that are fast, writes wait for the one that is slow.
    const bool waits = fault_ == SeatFault::slow && etcd_.has_majority() && !etcd_.can_commit();
    if (works || (phase_ == Phase::single && (waits || !has_quorum()))) phase_ = Phase::trouble;
    if (phase_ != Phase::trouble)
        for (std::size_t i = 0; i < clients_.size(); ++i) judge(i);
    if (phase_ == Phase::well || world_.now < next_look_) return;
    next_look_ = world_.now + look_every;
    if (!is_well(is_quiet)) return well_since_.reset();
    if (!well_since_) well_since_ = world_.now;
    if (world_.now - *well_since_ < well_for) return;
    counts_.judged += phase_ == Phase::single;
    phase_ = Phase::well;
    fault_ = SeatFault::crash;
    counted_since_.assign(clients_.size(), world_.now);
}

// The next endpoint may be silent as well: each costs the limit of a first try.
void SeatGaps::judge(std::size_t number) {
    const SimSeatClient& client = clients_[number];
    std::optional<Instant>& since = counted_since_[number];
    if (!counts(client)) return since.reset();
    if (!since && !is_well(client)) return;  // who was away comes back in its own time
    if (!since) since = world_.now;
    const Duration write = world_.now - std::max(*since, client.acknowledged());
    const Duration view = world_.now - std::max(*since, client.viewed());
    const bool silence = is_silence(fault_);
    Duration& worst = silence ? counts_.write_silence : counts_.write_kill;
    worst = std::max(worst, write);
    counts_.view = std::max(counts_.view, view);
    const std::size_t silent = std::max<std::size_t>(client.silent_endpoints(), 1) - 1;
    Duration more = world_.options.timing.tick / 2;  // two steps of the world
    for (std::size_t i = 0; i < silent; ++i) more += EtcdTimes{}.connect_limit;
    if (!violation_.empty()) return;
    const std::string who = "at " + world_.age() + ": 19: " + world_.hosts[client.host()].uuid;
    if (write > (silence ? write_gap_silence : write_gap_kill) + more)
        violation_ = who + " has no write acknowledged for " + readable(write);
    if (view > view_gap + more) violation_ = who + " hears nothing new for " + readable(view);
}

}  // namespace hansa
