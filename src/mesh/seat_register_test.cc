#include "mesh/seat_register.h"

#include <gtest/gtest.h>

#include "mesh/keys.h"
#include "mesh/testing.h"

namespace hansa {
namespace {

using testing::host;
using testing::uuid_of;

Record name_record(const std::string& who, Revision at) {
    return {keys::name_of(host(who)),
            encode(NameRecord{who, uuid_of(who), "2026-01-01T00:00:00Z", "here"}), at, at, 0};
}

Record peer_record(const std::string& who, Revision at, SeatWish wish = SeatWish::yes) {
    PeerRecord peer{who, uuid_of(who), 1, "0.1.0", "here", {}, {}};
    peer.seat = SeatOffer{"dc=lon", wish, 7, {"https://" + who + ":2380"}, 0, {}, {}};
    return {keys::peer(host(who)), encode(peer), at, at, 5};
}

SeatFacts facts_of(const SeatRegister& known, Revision term = 0) {
    SeatFacts facts;
    facts.me = uuid_of("a");
    known.fill(facts, term);
    return facts;
}

class Registering : public ::testing::Test {
 protected:
    Registering() {
        known.replace(keys::names(), {9, {name_record("a", 1), name_record("b", 2)}});
        known.replace(keys::peers(),
                      {9, {peer_record("a", 3), peer_record("b", 4, SeatWish::prefer)}});
    }
    SeatRegister known;
};

TEST_F(Registering, who_has_a_name_counts_whether_it_lives_or_not) {
    SeatFacts facts = facts_of(known);
    ASSERT_EQ(facts.peers.size(), 2U);
    EXPECT_EQ(facts.peers[1].uuid, uuid_of("b"));
    EXPECT_EQ(facts.peers[1].wish, SeatWish::prefer);
    EXPECT_EQ(facts.peers[1].weight, 7);
    EXPECT_EQ(facts.peers[1].domain, (std::vector<std::string>{"dc=lon"}));
    EXPECT_EQ(facts.peers[1].peer_urls, (std::vector<std::string>{"https://b:2380"}));
    EXPECT_TRUE(facts.peers[1].is_alive);

    known.apply({10, {testing::removed(keys::peer(host("b")), 10)}});
    facts = facts_of(known);
    ASSERT_EQ(facts.peers.size(), 2U) << "death lowers no number";
    EXPECT_FALSE(facts.peers[1].is_alive);
    EXPECT_EQ(facts.peers[1].wish, SeatWish::prefer) << "what it offered is remembered";

    known.apply({11, {testing::removed(keys::name_of(host("b")), 11)}});
    EXPECT_EQ(facts_of(known).peers.size(), 1U) << "it has left";
    known.replace(keys::names(), {12, {name_record("b", 12)}});
    facts = facts_of(known);
    ASSERT_EQ(facts.peers.size(), 1U) << "a reading takes the place of what was there";
    EXPECT_EQ(facts.peers[0].uuid, uuid_of("b"));
}

TEST_F(Registering, whoever_offers_nothing_wants_no_seat) {
    Record record = {keys::peer(host("c")),
                     encode(PeerRecord{"c", uuid_of("c"), 1, "0.1.0", "here", {}, {}}), 11, 11, 5};
    known.apply({11, {testing::put(name_record("c", 10)), testing::put(record)}});
    SeatFacts facts = facts_of(known);
    ASSERT_EQ(facts.peers.size(), 3U);
    EXPECT_EQ(facts.peers[2].wish, SeatWish::no);
    known.apply({12, {testing::removed(record.key, 12)}});
    EXPECT_EQ(facts_of(known).peers[2].wish, SeatWish::yes) << "nothing is known of it";
}

TEST_F(Registering, whose_disk_is_nearly_full_gets_no_seat) {
    Record record = peer_record("b", 10);
    PeerRecord peer = *decode_peer(record.key, record.value);
    peer.seat->disk_low = true;
    record.value = encode(peer);
    known.apply({10, {testing::put(record)}});
    EXPECT_EQ(facts_of(known).peers[1].hindrance, "its disk is nearly full");
    EXPECT_EQ(facts_of(known).peers[0].hindrance, "");
}

TEST_F(Registering, whoever_is_to_be_removed_wants_no_seat) {
    const std::string key = keys::seat_leaving(host("b"));
    const auto asked = [&](const std::string& uuid) {
        return testing::put(
            {key, encode(LeavingRecord{uuid, "a", "2026-01-02T00:00:00Z"}), 10, 10, 0});
    };
    known.apply({10, {asked(uuid_of("b"))}});
    EXPECT_TRUE(known.is_leaving("b"));
    EXPECT_FALSE(known.is_leaving("a"));
    EXPECT_EQ(facts_of(known).peers[1].wish, SeatWish::no);
    known.apply({11, {asked(uuid_of("c"))}});
    EXPECT_EQ(facts_of(known).peers[1].wish, SeatWish::prefer) << "it was said of another host";
    known.apply({12, {asked(uuid_of("b"))}});
    known.apply({13, {testing::removed(key, 13)}});
    EXPECT_FALSE(known.is_leaving("b"));
    EXPECT_EQ(facts_of(known).peers[1].wish, SeatWish::prefer) << "it came back";
    EXPECT_TRUE(known.take_faults().empty());
}

TEST_F(Registering, whoever_others_do_not_reach_gets_no_seat) {
    for (const char* url :
         {"https://127.0.0.1:2380", "https://[::1]:2380", "https://localhost:1"}) {
        Record record = peer_record("b", 10);
        PeerRecord peer = *decode_peer(record.key, record.value);
        peer.seat->peer_urls = {url};
        record.value = encode(peer);
        known.apply({10, {testing::put(record)}});
        EXPECT_NE(facts_of(known).peers[1].hindrance.find("loopback"), std::string::npos) << url;
    }
    EXPECT_EQ(facts_of(known).peers[0].hindrance, "");
}

TEST_F(Registering, somebody_elses_leased_record_makes_nobody_alive) {
    Record other = peer_record("b", 10);
    PeerRecord peer = *decode_peer(other.key, other.value);
    peer.uuid = uuid_of("x");
    other.value = encode(peer);
    known.apply({10, {testing::put(other)}});
    EXPECT_FALSE(facts_of(known).peers[1].is_alive);
}

TEST_F(Registering, the_stewards_key_is_ours_only_in_its_term) {
    EXPECT_EQ(facts_of(known).steward, "");
    const std::string text = encode(StewardRecord{uuid_of("a"), "a"});
    known.apply({20, {testing::put({keys::seat_steward(), text, 20, 20, 5})}});
    EXPECT_EQ(facts_of(known, 20).steward, uuid_of("a"));
    EXPECT_NE(facts_of(known, 0).steward, uuid_of("a")) << "of an earlier life";
    EXPECT_NE(facts_of(known, 19).steward, uuid_of("a"));
    known.apply({21, {testing::removed(keys::seat_steward(), 21)}});
    EXPECT_EQ(facts_of(known, 20).steward, "");
}

TEST_F(Registering, book_settings_and_sightings_come_and_go) {
    EXPECT_EQ(known.book_modified(), 0);
    EXPECT_FALSE(known.has_settings());
    SeatBook book;
    book.seq = 4;
    const Sighting seen{uuid_of("b"), {uuid_of("a")}, false};
    known.replace(keys::seats(),
                  {30,
                   {{keys::seat_book(), encode(book), 21, 22, 0},
                    {keys::seat_settings(), encode(SeatSettings{3, "fast"}), 23, 23, 0},
                    {keys::seat_sighting(host("b")), encode(seen), 24, 24, 5}}});
    EXPECT_EQ(facts_of(known).book, book);
    EXPECT_EQ(facts_of(known).ideal, 3U);
    EXPECT_EQ(known.book_modified(), 22);
    EXPECT_TRUE(known.has_settings());
    EXPECT_EQ(known.sightings().at(uuid_of("b")), seen);
    EXPECT_TRUE(known.agrees(keys::names(), {30, {name_record("a", 1), name_record("b", 2)}}, {}));
    EXPECT_FALSE(known.agrees(keys::names(), {30, {name_record("a", 1)}}, {}));
    EXPECT_TRUE(
        known.agrees(keys::names(), {30, {name_record("a", 1)}}, {keys::name_of(host("b"))}));
    EXPECT_FALSE(known.agrees(keys::names(), {30, {name_record("a", 1), name_record("b", 3)}}, {}));

    known.replace(keys::seats(), {31, {}});
    EXPECT_EQ(facts_of(known).book, SeatBook{});
    EXPECT_EQ(known.book_modified(), 0);
    EXPECT_FALSE(known.has_settings());
    EXPECT_TRUE(known.sightings().empty());
}

TEST_F(Registering, what_cannot_be_read_is_told_and_changes_nothing) {
    known.apply({10, {testing::put({keys::peer(host("b")), "nonsense", 4, 10, 5})}});
    const auto faults = known.take_faults();
    ASSERT_EQ(faults.size(), 1U);
    EXPECT_TRUE(faults[0].starts_with(keys::peer(host("b")))) << faults[0];
    EXPECT_TRUE(known.take_faults().empty());
    EXPECT_TRUE(facts_of(known).peers[1].is_alive);
}

}  // namespace
}  // namespace hansa
