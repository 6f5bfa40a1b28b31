// The small records about seats beside the book (seat_book.h): what was asked for, whose agent
// carries changes out, whom each voter's agent cannot reach, which dead host is to be removed, and
// where the voters stand. Pure.
// Formats: docs/formats/records.md.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "mesh/seat_book.h"
#include "mesh/seat_timing.h"

namespace hansa {

inline constexpr std::size_t seats_max = 9;

// What operators asked for; the same for the whole cluster.
struct SeatSettings {
    std::size_t ideal = 5;           // seats, odd, up to seats_max
    std::string timing = "default";  // see timing_named()
    friend bool operator==(const SeatSettings&, const SeatSettings&) = default;
};

// Leased. Whoever holds it reads and decides; the key's create revision tells one term from the
// next. `says` is written anew when its words change, so what is decided costs the store nothing
// while it stays the same.
struct StewardRecord {
    std::string uuid;
    std::string name;       // for people
    std::string says = {};  // likewise: what it does or waits for; empty: nothing decided yet
    bool is_alarm = false;  // an operator must look
    Milliseconds at{0};     // since 1970, when it said so
    friend bool operator==(const StewardRecord&, const StewardRecord&) = default;
};

// Leased, by the agent of every voter: that it is there says that this agent runs. Written anew
// only when it changes, so health costs the store nothing while nothing happens.
struct Sighting {
    std::string uuid;
    std::set<std::string> missing;  // uuids of members whose store does not answer it
    bool lost = false;              // its own data is gone: its member never votes again
    // Members that hold other data than most voters do, as it found while it was the steward.
    std::set<MemberId> condemned = {};
    friend bool operator==(const Sighting&, const Sighting&) = default;
};

// Of a dead host that an operator removes: until its seat is somebody else's and its name free. Its
// own agent takes it back by coming back.
struct LeavingRecord {
    std::string uuid;   // of the host
    std::string by;     // for people: whose agent was asked
    std::string since;  // likewise: when
    friend bool operator==(const LeavingRecord&, const LeavingRecord&) = default;
};

// Where one voter serves clients. Written by the steward when that changes, so that everybody hears
// of it at once; what counts is the store's own list of members, which is read then.
struct VoterPlace {
    std::string host;
    std::string domain;             // as in a certificate; may be empty
    std::vector<std::string> urls;  // for clients
    friend bool operator==(const VoterPlace&, const VoterPlace&) = default;
};

// What time it was by the steward's clock when it wrote this (shared_clock.h).
struct ClockTelling {
    std::string host;    // whose clock
    Milliseconds at{0};  // since 1970
    friend bool operator==(const ClockTelling&, const ClockTelling&) = default;
};

// What all follow: where the voters stand, who keeps copies of the store (copies.h), and the time.
struct VotersRecord {
    std::vector<VoterPlace> voters;
    std::vector<std::string> keepers = {};  // uuids
    std::optional<ClockTelling> clock = {};
    friend bool operator==(const VotersRecord&, const VotersRecord&) = default;
};

std::string encode(const VotersRecord& record);
std::string encode(const SeatSettings& settings);
std::string encode(const StewardRecord& record);
std::string encode(const Sighting& sighting);
std::string encode(const LeavingRecord& record);

// Strict and bounded; Code::invalid says what is wrong.
Result<SeatSettings> decode_seat_settings(std::string_view text);
Result<StewardRecord> decode_steward(std::string_view text);
Result<Sighting> decode_sighting(std::string_view text);
Result<LeavingRecord> decode_leaving(std::string_view text);
Result<VotersRecord> decode_voters(std::string_view text);

}  // namespace hansa
