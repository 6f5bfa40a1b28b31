// The caretaker against a member list that does what it is told.
#include "mesh/caretaker.h"

#include "mesh/electorate_testing.h"
#include "mesh/store_testing.h"

namespace hansa {
namespace {

using testing::FakeElectorate;
using testing::peer_url_of;
using testing::url_of;

class Caretaking : public testing::StoreTest {
 protected:
    void SetUp() override {
        for (const char* name : {"a", "b", "c"}) {
            electorate.members.push_back(
                {++electorate.last_id, "", {peer_url_of(name)}, {}, false, true});
            electorate.start(name);
        }
        electorate.leader = 1;
        look();
    }

    // As the steward has it look, once a second.
    void look() {
        UpkeepFacts facts;
        facts.leads = leads;
        facts.is_steward = facts.is_calm = true;
        std::map<MemberId, std::string> endpoints;
        for (const MemberInfo& member : electorate.members) {
            const std::string& url = member.client_urls.front();
            endpoints[member.id] = url;
            UpkeepVoter voter{member.id, "m" + std::to_string(member.id), member.id == 1};
            voter.answers = electorate.up.contains(url);
            voter.complains = !electorate.raised.empty();
            voter.bytes = electorate.bytes[member.id];
            voter.bytes_used = electorate.bytes_used;
            voter.revision = electorate.revision;
            facts.voters.push_back(std::move(voter));
        }
        caretaker.look(std::move(facts), std::move(endpoints), timing);
        timer = loop.after(Seconds{1}, [this] { look(); });
    }
    std::size_t told(const std::string& part) const {
        std::size_t count = 0;
        for (const auto& each : feed.all<happened::Warned>())
            count += each.text.find(part) != std::string::npos;
        return count;
    }

    FakeElectorate electorate{loop};
    SeatTiming timing;
    bool leads = true;
    std::size_t deeds = 0;
    Caretaker caretaker{{loop, electorate, report}, [this] { ++deeds; }};
    Held timer;
};

TEST_F(Caretaking, compares_all_voters_each_half_minute_and_is_quiet_about_it) {
    loop.run_for(Seconds{29});
    EXPECT_EQ(electorate.hashes_asked, 0U);
    loop.run_for(Seconds{60});
    EXPECT_EQ(electorate.hashes_asked, 6U);
    EXPECT_TRUE(feed.all<happened::Noted>().empty());
    EXPECT_TRUE(electorate.calls.empty());
}

TEST_F(Caretaking, condemns_who_differs_within_a_minute_says_so_once_and_forgets_who_is_gone) {
    electorate.hashes[2] = {8, 1};
    loop.run_for(Seconds{60});
    EXPECT_EQ(caretaker.condemned(), std::set<MemberId>{2});
    loop.run_for(Seconds{120});
    EXPECT_EQ(told("holds other data"), 1U);
    leads = false;
    loop.run_for(Seconds{1});
    EXPECT_EQ(caretaker.condemned(), std::set<MemberId>{2}) << "still true when another one leads";
    electorate.members.erase(electorate.members.begin() + 1);
    loop.run_for(Seconds{1});
    EXPECT_TRUE(caretaker.condemned().empty());
}

TEST_F(Caretaking, a_file_that_cannot_be_made_smaller_keeps_nobody_else_waiting) {
    for (MemberId id : {1, 2, 3}) electorate.bytes[id] = std::uint64_t{16} << 20;
    electorate.raised = {{StoreAlarm::Kind::space, 3}};
    electorate.hold_defragment = 2;
    loop.run_for(Seconds{2});
    EXPECT_TRUE(caretaker.is_at_work());
    EXPECT_EQ(electorate.calls.back(), "defragment 2");
    electorate.release();
    loop.run_for(Seconds{5});
    EXPECT_TRUE(electorate.raised.empty());
    EXPECT_EQ(electorate.calls.back(), "disarm 3");
    EXPECT_FALSE(caretaker.is_at_work());
    EXPECT_EQ(feed.refused("upkeep"), 1U);
    EXPECT_EQ(deeds, 4U) << "compaction, two files and the alarm";
}

TEST_F(Caretaking, an_alarm_that_comes_again_is_said_to_be_about_the_data_itself) {
    electorate.bytes_used = std::uint64_t{15} << 20;
    for (int i = 0; i < 10; ++i) {
        electorate.raised = {{StoreAlarm::Kind::space, 1}};
        loop.run_for(Seconds{2});
    }
    EXPECT_EQ(told("the data alone"), 1U);
    EXPECT_LE(std::count(electorate.calls.begin(), electorate.calls.end(), "disarm 1"), 2);
}

TEST_F(Caretaking, an_alarm_that_nothing_can_be_done_about_keeps_nobody_from_other_work) {
    electorate.raised = {{StoreAlarm::Kind::corruption, 2}};
    loop.run_for(Seconds{2});
    look();
    EXPECT_FALSE(caretaker.is_at_work()) << "what it was told a moment ago still counts";
    loop.run_for(Seconds{60});
    EXPECT_EQ(told("not cleared by itself"), 1U);
    EXPECT_TRUE(electorate.calls.empty());
    electorate.raised = {{StoreAlarm::Kind::space, 2}};
    loop.run_for(Seconds{30});
    EXPECT_TRUE(electorate.raised.empty());
}

TEST_F(Caretaking, who_comes_to_lead_waits_before_it_compares) {
    loop.run_for(Seconds{25});
    leads = false;
    loop.run_for(Seconds{2});
    leads = true;
    loop.run_for(Seconds{25});
    EXPECT_EQ(electorate.hashes_asked, 0U);
    loop.run_for(Seconds{10});
    EXPECT_EQ(electorate.hashes_asked, 3U);
}

}  // namespace
}  // namespace hansa
