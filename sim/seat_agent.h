// The agent of one simulated host as far as seats go: it starts its etcd, beats others, and when
// its etcd leads does what decide() says, as the real steward does over the real store.
//
// Between the decision, the check of its order and the call itself time may pass, all the more when
// the agent is stopped there: a call that was checked long ago comes late and is fenced by nothing.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mesh/health.h"
#include "mesh/seat_step.h"
#include "seat_etcd.h"
#include "seat_upkeep.h"
#include "seat_world.h"

namespace hansa {

// A call as it reaches the leader, for the checker.
struct SimCall {
    std::size_t from = 0;
    SeatOrder order;
    bool is_late = false;  // more than a tick after it was due
    Result<void> answer = {};
};

class SimSeatAgent {
 public:
    SimSeatAgent(SeatWorld& world, SimEtcd& etcd, std::size_t host);

    // Called with every call just before and just after it was made.
    std::function<void(const SimCall&)> before_call, after_call;

    // Once a step of the world, whatever state the host is in. `agents` are all, by host.
    void step(const std::vector<SimSeatAgent>& agents);

    const SeatStep& last_step() const { return last_; }
    const SeatFacts& facts() const { return facts_; }
    bool is_calling() const { return pending_.has_value(); }
    const SimCaretaker& caretaker() const { return caretaker_; }
    const std::string& violation() const { return violation_; }  // empty: none

 private:
    struct Pending {
        SeatOrder order;
        Instant due;
        bool admitted = false;
        // Instead of an order: a book, with what its transaction compares.
        std::optional<std::string> book = {};
        std::uint64_t key_created = 0, book_revision = 0;
    };

    SimHost& host() { return world_.hosts[host_]; }
    const SimHost& host() const { return world_.hosts[host_]; }
    void begin_life();
    void judge_directory();
    void tend_etcd();
    void become(MemberId member);
    void go_on_calling();
    void send(const SeatOrder& order, bool is_late);
    Duration moment();
    void observe(const std::vector<SimSeatAgent>& agents);
    bool hears(std::size_t subject) const;
    void read(bool leads);
    void read_members(bool leads);
    void read_peers();
    void act(const SeatStep& step);

    SeatWorld& world_;
    SimEtcd& etcd_;
    std::size_t host_;
    std::uint64_t life_ = 0;
    bool is_member_ = false;  // its directory is to be served
    HealthBook health_;
    SimCaretaker caretaker_;
    std::set<MemberId> condemned_;  // as others tell
    SeatFacts facts_;
    SeatStep last_;
    std::string violation_;
    std::vector<std::string> watched_;
    std::uint64_t key_created_ = 0;  // of the steward's key; 0: not ours
    std::uint64_t book_revision_ = 0;
    Instant next_tick_;
    std::optional<Pending> pending_;
};

}  // namespace hansa
