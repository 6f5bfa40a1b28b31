// A model of etcd 3.4's membership, with the rules that were measured and read there: one learner
// at most; additions refused unless all voters are connected for 5 s; removals refused when too few
// started or connected voters would be left; promotion refused when not in sync; a removed member
// exits by itself; nothing is committed without a majority; elections take their time.
//
// The replicated state is one, and consists of what a majority agrees on: this models raft from
// outside. That a leader has everything that was ever acknowledged is checked, not assumed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "mesh/electorate.h"
#include "seat_world.h"

namespace hansa {

struct SimSeatMember {
    MemberId id = 0;
    std::size_t host = 0;
    bool is_learner = false;
    bool started = false;
    std::uint64_t acked = 0;  // the most that it ever acknowledged, for the checker
};

struct SimStewardKey {
    std::size_t host = 0;
    std::uint64_t life = 0;  // of the agent that made it
    std::uint64_t created = 0;
    Instant until;
};

class SimEtcd {
 public:
    // Founds a cluster of one on host 0.
    explicit SimEtcd(SeatWorld& world);

    void step(Duration time);

    // What a linearizable read needs: a line to a member that has one to a leader with a majority.
    bool readable_from(std::size_t host) const;

    // Membership calls, as sent from a host to the leader.
    Result<void> add_learner(std::size_t from, std::size_t host);
    Result<void> promote(std::size_t from, MemberId id);
    Result<void> remove(std::size_t from, MemberId id);
    Result<void> move_leader(std::size_t from, MemberId to);

    // False: the comparison failed, or nothing can be committed.
    bool write_book(std::size_t from, std::uint64_t key_created, std::uint64_t book_revision,
                    std::string text);
    // A client's, by the member that it leans on.
    bool put(MemberId at);
    bool campaign(std::size_t from);
    bool resign(std::size_t from, std::uint64_t key_created);
    void renew(std::size_t from, std::uint64_t key_created);

    // Upkeep. A store is full when history takes its quota; then nothing is written until all that
    // is cleared. False: nobody who can do it is reached.
    void fill_up(MemberId raises);
    bool compact(std::size_t from);
    void defragment(std::size_t from, MemberId id);
    bool disarm(std::size_t from, MemberId id);
    const std::vector<StoreAlarm>& alarms() const { return alarms_; }
    std::uint64_t bytes_used() const { return world_.options.store_bytes + history_bytes_; }

    const std::vector<SimSeatMember>& members() const { return members_; }
    const SimSeatMember* find(MemberId id) const;
    const SimSeatMember* find_on(std::size_t host) const;
    const SimSeatMember* leader() const { return find(leader_); }
    std::size_t voters() const;
    bool has_majority() const;  // of voters, around the leader that there is
    bool can_commit() const;
    bool can_elect() const;                           // some voter has lines to a majority
    bool can_win(const SimSeatMember& member) const;  // has lines to a majority, and their votes
    bool follows_leader(const SimSeatMember& member) const;  // or leads, with a majority
    std::uint64_t head() const { return head_; }
    const std::string& book() const { return book_; }
    std::uint64_t book_revision() const { return book_revision_; }
    const std::optional<SimStewardKey>& steward() const { return steward_; }
    const std::string& violation() const { return violation_; }

 private:
    bool is_active(MemberId at, const SimSeatMember& other, Duration since) const;
    bool is_line_up(const SimSeatMember& a, const SimSeatMember& b) const;
    bool can_lead(const SimSeatMember& member) const;  // has lines to a majority
    Result<void> can_call(std::size_t from) const;
    void elect();
    void replicate(Duration time);
    bool has_snapshot(SimProcess& process) const;
    void connect();
    void expel();
    void end_work();
    void start_processes();
    void check_data(std::size_t host);
    void commit(std::uint64_t entries);

    SeatWorld& world_;
    std::vector<SimSeatMember> members_;
    MemberId leader_ = 0;
    MemberId ids_ = 0;
    std::uint64_t head_ = 1;
    std::uint64_t revision_ = 1;
    Instant lacks_majority_since_;
    bool has_majority_ = true;
    Duration patience_{};
    std::string book_;
    std::uint64_t book_revision_ = 0;
    std::optional<SimStewardKey> steward_;
    std::string violation_;
    std::uint64_t history_bytes_ = 0;
    std::vector<StoreAlarm> alarms_;
};

}  // namespace hansa
