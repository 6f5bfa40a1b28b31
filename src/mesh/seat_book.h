// What the steward keeps in the store about seats: the open intent, the changes of late, and who
// is in the penalty box. One record, so that one transaction that compares its revision, and the
// steward's key, changes all of it or nothing. Format: docs/formats/records.md. Pure.
//
// Nothing is done to the member list that is not ordered here first. An order names the list that
// it was made from by its digest; whoever carries it out reads the list again, so an order is
// carried out once at most: afterwards the list is another one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "data/value.h"
#include "mesh/seats.h"

namespace hansa {

// As etcd numbers its members.
using MemberId = std::uint64_t;
std::string text_of_member(MemberId id);                        // hexadecimal, as etcdctl prints it
std::optional<MemberId> member_of_text(std::string_view text);  // empty: it is none

enum class SeatCall {
    add_learner,  // MemberAdd, as a learner
    promote,      // MemberPromote
    undo,         // MemberRemove of a learner
    remove,       // MemberRemove of a voter
};

struct SeatOrder {
    SeatCall call = SeatCall::add_learner;
    std::string uuid;     // the peer's; empty for a member that no peer is known for
    MemberId member = 0;  // 0: has no id yet
    std::string digest;   // of the member list that this was decided from
    friend bool operator==(const SeatOrder&, const SeatOrder&) = default;
};

enum class SeatPurpose {
    grow,     // more voters
    replace,  // of a dead voter
    swap,     // to be spread better, or because a voter may not stay
    shrink,   // fewer voters
    tidy,     // a learner that nobody intended
};

struct SeatIntent {
    std::uint64_t seq = 0;
    SeatPurpose purpose = SeatPurpose::grow;
    std::string why;                        // for people
    std::vector<std::string> adds = {};     // uuids
    std::vector<std::string> removes = {};  // members
    Milliseconds allowed{0};                // for a learner to become ready
    std::optional<SeatOrder> order = {};    // the next thing to do
    Milliseconds at{0};                     // since 1970, when it was written, for people
    friend bool operator==(const SeatIntent&, const SeatIntent&) = default;
};

struct SeatChange {
    enum class What {
        seated,    // became a voter
        replaced,  // a dead voter was removed, in the change that seats another one
        unseated,  // a voter was removed
        undone,    // a learner was removed
    };
    std::uint64_t seq = 0;
    What what = What::seated;
    std::string uuid;
    Milliseconds at{0};  // since 1970
    friend bool operator==(const SeatChange&, const SeatChange&) = default;
};

struct SeatPenalty {
    std::string uuid;
    std::uint32_t strikes = 0;
    Milliseconds at{0};  // since 1970, the last one
    friend bool operator==(const SeatPenalty&, const SeatPenalty&) = default;
};

struct SeatBook {
    std::uint64_t seq = 0;  // of the newest intent or change
    std::optional<SeatIntent> intent;
    std::vector<SeatChange> changes;  // those that still count, oldest first
    std::vector<SeatPenalty> penalties;
    friend bool operator==(const SeatBook&, const SeatBook&) = default;
};

// What a peer says of itself, within its record. `domain` is that of its certificate, where that
// names one.
struct SeatOffer {
    std::string domain;
    SeatWish wish = SeatWish::yes;
    std::int64_t weight = 0;
    std::vector<std::string> peer_urls;  // where other members would reach its store
    std::uint64_t disk_free = 0;         // bytes
    // As this host measures them; empty: not measured. The clock's: by how much it is ahead of the
    // steward's (shared_clock.h).
    std::optional<Milliseconds> fsync_p99{};
    std::optional<Milliseconds> clock_offset{};
    bool disk_low = false;  // too little is free for a seat
    friend bool operator==(const SeatOffer&, const SeatOffer&) = default;
};

std::string encode(const SeatBook& book);
Value encode(const SeatOffer& offer);

// Strict and bounded; Code::invalid says what is wrong.
Result<SeatBook> decode_seat_book(std::string_view text);
Result<SeatOffer> decode_seat_offer(const Value& value);

// As written in the record.
std::string_view name_of(SeatCall call);
std::string_view name_of(SeatPurpose purpose);
std::string_view name_of(SeatWish wish);
Result<SeatWish> wish_named(std::string_view name);

}  // namespace hansa
