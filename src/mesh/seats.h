// Which peers should hold a seat, that is a place among the voters of the store (seats.md 3).
// Pure: no clock, no chance, and the order in which peers are named does not matter.
//
// A set of seats is the better one by the first of these in which two sets differ:
//   a  more top-level domains
//   b  its fullest domain is less full, then the next fullest; then the same one level down
//   c  fewer changes from the voters that there are
//   d  it contains the leader
//   e  more peers that prefer a seat
//   f  less weight in total
//   g  stable for longer in total
//   h  smaller hashes of uuids
// Domains of one level count together, wherever they lie. Peers that name no domain at some level
// share one there.
//
// All of it comes from one ranking, of which a set of any size is the beginning: within a domain
// its members take turns by subdomain, and subdomains likewise. (The sum over all levels of a
// convex cost of each domain's seats, plus a cost per peer, is a valuated matroid, for which
// taking the cheapest next peer is exact; `seats_test` holds it against all sets of up to 12.)
// Costs O(D N log N) comparisons for N peers whose domains have up to D levels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace hansa {

enum class SeatWish { yes, no, prefer };

// What is known of a peer that has joined and has neither left nor been removed.
struct SeatPeer {
    std::string uuid;
    std::vector<std::string> domain = {};  // outermost first: {"dc=lon", "rack=r1"}
    SeatWish wish = SeatWish::yes;
    std::int64_t weight = 0;
    Instant stable_since = {};
    // Why it cannot be given a seat now, for people ("its disk is nearly full"); empty: it can.
    // Does not lower the number of seats: that is what `wish` is for.
    std::string unfit = {};
};

struct SeatVerdict {
    std::string uuid;
    bool seated = false;
    std::string why;  // for people: "dc=lon has its share of 2 seats", "its disk is nearly full"
    friend bool operator==(const SeatVerdict&, const SeatVerdict&) = default;
};

struct SeatChoice {
    std::size_t wanted = 1;           // how many seats there should be: odd
    std::vector<std::string> seats;   // uuids, the best first; fewer than wanted: some stay open
    std::vector<std::string> spares;  // those that are fit and willing beside them, the best first
    std::size_t open() const { return wanted - seats.size(); }
};

// The largest odd number up to both, and 1 at least. `registered`: peers that may hold a seat,
// whether they live or not.
std::size_t seats_wanted(std::size_t ideal, std::size_t registered);

// `current`: the uuids of the voters. `leader`: of the one that leads, empty when none is known.
SeatChoice choose(std::size_t ideal, const std::vector<SeatPeer>& peers,
                  const std::set<std::string>& current, const std::string& leader);

// The same, with words for every peer, by uuid.
std::vector<SeatVerdict> explain_choice(std::size_t ideal, const std::vector<SeatPeer>& peers,
                                        const std::set<std::string>& current,
                                        const std::string& leader);

// How the seats of these peers lie, by (a) and (b) alone: for each level the number of seats of
// each domain, the fullest first. The smaller one is spread better, among equal numbers of seats.
using Spread = std::vector<std::vector<std::size_t>>;
Spread spread_of(const std::vector<SeatPeer>& peers, const std::set<std::string>& seats);

// "dc=lon,rack=r1", as certificates have it, to its steps.
std::vector<std::string> domain_steps(std::string_view text);

// The same for every process: FNV-1a, mixed.
std::uint64_t seat_hash(std::string_view uuid);

}  // namespace hansa
