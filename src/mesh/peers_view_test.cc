#include "mesh/peers_view.h"

#include <gtest/gtest.h>

#include <chrono>

#include "data/json.h"
#include "mesh/keys.h"
#include "mesh/testing.h"

namespace hansa {
namespace {

using testing::host;
using testing::uuid_of;

class PeersViews : public ::testing::Test {
 protected:
    void join(const std::string& name) {
        const NameRecord record{name, uuid_of(name), "2026-01-01T00:00:00.000Z", "here"};
        reading.names.records.push_back({keys::name_of(host(name)), encode(record), 1, 1, 0});
    }
    PeerRecord record_of(const std::string& name) {
        PeerRecord peer{name, uuid_of(name), 1, "0.1.0", "here", {}, {}};
        peer.seat = SeatOffer{"dc=lon", SeatWish::yes, 0, {"https://10.0.0.7:2380"}, 0, {}, {}};
        return peer;
    }
    void live(const PeerRecord& peer) {
        reading.peers.records.push_back({keys::peer(host(peer.name)), encode(peer), 1, 1, 0});
    }
    MemberReading& seat(const std::string& name, std::uint64_t raft_index) {
        MemberReading member;
        member.info.id = reading.members.size() + 1;
        member.info.name = uuid_of(name);
        member.info.started = true;
        member.info.peer_urls = {"https://" + name + ".example:2380"};
        member.status = MemberStatus{};
        member.status->leader = 1;
        member.status->raft_index = raft_index;
        reading.members.push_back(member);
        return reading.members.back();
    }

    void SetUp() override {
        reading.host = "a";
        reading.at = WallTime{Seconds{1'767'225'600}};
        reading.fresh = true;
    }

    ClusterReading reading;
};

TEST_F(PeersViews, show_those_who_have_joined_by_name_with_what_they_say_of_themselves) {
    join("b");
    join("a");
    std::swap(reading.names.records[0], reading.names.records[1]);  // as a store gives them
    live(record_of("a"));
    PeerRecord second = record_of("b");
    second.seat->clock_offset = Milliseconds{0};
    second.seat->fsync_p99 = Milliseconds{8};
    live(second);
    seat("a", 500);
    seat("b", 460).info.is_learner = true;
    const std::vector<PeerView> peers = peers_of(reading);
    ASSERT_EQ(peers.size(), 2U);
    EXPECT_EQ(peers[0].name, "a");
    EXPECT_EQ(peers[0].address, "10.0.0.7");
    EXPECT_EQ(peers[0].domain, "dc=lon");
    EXPECT_EQ(peers[0].version, "0.1.0");
    EXPECT_TRUE(peers[0].is_alive && peers[0].leads);
    EXPECT_EQ(peers[0].seat, PeerView::Seat::voter);
    EXPECT_EQ(peers[0].lag, 0U);
    EXPECT_FALSE(peers[0].clock_offset) << "not measured, never a false 0";
    EXPECT_FALSE(peers[0].fsync_p99);
    EXPECT_EQ(peers[1].seat, PeerView::Seat::learner);
    EXPECT_EQ(peers[1].lag, 40U);
    EXPECT_EQ(peers[1].clock_offset, Milliseconds{0});
    EXPECT_EQ(peers[1].fsync_p99, Milliseconds{8});
    const Value shown = to_value(peers, reading);
    const Value::List& list = shown.find("peers")->list();
    EXPECT_FALSE(list[0].find("clock_offset_ms"));
    EXPECT_EQ(list[1].find("clock_offset_ms")->scalar().text, "0");
    EXPECT_EQ(list[1].find("fsync_p99_ms")->scalar().text, "8");
    EXPECT_FALSE(peers[1].leads);
}

TEST_F(PeersViews, of_one_that_is_gone_show_what_outlives_it) {
    join("a");
    join("b");
    seat("b", 0).status.reset();
    reading.gone_since["a"] = WallTime{Seconds{1'767'225'000}};
    reading.gone_since["b"] = WallTime{Seconds{1'767'225'300}};
    live(record_of("a"));  // is back
    const std::vector<PeerView> peers = peers_of(reading);
    EXPECT_TRUE(peers[0].is_alive);
    EXPECT_FALSE(peers[0].gone_since) << "of an earlier absence";
    EXPECT_FALSE(peers[1].is_alive);
    EXPECT_EQ(peers[1].gone_since, WallTime{Seconds{1'767'225'300}});
    EXPECT_EQ(peers[1].address, "b.example") << "as its member has it";
    EXPECT_FALSE(peers[1].lag);
    EXPECT_EQ(peers[1].version, "");
}

TEST_F(PeersViews, do_not_take_an_earlier_bearer_of_a_name_for_the_present_one) {
    join("a");
    PeerRecord other = record_of("a");
    other.uuid = uuid_of("somebody");
    live(other);
    EXPECT_FALSE(peers_of(reading)[0].is_alive);
}

TEST_F(PeersViews, of_ten_thousand_peers_are_made_within_a_moment) {
    for (int i = 0; i < 10'000; ++i) {
        const std::string name = "host" + std::to_string(100'000 + i);
        join(name);
        live(record_of(name));
    }
    seat("host100007", 10);
    const auto begin = std::chrono::steady_clock::now();
    const std::string text = to_json(to_value(peers_of(reading), reading));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, Seconds{10});
    EXPECT_LT(text.size(), std::size_t{4} << 20) << "a small part of what an answer may hold";
    EXPECT_EQ(parse_json(text)->find("peers")->list().size(), 10'000U);
}

}  // namespace
}  // namespace hansa
