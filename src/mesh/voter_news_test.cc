#include "mesh/voter_news.h"

#include "mesh/keys.h"
#include "mesh/store_testing.h"

namespace hansa {
namespace {

using Steps = std::vector<std::string>;

class VoterNewsTest : public testing::StoreTest {
 protected:
    Report report{loop.clock()};
    int changes = 0;
    std::vector<VotersRecord> records;
    std::vector<ClockTelling> told;
    VoterNews news{
        {loop, store, random, report},
        {[this] { ++changes; }, [this](const VotersRecord& record) { records.push_back(record); },
         [this](const ClockTelling& clock) { told.push_back(clock); }}};

    void put(const std::vector<VoterPlace>& voters, const std::vector<std::string>& keepers = {}) {
        write(keys::seat_voters(), encode(VotersRecord{voters, keepers}));
    }
};

TEST_F(VoterNewsTest, are_told_as_they_change_and_know_where_a_member_stands) {
    put({{"a", "dc=lon,rack=r1", {"https://10.0.0.1:2379"}}});
    news.begin();
    ASSERT_TRUE(reaches([&] { return changes == 1; }));
    EXPECT_EQ(news.domain_of({"any", {}, {"https://10.0.0.1:2379"}}), (Steps{"dc=lon", "rack=r1"}));
    EXPECT_EQ(news.domain_of({"any", {}, {"https://10.0.0.2:2379"}}), Steps{});

    put({{"a", "dc=lon,rack=r1", {"https://10.0.0.1:2379"}},
         {"b", "dc=par", {"https://10.0.0.2:2379"}}});
    ASSERT_TRUE(reaches([&] { return changes == 2; }));
    EXPECT_EQ(news.domain_of({"any", {}, {"https://10.0.0.2:2379"}}), (Steps{"dc=par"}));
    EXPECT_EQ(news.turn_of(testing::host("a")), 0u);
    EXPECT_EQ(news.turn_of(testing::host("b")), 1u);
    EXPECT_EQ(news.turn_of(testing::host("c")), 2u);
}

TEST_F(VoterNewsTest, keep_what_was_known_when_the_record_cannot_be_read_or_goes) {
    put({{"a", "dc=lon", {"https://10.0.0.1:2379"}}});
    news.begin();
    ASSERT_TRUE(reaches([&] { return changes == 1; }));
    write(keys::seat_voters(), "{}");
    erase(keys::seat_voters());
    put({{"a", "dc=lon", {"https://10.0.0.1:2379"}}, {"b", "", {"https://10.0.0.2:2379"}}});
    ASSERT_TRUE(reaches([&] { return changes == 2; }));
    EXPECT_EQ(news.domain_of({"any", {}, {"https://10.0.0.1:2379"}}), (Steps{"dc=lon"}));
    EXPECT_EQ(report.snapshot().refusals.at("bad_record"), 1u);
}

TEST_F(VoterNewsTest, tell_the_time_only_as_it_comes) {
    const std::vector<VoterPlace> voters{{"a", "dc=lon", {"https://10.0.0.1:2379"}}};
    write(keys::seat_voters(), encode(VotersRecord{voters, {}, ClockTelling{"a", Seconds{1}}}));
    news.begin();
    ASSERT_TRUE(reaches([&] { return records.size() == 1; }));
    EXPECT_TRUE(told.empty()) << "nobody knows how long it has stood there";
    write(keys::seat_voters(), encode(VotersRecord{voters, {}, ClockTelling{"a", Seconds{61}}}));
    ASSERT_TRUE(reaches([&] { return told.size() == 1; }));
    EXPECT_EQ(told[0], (ClockTelling{"a", Seconds{61}}));
    EXPECT_EQ(records.size(), 1U) << "that time goes by is no news of anything else";
    EXPECT_EQ(changes, 1);
}

TEST_F(VoterNewsTest, tell_who_keeps_copies_which_is_no_news_of_voters) {
    const std::vector<VoterPlace> voters{{"a", "dc=lon", {"https://10.0.0.1:2379"}}};
    put(voters);
    news.begin();
    ASSERT_TRUE(reaches([&] { return records.size() == 1; }));
    put(voters, {testing::uuid_of("b")});
    ASSERT_TRUE(reaches([&] { return records.size() == 2; }));
    EXPECT_EQ(records[1], (VotersRecord{voters, {testing::uuid_of("b")}}));
    EXPECT_EQ(changes, 1);
}

}  // namespace
}  // namespace hansa
