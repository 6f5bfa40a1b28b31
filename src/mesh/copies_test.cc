#include "mesh/copies.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "mesh/seats.h"
#include "mesh/testing.h"

namespace hansa {
namespace {

using testing::uuid_of;
using Uuids = std::vector<std::string>;

SeatFacts facts_with(const std::vector<std::string>& names) {
    SeatFacts facts;
    for (const std::string& name : names) {
        SeatApplicant peer;
        peer.uuid = uuid_of(name);
        peer.name = name;
        facts.peers.push_back(std::move(peer));
    }
    return facts;
}

SeatApplicant& peer(SeatFacts& facts, const std::string& uuid) {
    return *std::find_if(facts.peers.begin(), facts.peers.end(),
                         [&](const SeatApplicant& each) { return each.uuid == uuid; });
}

void seat(SeatFacts& facts, const std::string& uuid, bool is_learner = false) {
    SeatMember member;
    member.id = facts.members.size() + 1;
    member.uuid = uuid;
    member.is_learner = is_learner;
    facts.members.push_back(std::move(member));
}

Uuids by_hash(std::vector<std::string> names) {
    Uuids uuids;
    for (const std::string& name : names) uuids.push_back(uuid_of(name));
    std::sort(uuids.begin(), uuids.end(),
              [](const auto& a, const auto& b) { return seat_hash(a) < seat_hash(b); });
    return uuids;
}

TEST(Keepers, are_the_two_with_the_smallest_hashes_whatever_the_order) {
    const Uuids all = by_hash({"a", "b", "c", "d", "e"});
    SeatFacts facts = facts_with({"a", "b", "c", "d", "e"});
    EXPECT_EQ(choose_keepers(facts), (Uuids{all[0], all[1]}));
    std::reverse(facts.peers.begin(), facts.peers.end());
    EXPECT_EQ(choose_keepers(facts), (Uuids{all[0], all[1]}));
}

TEST(Keepers, hold_no_part_of_the_store_while_there_are_others) {
    const Uuids all = by_hash({"a", "b", "c", "d"});
    SeatFacts facts = facts_with({"a", "b", "c", "d"});
    seat(facts, all[0]);
    seat(facts, all[1], true);
    EXPECT_EQ(choose_keepers(facts), (Uuids{all[2], all[3]}));
    seat(facts, all[2]);
    EXPECT_EQ(choose_keepers(facts), (Uuids{all[3], all[0]}));
}

TEST(Keepers, are_alive_and_reached_by_others) {
    const Uuids all = by_hash({"a", "b", "c", "d"});
    SeatFacts facts = facts_with({"a", "b", "c", "d"});
    peer(facts, all[0]).is_alive = false;
    peer(facts, all[1]).hindrance = "other hosts do not reach it";
    EXPECT_EQ(choose_keepers(facts), (Uuids{all[2], all[3]}));
    peer(facts, all[2]).is_alive = false;
    EXPECT_EQ(choose_keepers(facts), (Uuids{all[3]}));
    EXPECT_EQ(choose_keepers(SeatFacts{}), Uuids{});
}

TEST(CopyRecords, survive_their_text_and_are_read_strictly) {
    const CopyRecord record{uuid_of("a"), Milliseconds{1475356093042}, 2, 77, 20512};
    const std::string text = encode(record);
    ASSERT_TRUE(decode_copy(text));
    EXPECT_EQ(*decode_copy(text), record);
    for (const char* wrong : {"", "{}", "[]", R"({"v":2})"}) EXPECT_FALSE(decode_copy(wrong));
    std::string more = text;
    more.insert(1, "\"more\":1,");
    EXPECT_FALSE(decode_copy(more));
    EXPECT_FALSE(decode_copy(encode(CopyRecord{"somebody", {}, 0, 1, 1})));
    EXPECT_FALSE(decode_copy(encode(CopyRecord{uuid_of("a"), {}, 0, -1, 1})));
}

}  // namespace
}  // namespace hansa
