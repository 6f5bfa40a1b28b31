#include "seat_history.h"

#include <algorithm>

namespace hansa {

std::optional<Instant> SeatHistory::down_since(std::size_t host) const {
    return host < presence_.size() ? presence_[host].down_since : std::nullopt;
}

Instant SeatHistory::back_since(std::size_t host) const {
    return host < presence_.size() ? presence_[host].back_since : Instant{};
}

std::optional<Instant> SeatHistory::ordered_at(const SeatOrder& order) const {
    const auto found = ordered_.find(key_of(order));
    return found == ordered_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Instant> SeatHistory::apart_since(std::size_t a, std::size_t b) const {
    const auto found = apart_.find(std::minmax(a, b));
    return found == apart_.end() ? std::nullopt : std::optional(found->second);
}

std::size_t SeatHistory::wanted() const {
    std::size_t fewest = wanted_.empty() ? 0 : wanted_.front().second;
    for (const auto& [_, number] : wanted_) fewest = std::min(fewest, number);
    return fewest;
}

void SeatHistory::step() {
    read_book();
    read_list();
    read_lines();
    if (const auto& key = etcd_.steward()) keys_[key->host] = world_.now;
    wanted_.emplace_back(world_.now, seats_wanted(world_.ideal, world_.registered_for_seats()));
    while (world_.now - wanted_.front().first > world_.options.timing.tick * 3) wanted_.pop_front();
    const SimSeatMember* leader = etcd_.leader();
    if (!leader || leader->id != leads_ || !world_.hosts[leader->host].agent_runs()) {
        leads_ = leader ? leader->id : 0;
        leads_since_ = world_.now;
    }
    presence_.resize(world_.hosts.size());
    for (std::size_t i = 0; i < world_.hosts.size(); ++i) look_at(i);
    for (const SimSeatMember& member : etcd_.members())
        if (world_.hosts[member.host].etcd.is_odd) odd_.insert(member.id);
}

void SeatHistory::read_book() {
    if (etcd_.book_revision() != book_revision_) {
        book_revision_ = etcd_.book_revision();
        const auto book = decode_seat_book(etcd_.book());
        intent_ = book ? book->intent : std::nullopt;
    }
    if (!intent_ || !intent_->order) return;
    orders_[key_of(*intent_->order)] = world_.now;
    ordered_.try_emplace(key_of(*intent_->order), world_.now);
}

void SeatHistory::read_lines() {
    if (world_.cuts.empty()) return apart_.clear();
    for (const SimSeatMember& a : etcd_.members())
        for (const SimSeatMember& b : etcd_.members()) {
            if (b.host <= a.host) continue;
            if (world_.linked(a.host, b.host))
                apart_.erase({a.host, b.host});
            else
                apart_.try_emplace({a.host, b.host}, world_.now);
        }
}

void SeatHistory::read_list() {
    std::vector<std::pair<MemberId, bool>> list;
    for (const SimSeatMember& member : etcd_.members())
        list.emplace_back(member.id, member.is_learner);
    if (list != list_) {
        list_ = std::move(list);
        std::vector<SeatMember> members;
        for (const auto& [id, is_learner] : list_) members.push_back({id, {}, is_learner});
        digest_ = digest_of(members);
    }
    lists_[digest_] = world_.now;
}

void SeatHistory::look_at(std::size_t number) {
    const SimHost& host = world_.hosts[number];
    Presence& presence = presence_[number];
    const SimSeatMember* member = etcd_.find_on(number);
    const bool is_heard = host.agent_runs() && (!member || member->is_learner || host.etcd_runs());
    if (!is_heard) {
        if (!presence.down_since) presence.down_since = world_.now;
        return;
    }
    const SeatTiming& timing = world_.options.timing;
    if (presence.down_since &&
        world_.now - *presence.down_since > timing.beat * (timing.misses + 3))
        presence.back_since = world_.now;
    presence.down_since.reset();
}

}  // namespace hansa
