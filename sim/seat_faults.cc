#include "seat_faults.h"

#include <algorithm>
#include <array>

namespace hansa {
namespace {

constexpr std::array<std::string_view, seat_faults> names = {
    "crash", "crash_leader", "kill_etcd", "lose_domain", "isolate",      "deafen",
    "mute",  "split",        "cut_pair",  "stop_agent",  "stop_steward", "stop_in_call",
    "pause", "pause_leader", "wipe",      "wipe_all",    "copy_host",    "copy_cluster",
    "lame",  "slow",         "storm",     "resize",      "refuse",       "join",
    "leave", "fill",         "bloat",     "corrupt",     "stray",        "succession"};

}  // namespace

std::string text_of(const SimSeatFault& fault) {
    return "at " + readable(fault.at) + " " +
           std::string{names[static_cast<std::size_t>(fault.what)]} + " for " +
           readable(fault.lasts) + " (" + std::to_string(fault.pick % 1000) + ")";
}

std::vector<SimSeatFault> draw_faults(std::uint64_t seed, std::size_t count, Duration time,
                                      const SeatTiming& timing) {
    SeededRandom random(seed ^ 0xfa17);
    std::vector<SimSeatFault> faults;
    for (std::size_t i = 0; i < count; ++i) {
        SimSeatFault fault;
        fault.what = static_cast<SeatFault>(random.below(seat_faults));
        fault.at = time * random.below(10'000) / 10'000;
        // Short ones, and ones that last beyond the eviction.
        const Duration longest = random.chance(0.5) ? timing.evict / 10 : timing.evict * 3;
        fault.lasts =
            std::min<Duration>(longest * (1 + random.below(1000)) / 1000, time - fault.at);
        fault.pick = random.next() >> 1;
        faults.push_back(fault);
    }
    std::sort(faults.begin(), faults.end(),
              [](const auto& a, const auto& b) { return a.at < b.at; });
    return faults;
}

SeatFaultBringer::SeatFaultBringer(SeatWorld& world, SimEtcd& etcd,
                                   std::vector<SimSeatAgent>& agents,
                                   std::vector<SimSeatFault> faults)
    : world_(world), etcd_(etcd), agents_(agents), faults_(std::move(faults)), began_(world.now) {}

void SeatFaultBringer::step() {
    for (std::size_t i = 0; i < endings_.size();) {
        if (endings_[i].at > world_.now) {
            ++i;
            continue;
        }
        const auto end = endings_[i].end;
        endings_.erase(endings_.begin() + static_cast<std::ptrdiff_t>(i));
        end();
    }
    for (std::size_t i = 0; i < faults_.size() && began_ + faults_[i].at <= world_.now;) {
        const SimSeatFault fault = faults_[i];
        const bool is_begun = begin(fault);
        applied_ += is_begun;
        if (is_begun && begun) begun(fault.what);
        // Who waits for a call or a learner has a while for it.
        const bool waits =
            !is_begun &&
            (fault.what == SeatFault::stop_in_call || fault.what == SeatFault::succession) &&
            world_.now < began_ + fault.at + world_.options.timing.evict;
        if (waits)
            ++i;
        else
            faults_.erase(faults_.begin() + static_cast<std::ptrdiff_t>(i));
    }
}

void SeatFaultBringer::heal() {
    faults_.clear();
    for (const Ending& ending : std::exchange(endings_, {})) ending.end();
}

void SeatFaultBringer::ends(const SimSeatFault& fault, std::function<void()> end) {
    endings_.push_back({world_.now + fault.lasts, std::move(end)});
}

std::size_t SeatFaultBringer::some_host(std::uint64_t pick) const {
    const auto& members = etcd_.members();
    if (pick % 4 != 0) return members[pick / 4 % members.size()].host;
    return pick / 4 % world_.hosts.size();
}

bool SeatFaultBringer::begin(const SimSeatFault& fault) {
    const SimSeatMember* leader = etcd_.leader();
    const std::size_t number = some_host(fault.pick);
    switch (fault.what) {
        case SeatFault::crash: return crash_all({number}, fault);
        case SeatFault::crash_leader: return leader && crash_all({leader->host}, fault);
        case SeatFault::lose_domain: {
            std::vector<std::size_t> lost;
            for (std::size_t i = 0; i < world_.hosts.size(); ++i)
                if (world_.hosts[i].domain == world_.hosts[number].domain ||
                    (!world_.hosts[i].domain.empty() &&
                     world_.hosts[i].domain[0] == world_.hosts[number].domain[0]))
                    lost.push_back(i);
            return crash_all(lost, fault);
        }
        case SeatFault::isolate:
        case SeatFault::deafen:
        case SeatFault::mute:
        case SeatFault::split:
        case SeatFault::cut_pair: return befall_lines(fault);
        case SeatFault::stop_steward: return etcd_.steward() && stop(etcd_.steward()->host, fault);
        case SeatFault::stop_in_call:
            for (std::size_t i = 0; i < agents_.size(); ++i)
                if (agents_[i].is_calling()) return stop(i, fault);
            return false;
        case SeatFault::pause_leader: return leader && pause(leader->host, fault);
        case SeatFault::resize: world_.ideal = 1 + 2 * (fault.pick % 4); return true;
        case SeatFault::join: {
            const std::size_t host = world_.join(world_.options);
            joined(host);
            return true;
        }
        case SeatFault::stray: return stray(fault.pick);
        case SeatFault::succession: return succession(fault);
        default: return befall_host(fault);
    }
}

bool SeatFaultBringer::befall_host(const SimSeatFault& fault) {
    const std::size_t number = some_host(fault.pick);
    SimHost& host = world_.hosts[number];
    switch (fault.what) {
        case SeatFault::kill_etcd: host.etcd.running = false; return true;
        case SeatFault::stop_agent: return stop(number, fault);
        case SeatFault::pause: return pause(number, fault);
        case SeatFault::wipe:
        case SeatFault::wipe_all:
        case SeatFault::copy_host:
        case SeatFault::copy_cluster: return change_directory(number, fault);
        case SeatFault::lame:
            host.lame = true;
            ends(fault, [this, number] { world_.hosts[number].lame = false; });
            return true;
        case SeatFault::slow:
            host.rate = 1 + fault.pick % 300;
            ends(fault, [this, number] { world_.hosts[number].rate = 0; });
            return true;
        case SeatFault::storm: storm(number, fault); return true;
        case SeatFault::refuse:
            if (host.wish == SeatWish::no) return false;
            host.wish = SeatWish::no;
            host.wish_since = world_.now;
            ends(fault, [this, number] {
                world_.hosts[number].wish = SeatWish::yes;
                world_.hosts[number].wish_since = world_.now;
            });
            return true;
        case SeatFault::leave: return leave(number);
        case SeatFault::fill: return fill(fault);
        case SeatFault::bloat: return bloat(number, fault);
        case SeatFault::corrupt: return corrupt(number);
        default: return false;
    }
}

bool SeatFaultBringer::befall_lines(const SimSeatFault& fault) {
    const std::size_t count = world_.hosts.size();
    const std::size_t one = some_host(fault.pick), other = some_host(fault.pick / 8191);
    const std::vector<bool> all(count, true);
    std::vector<bool> only(count), far(count), rest(count, true);
    only[one] = true;
    rest[one] = false;
    far[other] = true;
    const std::uint64_t id = ++cuts_;
    switch (fault.what) {
        case SeatFault::deafen: world_.cuts.push_back({id, rest, only}); break;
        case SeatFault::mute: world_.cuts.push_back({id, only, rest}); break;
        case SeatFault::isolate:
            world_.cuts.push_back({id, only, rest});
            world_.cuts.push_back({id, rest, only});
            break;
        case SeatFault::cut_pair:
            if (one == other) return false;
            world_.cuts.push_back({id, only, far});
            break;
        default: {
            std::vector<bool> left(count), right(count);
            for (std::size_t i = 0; i < count; ++i) {
                left[i] = seat_hash(std::to_string(fault.pick) + world_.hosts[i].uuid) % 2 == 0;
                right[i] = !left[i];
            }
            world_.cuts.push_back({id, left, right});
            world_.cuts.push_back({id, right, left});
        }
    }
    ends(fault, [this, id] {
        std::erase_if(world_.cuts, [id](const SimCut& cut) { return cut.id == id; });
    });
    return true;
}

bool SeatFaultBringer::stop(std::size_t number, const SimSeatFault& fault) {
    if (!world_.hosts[number].agent_runs()) return false;
    world_.hosts[number].agent_stopped = true;
    ends(fault, [this, number] { world_.hosts[number].agent_stopped = false; });
    return true;
}

bool SeatFaultBringer::pause(std::size_t number, const SimSeatFault& fault) {
    if (!world_.hosts[number].up || world_.hosts[number].paused) return false;
    world_.hosts[number].paused = true;
    ends(fault, [this, number] { world_.hosts[number].paused = false; });
    return true;
}

bool SeatFaultBringer::crash_all(const std::vector<std::size_t>& hosts, const SimSeatFault& fault) {
    for (const std::size_t number : hosts) world_.crash(number);
    ends(fault, [this, hosts] {
        for (const std::size_t number : hosts)
            if (world_.hosts[number].registered) world_.start(number);
    });
    return true;
}

bool SeatFaultBringer::can_spare(std::size_t without) const {
    std::size_t intact = 0;
    for (const SimSeatMember& member : etcd_.members()) {
        const SimHost& host = world_.hosts[member.host];
        intact += !member.is_learner && member.host != without && host.registered &&
                  host.etcd.data_of == member.id;
    }
    return intact >= etcd_.voters() / 2 + 1;
}

bool SeatFaultBringer::change_directory(std::size_t number, const SimSeatFault& fault) {
    SimHost& host = world_.hosts[number];
    if (!host.registered || host.etcd.data_of == 0 || !can_spare(number)) return false;
    if (fault.what == SeatFault::copy_host && !copy_host(number, fault.pick / 64)) return false;
    if (fault.what != SeatFault::wipe || fault.pick % 128 < 64) crash_all({number}, fault);
    if (fault.what == SeatFault::copy_host) return true;
    host.etcd = {};
    if (fault.what == SeatFault::wipe) return true;
    host.marker.reset();
    if (fault.what == SeatFault::wipe_all) return true;
    // Under another uuid, or that of this host, which was in that cluster before.
    host.marker = MemberMarker{"c2", fault.pick % 128 < 64 ? host.uuid : "h999", 999, {}, {}};
    host.etcd.data_of = 999;
    host.etcd.of_other_cluster = true;
    return true;
}

bool SeatFaultBringer::copy_host(std::size_t number, std::uint64_t pick) {
    const SimHost& from = world_.hosts[etcd_.members()[pick % etcd_.members().size()].host];
    SimHost& to = world_.hosts[number];
    if (from.uuid == to.uuid || from.etcd.data_of == 0) return false;
    to.etcd.data_of = from.etcd.data_of;
    to.etcd.of_other_cluster = from.etcd.of_other_cluster;
    to.etcd.index = from.etcd.index;
    to.marker = from.marker;
    return true;
}

bool SeatFaultBringer::leave(std::size_t number) {
    if (number == 0 || world_.hosts.size() < 4 || !can_spare(number)) return false;
    world_.hosts[number].registered = false;
    world_.crash(number);
    return true;
}

// Whoever applies what is too much raises an alarm of its own.
bool SeatFaultBringer::fill(const SimSeatFault& fault) {
    if (!etcd_.alarms().empty() || !etcd_.can_commit()) return false;
    for (std::size_t i = 0; i < etcd_.members().size(); ++i)
        if (i == 0 || (fault.pick >> i) % 2 == 0) etcd_.fill_up(etcd_.members()[i].id);
    return true;
}

bool SeatFaultBringer::bloat(std::size_t number, const SimSeatFault& fault) {
    if (!etcd_.alarms().empty()) return false;  // whose files are written anew just now
    for (const SimSeatMember& member : etcd_.members()) {
        if (fault.pick % 128 < 64 && member.host != number) continue;
        SimProcess& process = world_.hosts[member.host].etcd;
        process.bytes = etcd_.bytes_used() * 3 + defragment_bytes_min * 2;
    }
    return true;
}

// One at a time: where seats were given up since, two might be most of all voters, and then nobody
// can tell who is wrong.
bool SeatFaultBringer::corrupt(std::size_t number) {
    const SimSeatMember* member = etcd_.find_on(number);
    if (!member || member->is_learner) return false;
    if (etcd_.voters() < 3) return false;
    for (const SimSeatMember& other : etcd_.members())
        if (world_.hosts[other.host].etcd.is_odd) return false;
    world_.hosts[number].etcd.is_odd = true;
    return true;
}

bool SeatFaultBringer::stray(std::uint64_t pick) {
    const std::size_t number = pick % world_.hosts.size();
    const SimSeatMember* leader = etcd_.leader();
    return leader && world_.hosts[number].registered &&
           static_cast<bool>(etcd_.add_learner(leader->host, number));
}

// The learner is ready only when that voter counts as dead; every other time the agent of one more
// is silent by then.
bool SeatFaultBringer::succession(const SimSeatFault& fault) {
    const SimSeatMember* learner = nullptr;
    std::vector<std::size_t> followers;
    for (const SimSeatMember& member : etcd_.members())
        if (member.is_learner)
            learner = &member;
        else if (etcd_.leader() && member.id != etcd_.leader()->id)
            followers.push_back(member.host);
    if (!learner || followers.size() < 2) return false;
    SimProcess& copying = world_.hosts[learner->host].etcd;
    if (copying.index != 0) return false;
    const Duration evict = world_.options.timing.evict;
    copying.copied = world_.now + evict * 14 / 10;
    SimSeatFault lasting = fault;
    lasting.lasts = evict * 2;
    if (fault.pick % 2 == 0) (void)stop(followers[1], lasting);
    return crash_all({followers[0]}, lasting);
}

void SeatFaultBringer::storm(std::size_t number, const SimSeatFault& fault) {
    for (Duration at{}; at < fault.lasts; at += Seconds{1}) {
        endings_.push_back({world_.now + at, [this, number] { world_.crash(number); }});
        endings_.push_back({world_.now + at + Milliseconds{500}, [this, number] {
                                if (world_.hosts[number].registered) world_.start(number);
                            }});
    }
}

}  // namespace hansa
