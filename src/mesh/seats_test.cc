#include "mesh/seats.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <tuple>

#include "base/random.h"
#include "base/text.h"

namespace hansa {
namespace {

using Uuids = std::set<std::string>;

SeatPeer peer(std::string uuid, std::string_view domain = "") {
    return {std::move(uuid), domain_steps(domain)};
}

Uuids seats_of(const SeatChoice& choice) {
    return {choice.seats.begin(), choice.seats.end()};
}

std::string why(const std::vector<SeatVerdict>& verdicts, const std::string& uuid) {
    for (const SeatVerdict& verdict : verdicts)
        if (verdict.uuid == uuid) return verdict.why;
    return "no verdict";
}

// Written from the specification, not from the code: everything by which two sets of one size are
// compared, the smaller the better.
struct Worth {
    std::size_t domains_missed;
    std::vector<std::vector<std::size_t>> loads;  // of each level, the fullest first
    std::size_t changes;
    bool lacks_leader;
    std::size_t indifferent;
    std::int64_t weight;
    Duration stable;
    std::vector<std::pair<std::uint64_t, std::string>> hashes;
    friend auto operator<=>(const Worth&, const Worth&) = default;
    friend bool operator==(const Worth&, const Worth&) = default;
};

struct Case {
    std::size_t ideal = 3;
    std::vector<SeatPeer> peers;
    Uuids current;
    std::string leader;
};

Worth worth_of(const Case& the, const std::vector<const SeatPeer*>& set) {
    Worth worth{100, {}, 0, true, 0, 0, Duration{0}, {}};
    std::size_t depth = 0;
    for (const SeatPeer& one : the.peers) depth = std::max(depth, one.domain.size());
    for (std::size_t level = 1; level <= depth; ++level) {
        std::map<std::string, std::size_t> loads;
        for (const SeatPeer* one : set) {
            std::vector<std::string> steps = one->domain;
            steps.resize(level);
            ++loads[join(steps, ",")];
        }
        if (level == 1) worth.domains_missed -= loads.size();
        auto& sorted = worth.loads.emplace_back();
        for (const auto& [_, load] : loads) sorted.push_back(load);
        std::sort(sorted.rbegin(), sorted.rend());
    }
    std::size_t kept = 0;
    for (const SeatPeer* one : set) {
        kept += the.current.contains(one->uuid);
        if (one->uuid == the.leader) worth.lacks_leader = false;
        worth.indifferent += one->wish != SeatWish::prefer;
        worth.weight += one->weight;
        worth.stable += one->stable_since.time_since_epoch();
        worth.hashes.emplace_back(seat_hash(one->uuid), one->uuid);
    }
    worth.changes = set.size() - kept + the.current.size() - kept;
    std::sort(worth.hashes.begin(), worth.hashes.end());
    return worth;
}

std::vector<const SeatPeer*> candidates_of(const Case& the) {
    std::vector<const SeatPeer*> found;
    for (const SeatPeer& one : the.peers)
        if (one.wish != SeatWish::no && one.unfit.empty()) found.push_back(&one);
    return found;
}

// The best of all sets of `size`, by looking at each.
Uuids best_of_all(const Case& the, std::size_t size) {
    const auto candidates = candidates_of(the);
    std::optional<Worth> best;
    std::vector<const SeatPeer*> found;
    for (std::uint32_t mask = 0; mask < 1u << candidates.size(); ++mask) {
        if (static_cast<std::size_t>(std::popcount(mask)) != size) continue;
        std::vector<const SeatPeer*> set;
        for (std::size_t i = 0; i < candidates.size(); ++i)
            if (mask >> i & 1) set.push_back(candidates[i]);
        Worth worth = worth_of(the, set);
        if (best && !(worth < *best)) continue;
        best = std::move(worth);
        found = set;
    }
    Uuids uuids;
    for (const SeatPeer* one : found) uuids.insert(one->uuid);
    return uuids;
}

// Few values of everything, so that ties are common and each criterion decides some cases.
Case random_case(Random& random) {
    Case the;
    the.ideal = 1 + random.below(9);
    const std::uint64_t depth = random.below(4), width = 1 + random.below(4);
    const std::uint64_t count = 1 + random.below(12);
    for (std::uint64_t i = 0; i < count; ++i) {
        SeatPeer one = peer("peer-" + std::to_string(random.below(1000)) + "-" + std::to_string(i));
        const std::uint64_t steps = random.chance(0.8) ? depth : random.below(depth + 1);
        for (std::uint64_t j = 0; j < steps; ++j)
            one.domain.push_back(std::to_string(random.below(width)));
        if (random.chance(0.2)) one.wish = SeatWish::prefer;
        if (random.chance(0.1)) one.wish = SeatWish::no;
        if (random.chance(0.1)) one.unfit = "is ill";
        one.weight = static_cast<std::int64_t>(random.below(3));
        one.stable_since = Instant{Seconds{random.below(3)}};
        if (random.chance(0.4)) the.current.insert(one.uuid);
        if (random.chance(0.2)) the.leader = one.uuid;
        the.peers.push_back(std::move(one));
    }
    return the;
}

void shuffle(std::vector<SeatPeer>& peers, Random& random) {
    for (std::size_t i = peers.size(); i > 1; --i) std::swap(peers[i - 1], peers[random.below(i)]);
}

std::string text_of(const Case& the) {
    std::string out = "k=" + std::to_string(the.ideal) + " leader=" + the.leader + "\n";
    for (const SeatPeer& one : the.peers)
        out += one.uuid + " [" + join(one.domain, ",") + "] weight " + std::to_string(one.weight) +
               " since " + readable(one.stable_since.time_since_epoch()) +
               (the.current.contains(one.uuid) ? " current" : "") +
               (one.wish == SeatWish::prefer ? " prefers" : "") + " " + one.unfit + "\n";
    return out;
}

TEST(Seats, are_the_best_of_all_sets_in_thousands_of_cases) {
    SeededRandom random(4);
    for (int i = 0; i < 6000; ++i) {
        Case the = random_case(random);
        const SeatChoice choice = choose(the.ideal, the.peers, the.current, the.leader);
        const auto verdicts = explain_choice(the.ideal, the.peers, the.current, the.leader);
        const std::size_t fit = candidates_of(the).size();
        ASSERT_EQ(choice.seats.size(), std::min(choice.wanted, fit)) << text_of(the);
        ASSERT_EQ(seats_of(choice), best_of_all(the, choice.seats.size())) << text_of(the);

        shuffle(the.peers, random);
        const SeatChoice again = choose(the.ideal, the.peers, the.current, the.leader);
        ASSERT_EQ(again.seats, choice.seats) << text_of(the);
        ASSERT_EQ(again.spares, choice.spares) << text_of(the);
        ASSERT_EQ(explain_choice(the.ideal, the.peers, the.current, the.leader), verdicts);
        ASSERT_EQ(verdicts.size(), the.peers.size());
        for (const SeatVerdict& verdict : verdicts)
            ASSERT_EQ(verdict.seated, seats_of(choice).contains(verdict.uuid)) << text_of(the);
    }
}

TEST(Seats, stay_where_they_are_once_they_are_right) {
    SeededRandom random(5);
    for (int i = 0; i < 3000; ++i) {
        Case the = random_case(random);
        const Uuids first = seats_of(choose(the.ideal, the.peers, the.current, the.leader));
        ASSERT_EQ(seats_of(choose(the.ideal, the.peers, first, the.leader)), first) << text_of(the);
    }
}

TEST(Seats, differ_by_one_at_most_between_top_level_domains_that_have_room) {
    SeededRandom random(6);
    for (int i = 0; i < 3000; ++i) {
        const Case the = random_case(random);
        const Uuids seats = seats_of(choose(the.ideal, the.peers, the.current, the.leader));
        std::map<std::string, std::pair<std::size_t, std::size_t>> domains;  // room, seats
        for (const SeatPeer* one : candidates_of(the)) {
            auto& [room, held] = domains[one->domain.empty() ? "" : one->domain[0]];
            ++room;
            held += seats.contains(one->uuid);
        }
        for (const auto& [a, ours] : domains)
            for (const auto& [b, theirs] : domains)
                if (ours.second < ours.first) {
                    ASSERT_LE(theirs.second, ours.second + 1) << a << " " << b << text_of(the);
                }
    }
}

TEST(Seats, are_an_odd_number_that_death_does_not_lower) {
    const std::vector<std::tuple<std::size_t, std::size_t, std::size_t>> cases = {
        {5, 0, 1},   {5, 1, 1}, {5, 2, 1}, {5, 3, 3}, {5, 4, 3}, {5, 5, 5},
        {5, 100, 5}, {4, 9, 3}, {2, 9, 1}, {1, 9, 1}, {0, 9, 1}, {7, 6, 5}};
    for (const auto& [ideal, registered, wanted] : cases)
        EXPECT_EQ(seats_wanted(ideal, registered), wanted) << ideal << " of " << registered;

    std::vector<SeatPeer> peers = {peer("a"), peer("b"), peer("c")};
    peers[0].unfit = peers[1].unfit = "is not heard of";
    const SeatChoice choice = choose(3, peers, {}, "");
    EXPECT_EQ(choice.wanted, 3u);
    EXPECT_EQ(choice.seats, std::vector<std::string>{"c"});
    EXPECT_EQ(choice.open(), 2u);
}

TEST(Seats, of_a_peer_that_wants_none_are_not_counted_on) {
    std::vector<SeatPeer> peers = {peer("a"), peer("b"), peer("c")};
    peers[2].wish = SeatWish::no;
    const SeatChoice choice = choose(3, peers, {"c"}, "c");
    EXPECT_EQ(choice.wanted, 1u);
    EXPECT_FALSE(seats_of(choice).contains("c"));
    EXPECT_EQ(why(explain_choice(3, peers, {"c"}, "c"), "c"), "wants no seat");
}

TEST(Seats, go_to_every_domain_before_any_has_two) {
    std::vector<SeatPeer> peers;
    for (const char* name : {"a1", "a2", "a3", "a4"}) peers.push_back(peer(name, "dc=a"));
    peers.push_back(peer("b1", "dc=b"));
    peers.push_back(peer("c1", "dc=c"));
    for (SeatPeer& one : peers) one.weight = one.uuid[0] == 'a' ? 0 : 100;
    const Uuids seats = seats_of(choose(3, peers, {"a1", "a2", "a3"}, "a1"));
    EXPECT_EQ(seats, (Uuids{"a1", "b1", "c1"}));
}

TEST(Seats, within_a_domain_go_to_every_rack_before_any_has_two) {
    const std::vector<SeatPeer> peers = {peer("1", "a,r1"), peer("2", "a,r1"), peer("3", "a,r1"),
                                         peer("4", "a,r2"), peer("5", "b,r1")};
    EXPECT_EQ(seats_of(choose(3, peers, {"1", "2", "3"}, "1")), (Uuids{"1", "4", "5"}));
}

TEST(Seats, say_why_and_why_not) {
    std::vector<SeatPeer> peers = {peer("lead", "dc=a"), peer("rack", "dc=a"),  peer("b", "dc=b"),
                                   peer("c", "dc=c"),    peer("heavy", "dc=c"), peer("ill")};
    peers[4].weight = 7;
    peers[5].unfit = "its disk is nearly full";
    const auto choice = explain_choice(3, peers, {"lead", "b"}, "lead");
    EXPECT_EQ(why(choice, "lead"), "leads for dc=a");
    EXPECT_EQ(why(choice, "b"), "keeps its seat for dc=b");
    EXPECT_EQ(why(choice, "c"), "is the best of those that are left for dc=c");
    EXPECT_EQ(why(choice, "rack"), "dc=a has its share of 1 seat");
    EXPECT_EQ(why(choice, "heavy"), "dc=c has its share of 1 seat");
    EXPECT_EQ(why(choice, "ill"), "its disk is nearly full");

    std::vector<SeatPeer> plain = {peer("a"), peer("b"), peer("c"), peer("d")};
    EXPECT_EQ(why(explain_choice(3, plain, {"a", "b", "c"}, "a"), "d"),
              "those that have seats keep them");
    plain[3].weight = 1;
    EXPECT_EQ(why(explain_choice(3, plain, {}, ""), "d"), "others weigh less");
}

TEST(Seats, spread_is_compared_level_by_level) {
    const std::vector<SeatPeer> peers = {peer("1", "a,r1"), peer("2", "a,r1"), peer("3", "a,r2"),
                                         peer("4", "b,r1"), peer("5", "b,r2")};
    EXPECT_EQ(spread_of(peers, {"1", "2", "4"}), (Spread{{2, 1}, {2, 1}}));
    EXPECT_LT(spread_of(peers, {"1", "3", "4"}), spread_of(peers, {"1", "2", "4"}));
    EXPECT_LT(spread_of(peers, {"1", "4"}), spread_of(peers, {"4", "5"}));
}

// Of 10,000 peers, so that what costs N squared would take minutes under sanitizers.
TEST(Seats, of_ten_thousand_peers_are_chosen_in_one_sorting) {
    SeededRandom random(7);
    std::vector<SeatPeer> peers;
    for (int i = 0; i < 10'000; ++i) {
        const std::string number = std::to_string(i);
        peers.push_back(peer(number, "dc=" + std::to_string(i % 7) + ",rack=" +
                                         std::to_string(random.below(100)) + ",host=" + number));
    }
    const SeatChoice choice = choose(7, peers, {}, "");
    std::set<std::string> domains;
    for (const std::string& uuid : choice.seats)
        domains.insert(peers[static_cast<std::size_t>(std::stoi(uuid))].domain[0]);
    EXPECT_EQ(domains.size(), 7u);
    EXPECT_EQ(choice.seats.size() + choice.spares.size(), peers.size());
}

}  // namespace
}  // namespace hansa
