// What a decision about seats is made from: one reading of the store, of its members and of
// everybody's health. Plain data, free of etcd's types.
//
// From etcd 3.4: MemberList gives id, name, URLs, is_learner; Status of each member gives leader,
// raft index and size. `started` is a member that has published its name. Instants are of the
// clock of the process that reads; times since 1970 are the wall clock's, for what outlives one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mesh/health.h"
#include "mesh/seat_book.h"
#include "mesh/seat_timing.h"
#include "mesh/seats.h"

namespace hansa {

struct SeatMember {
    MemberId id = 0;
    std::string uuid;  // of the peer that it belongs to; empty: of none that is known
    bool is_learner = false;
    bool started = false;
    bool is_lost = false;          // its peer says that its data is gone: it never votes again
    bool is_condemned = false;     // it holds other data than most voters do
    std::uint64_t raft_index = 0;  // 0: does not tell
    std::size_t reached_by = 0;    // voters that can connect to its peer port
    std::vector<std::string> peer_urls = {};
    std::vector<std::string> client_urls = {};
};

// A peer that has joined and neither left nor been removed.
struct SeatApplicant {
    std::string uuid;
    std::string name;  // for people
    std::vector<std::string> domain = {};
    SeatWish wish = SeatWish::yes;
    std::int64_t weight = 0;
    std::vector<std::string> peer_urls = {};
    bool is_alive = true;  // its leased record is there
    // Why it may not hold a seat for now, for people ("its disk is nearly full"); empty: it may.
    std::string hindrance = {};
};

// When this process first saw what it cannot date otherwise. A process that begins anew knows
// nothing and so waits longer, never shorter.
struct SeatMemory {
    std::map<MemberId, Instant> members;
    std::map<std::uint64_t, Instant> changes;  // by seq
    std::map<std::pair<std::string, std::uint32_t>, Instant> penalties;
    std::vector<MemberId> voters;
    std::optional<Instant> voters_since;  // it saw them become these
    std::optional<Instant> better_since;  // another set of seats is spread better
};

struct SeatFacts {
    std::string me;         // uuid of this peer
    bool readable = false;  // a linearizable read answered in time; else only `me` means anything
    std::size_t ideal = 1;  // how many seats there should be
    std::vector<SeatApplicant> peers;
    std::vector<SeatMember> members;
    MemberId leader = 0;  // 0: none is known
    std::string steward;  // uuid of who holds the steward's key; empty: nobody
    SeatBook book;
    std::uint64_t store_bytes = 0;
    std::map<std::string, Condition> conditions;  // by uuid
    Milliseconds wall{0};                         // since 1970
    SeatMemory memory;

    const SeatApplicant* find_peer(const std::string& uuid) const;
    const SeatMember* find_member(MemberId id) const;
    const SeatMember* find_member_of(const std::string& uuid) const;
    Condition condition(const std::string& uuid) const;
    std::string name_of(const std::string& uuid) const;  // for people
    std::string name_of(const SeatMember& member) const;
    // How long ago a change or penalty was: by what this process saw or, if that is longer, by the
    // wall clock.
    Duration age(const SeatChange& change, Instant now) const;
    Duration age(const SeatPenalty& penalty, Instant now) const;
};

// The uuid of the peer that a member belongs to; empty: of none that is known. Etcd shows a
// member's name only once it has started; before, its address tells whose it is.
std::string owner_of(const std::vector<SeatApplicant>& peers, const std::string& name,
                     const std::vector<std::string>& peer_urls);

// Two lists have the same one only if the same members stand in them with the same votes.
std::string digest_of(const std::vector<SeatMember>& members);

}  // namespace hansa
