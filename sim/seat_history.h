// What happened in a simulated fleet, for those who judge it: by the machines themselves and what
// stands in the book, not by what agents believe.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "seat_etcd.h"

namespace hansa {

class SeatHistory {
 public:
    SeatHistory(const SeatWorld& world, const SimEtcd& etcd) : world_(world), etcd_(etcd) {}

    // Once a step of the world, when everything else has had its turn.
    void step();

    // Since when nobody can hear this host: its agent does not run or, where it has a seat, its
    // etcd does not. Nothing: it can be heard.
    std::optional<Instant> down_since(std::size_t host) const;
    // When the last absence ended that was too long to be missed; the beginning, if there was none.
    Instant back_since(std::size_t host) const;

    bool was_odd(MemberId member) const { return odd_.contains(member); }
    // The fewest seats that were wanted within the last ticks.
    std::size_t wanted() const;
    // The leader is that one, and its agent runs beside it, since then.
    Instant leads_since() const { return leads_since_; }

    // As the book has it.
    const std::optional<SeatIntent>& intent() const { return intent_; }
    std::optional<Instant> ordered_at(const SeatOrder& order) const;  // at first
    // Since when words do not pass between two members, either way; nothing: they do.
    std::optional<Instant> apart_since(std::size_t a, std::size_t b) const;
    // Now or a moment ago: it stood in the book; the list had that digest; this host held the key.
    bool stands(const SeatOrder& order) const { return is_recent(orders_, key_of(order)); }
    bool is_the_list(const std::string& digest) const { return is_recent(lists_, digest); }
    bool holds_key(std::size_t host) const { return is_recent(keys_, host); }

 private:
    using OrderKey = std::tuple<SeatCall, std::string, MemberId, std::string>;
    static OrderKey key_of(const SeatOrder& order) {
        return {order.call, order.uuid, order.member, order.digest};
    }
    template <class Key>
    bool is_recent(const std::map<Key, Instant>& seen, const Key& key) const {
        const auto found = seen.find(key);
        return found != seen.end() && world_.now - found->second <= world_.options.timing.tick * 2;
    }
    void read_book();
    void read_list();
    void read_lines();
    void look_at(std::size_t host);

    struct Presence {
        std::optional<Instant> down_since;
        Instant back_since{};
    };

    const SeatWorld& world_;
    const SimEtcd& etcd_;
    std::uint64_t book_revision_ = 0;
    std::optional<SeatIntent> intent_;
    std::map<OrderKey, Instant> ordered_;   // when it was first written into the book
    std::map<OrderKey, Instant> orders_;    // when it last stood there
    std::map<std::string, Instant> lists_;  // by digest, when it was last the list
    std::map<std::size_t, Instant> keys_;   // by host, when it last held the steward's key
    std::vector<std::pair<MemberId, bool>> list_;
    std::string digest_;
    std::vector<Presence> presence_;                                // by host
    std::map<std::pair<std::size_t, std::size_t>, Instant> apart_;  // hosts, the smaller first
    std::deque<std::pair<Instant, std::size_t>> wanted_;
    std::set<MemberId> odd_;  // whose data differed at some time
    MemberId leads_ = 0;
    Instant leads_since_{};
};

}  // namespace hansa
