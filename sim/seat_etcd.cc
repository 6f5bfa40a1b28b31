#include "seat_etcd.h"

#include <algorithm>

namespace hansa {
namespace {

constexpr Duration health_interval = Seconds{5};  // a constant of etcd
constexpr std::uint64_t quota_bytes = std::uint64_t{2} << 30;
constexpr std::uint64_t rewritten_per_second = 150'000'000;    // measured, on one machine
constexpr std::uint64_t snapshot_bytes_a_second = 40'000'000;  // to a learner; an assumption
constexpr double in_sync = 0.9;                                // of the leader's log

Error refused(const std::string& why) {
    return {Code::unavailable, "etcdserver: " + why};
}

}  // namespace

SimEtcd::SimEtcd(SeatWorld& world) : world_(world), lacks_majority_since_(world.now) {
    members_.push_back({++ids_, 0, false, true});
    leader_ = ids_;
    SimProcess& process = world_.hosts[0].etcd;
    process.running = true;
    process.data_of = leader_;
    process.index = head_;
    world_.hosts[0].marker = MemberMarker{sim_cluster, world_.hosts[0].uuid, leader_, {}, {}};
}

void SimEtcd::step(Duration time) {
    start_processes();
    end_work();
    expel();
    connect();
    replicate(time);
    elect();
    if (steward_ && world_.now >= steward_->until && has_majority()) steward_.reset();
}

const SimSeatMember* SimEtcd::find(MemberId id) const {
    for (const SimSeatMember& member : members_)
        if (member.id == id) return &member;
    return nullptr;
}

const SimSeatMember* SimEtcd::find_on(std::size_t host) const {
    for (const SimSeatMember& member : members_)
        if (member.host == host) return &member;
    return nullptr;
}

std::size_t SimEtcd::voters() const {
    return static_cast<std::size_t>(std::count_if(
        members_.begin(), members_.end(), [](const auto& member) { return !member.is_learner; }));
}

bool SimEtcd::is_line_up(const SimSeatMember& a, const SimSeatMember& b) const {
    return world_.hosts[a.host].etcd_runs() && world_.hosts[b.host].etcd_runs() &&
           world_.linked(a.host, b.host);
}

bool SimEtcd::can_lead(const SimSeatMember& member) const {
    std::size_t votes = 0;
    for (const SimSeatMember& other : members_)
        votes += !other.is_learner && is_line_up(member, other);
    return !member.is_learner && votes >= voters() / 2 + 1;
}

bool SimEtcd::can_win(const SimSeatMember& member) const {
    std::size_t votes = 0;
    for (const SimSeatMember& other : members_)
        votes += !other.is_learner && is_line_up(member, other) &&
                 world_.hosts[other.host].etcd.index <= world_.hosts[member.host].etcd.index;
    return !member.is_learner && votes >= voters() / 2 + 1;
}

bool SimEtcd::has_majority() const {
    const SimSeatMember* leading = leader();
    return leading && can_lead(*leading);
}

bool SimEtcd::can_elect() const {
    return std::any_of(members_.begin(), members_.end(),
                       [this](const auto& member) { return can_lead(member); });
}

// A majority that has everything so far: what comes next is committed at once.
bool SimEtcd::can_commit() const {
    if (!has_majority()) return false;
    std::size_t acks = 0;
    for (const SimSeatMember& member : members_)
        acks += !member.is_learner && is_line_up(*leader(), member) &&
                world_.hosts[member.host].etcd.index == head_;
    return acks >= voters() / 2 + 1;
}

// Who copies slowly is waited for only where no majority is faster.
void SimEtcd::commit(std::uint64_t entries) {
    const auto follows = [&](const SimSeatMember& member) {
        return is_line_up(*leader(), member) && world_.hosts[member.host].etcd.index == head_;
    };
    const auto is_fast = [&](const SimSeatMember& member) {
        return world_.hosts[member.host].rate == 0 || member.id == leader_;
    };
    std::size_t fast = 0;
    for (const SimSeatMember& member : members_)
        fast += !member.is_learner && follows(member) && is_fast(member);
    const bool waits_for_slow = fast < voters() / 2 + 1;
    for (SimSeatMember& member : members_) {
        if (!follows(member) || (!is_fast(member) && !waits_for_slow)) continue;
        world_.hosts[member.host].etcd.index = member.acked = head_ + entries;
    }
    head_ += entries;
}

bool SimEtcd::readable_from(std::size_t host) const {
    if (!can_commit()) return false;
    for (const SimSeatMember& member : members_)
        if (!member.is_learner && world_.linked(host, member.host) && is_line_up(member, *leader()))
            return true;
    return false;
}

bool SimEtcd::is_active(MemberId at, const SimSeatMember& other, Duration since) const {
    if (other.id == at) return true;
    const auto& connections = world_.hosts[find(at)->host].etcd.active_since;
    const auto found = connections.find(other.id);
    return found != connections.end() && world_.now - found->second >= since;
}

Result<void> SimEtcd::can_call(std::size_t from) const {
    if (!can_commit()) return refused("request timed out");
    if (!world_.linked(from, leader()->host)) return refused("no connection");
    return {};
}

Result<void> SimEtcd::add_learner(std::size_t from, std::size_t host) {
    if (auto can = can_call(from); !can) return can;
    for (const SimSeatMember& member : members_) {
        if (!member.is_learner && !is_active(leader_, member, health_interval))
            return refused("unhealthy cluster");
        if (member.host == host) return refused("Peer URLs already exists");
        if (member.is_learner) return refused("too many learner members in cluster");
    }
    commit(1);
    members_.push_back({++ids_, host, true, false});
    return {};
}

Result<void> SimEtcd::promote(std::size_t from, MemberId id) {
    if (auto can = can_call(from); !can) return can;
    const SimSeatMember* member = find(id);
    if (!member) return refused("member not found");
    if (!member->is_learner) return refused("can only promote a learner member");
    const auto index = static_cast<double>(world_.hosts[member->host].etcd.index);
    if (!is_line_up(*leader(), *member) || index < in_sync * static_cast<double>(head_))
        return refused("can only promote a learner member which is in sync with leader");
    std::size_t started = 1;
    for (const SimSeatMember& other : members_) started += !other.is_learner && other.started;
    if (started < (voters() + 1) / 2 + 1) return refused("too few started members");
    commit(1);
    const_cast<SimSeatMember*>(member)->is_learner = false;
    return {};
}

Result<void> SimEtcd::remove(std::size_t from, MemberId id) {
    if (auto can = can_call(from); !can) return can;
    const SimSeatMember* member = find(id);
    if (!member) return refused("member not found");
    if (!member->is_learner) {
        std::size_t started = 0, active = 0;
        for (const SimSeatMember& other : members_) {
            if (other.is_learner) continue;
            started += other.id != id && other.started;
            active += is_active(leader_, other, health_interval);
        }
        const std::size_t left = voters() - 1;
        if (started < left / 2 + 1) return refused("too few started members");
        const bool is_down = id != leader_ && !is_active(leader_, *member, Duration{0});
        if (!is_down && active < 2 + left / 2) return refused("unhealthy cluster");
    }
    commit(1);
    if (id == leader_) leader_ = 0;
    std::erase_if(members_, [id](const SimSeatMember& one) { return one.id == id; });
    // What the only one holds is what the store holds.
    if (voters() == 1)
        for (const SimSeatMember& one : members_) world_.hosts[one.host].etcd.is_odd = false;
    return {};
}

Result<void> SimEtcd::move_leader(std::size_t from, MemberId to) {
    if (auto can = can_call(from); !can) return can;
    const SimSeatMember* heir = find(to);
    if (!heir || heir->is_learner || !can_lead(*heir) || !is_line_up(*leader(), *heir))
        return refused("leader transfer timed out");
    leader_ = to;
    return {};
}

bool SimEtcd::write_book(std::size_t from, std::uint64_t key_created, std::uint64_t book_revision,
                         std::string text) {
    if (!readable_from(from) || !alarms_.empty()) return false;
    if (!steward_ || steward_->created != key_created || book_revision_ != book_revision)
        return false;
    commit(1);
    book_ = std::move(text);
    book_revision_ = ++revision_;
    return true;
}

bool SimEtcd::follows_leader(const SimSeatMember& member) const {
    return has_majority() && is_line_up(*leader(), member);
}

bool SimEtcd::put(MemberId at) {
    const SimSeatMember* member = find(at);
    if (!member || !can_commit() || !follows_leader(*member) || !alarms_.empty()) return false;
    commit(1);
    return true;
}

bool SimEtcd::campaign(std::size_t from) {
    if (!readable_from(from) || steward_ || !alarms_.empty()) return false;
    commit(1);
    steward_ = SimStewardKey{from, world_.hosts[from].lives, ++revision_,
                             world_.now + world_.options.timing.steward_lease};
    return true;
}

bool SimEtcd::resign(std::size_t from, std::uint64_t key_created) {
    if (!readable_from(from) || !steward_ || steward_->created != key_created) return false;
    commit(1);
    steward_.reset();
    return true;
}

void SimEtcd::renew(std::size_t from, std::uint64_t key_created) {
    if (readable_from(from) && steward_ && steward_->created == key_created)
        steward_->until = world_.now + world_.options.timing.steward_lease;
}

// More than the quota where the data alone is that large; the alarm does not last then either.
void SimEtcd::fill_up(MemberId raises) {
    history_bytes_ = std::max(quota_bytes, world_.options.store_bytes * 2);
    alarms_.push_back({StoreAlarm::Kind::space, raises});
}

bool SimEtcd::compact(std::size_t from) {
    if (!can_call(from)) return false;
    history_bytes_ = 0;
    return true;
}

void SimEtcd::defragment(std::size_t from, MemberId id) {
    const SimSeatMember* member = find(id);
    if (!member || !world_.hosts[member->host].etcd_runs() || !world_.linked(from, member->host))
        return;
    world_.hosts[member->host].etcd.busy_until =
        world_.now + Milliseconds{bytes_used() * 1000 / rewritten_per_second};
}

bool SimEtcd::disarm(std::size_t from, MemberId id) {
    if (!can_call(from)) return false;
    std::erase_if(alarms_, [id](const StoreAlarm& alarm) { return alarm.member == id; });
    return true;
}

void SimEtcd::end_work() {
    for (SimHost& host : world_.hosts) {
        SimProcess& process = host.etcd;
        if (!process.running) process.busy_until.reset();
        if (!process.busy_until || world_.now < *process.busy_until || host.paused) continue;
        process.busy_until.reset();
        process.bytes = bytes_used();
    }
}

void SimEtcd::start_processes() {
    for (std::size_t i = 0; i < world_.hosts.size(); ++i) {
        SimHost& host = world_.hosts[i];
        if (!host.etcd.starts || world_.now < *host.etcd.starts || host.paused) continue;
        host.etcd.starts.reset();
        if (!host.up || host.lame) continue;
        check_data(i);
        host.etcd.running = true;
    }
}

// etcd would take any of this for its own.
void SimEtcd::check_data(std::size_t number) {
    const SimHost& host = world_.hosts[number];
    const std::string id = text_of_member(host.etcd.data_of);
    const SimSeatMember* member = find(host.etcd.data_of);
    if (host.etcd.of_other_cluster)
        violation_ = "1: " + host.uuid + " starts with the data of another cluster";
    else if (member && member->host != number)
        violation_ = "13: " + host.uuid + " starts with a copy of the data of member " + id;
    else if (member && host.etcd.index < member->acked)
        violation_ =
            "13: " + host.uuid + " returns as member " + id + " with less than it acknowledged";
}

// A removed member ends as soon as anybody can tell it.
void SimEtcd::expel() {
    for (std::size_t i = 0; i < world_.hosts.size(); ++i) {
        SimProcess& process = world_.hosts[i].etcd;
        if (!world_.hosts[i].etcd_runs() || find(process.data_of)) continue;
        const SimSeatMember* leading = leader();
        if (!leading || (leading->host != i && !world_.linked(leading->host, i))) continue;
        process = {};
        world_.hosts[i].marker.reset();
    }
}

void SimEtcd::connect() {
    for (const SimSeatMember& member : members_) {
        SimProcess& process = world_.hosts[member.host].etcd;
        if (!world_.hosts[member.host].etcd_runs()) {
            process.active_since.clear();
            continue;
        }
        for (const SimSeatMember& other : members_) {
            if (is_line_up(member, other))
                process.active_since.try_emplace(other.id, world_.now);
            else
                process.active_since.erase(other.id);
        }
    }
}

void SimEtcd::replicate(Duration time) {
    if (!has_majority()) return;
    const double seconds = std::chrono::duration<double>(time).count();
    if (can_commit())
        commit(static_cast<std::uint64_t>(static_cast<double>(world_.options.writes_per_second) *
                                          seconds));
    for (SimSeatMember& member : members_) {
        SimHost& host = world_.hosts[member.host];
        if (!is_line_up(*leader(), member)) continue;
        member.started = true;
        if (host.etcd.index == 0 && !has_snapshot(host.etcd)) continue;
        const auto copied = static_cast<std::uint64_t>(static_cast<double>(host.rate) * seconds);
        host.etcd.index =
            host.rate == 0 || member.id == leader_
                ? head_
                : std::min(head_, host.etcd.index + std::max<std::uint64_t>(copied, 1));
        member.acked = std::max(member.acked, host.etcd.index);
        host.etcd.bytes = std::max(host.etcd.bytes, bytes_used());
    }
}

// Who begins with nothing is sent the whole store first, and tells no index meanwhile.
bool SimEtcd::has_snapshot(SimProcess& process) const {
    if (!process.copied)
        process.copied = world_.now + Milliseconds{bytes_used() * 1000 / snapshot_bytes_a_second};
    return world_.now >= *process.copied;
}

void SimEtcd::elect() {
    const Duration timeout = world_.options.timing.election;
    if (has_majority()) {
        has_majority_ = true;
        return;
    }
    if (has_majority_) {
        has_majority_ = false;
        lacks_majority_since_ = world_.now;
        patience_ = timeout + timeout * world_.random.below(1000) / 1000;
    }
    if (world_.now - lacks_majority_since_ < patience_) return;
    const SimSeatMember* best = nullptr;
    for (const SimSeatMember& member : members_)
        if (can_win(member)) best = &member;
    leader_ = best ? best->id : 0;
    if (!best) return;
    // Of any majority one has every acknowledged entry, and votes for nobody who has less.
    if (world_.hosts[best->host].etcd.index < head_)
        violation_ = "14: a leader without what was acknowledged: " +
                     std::to_string(world_.hosts[best->host].etcd.index) + " of " +
                     std::to_string(head_);
    has_majority_ = true;
    // A new leader grants every lease its whole time again.
    if (steward_) steward_->until = world_.now + world_.options.timing.steward_lease;
}

}  // namespace hansa
