// A store without a steward, against a member that does what it is told.
#include "mesh/sole_care.h"

#include <optional>

#include "mesh/electorate_testing.h"
#include "mesh/store_testing.h"

namespace hansa {
namespace {

using testing::FakeElectorate;
using testing::peer_url_of;
using testing::url_of;
using Calls = std::vector<std::string>;

class Alone : public testing::StoreTest {
 protected:
    void SetUp() override {
        electorate.members.push_back({1, "", {peer_url_of("a")}, {}, false, true});
        electorate.start("a");
        electorate.leader = 1;
        electorate.revision = 50;
        care.emplace(Caretaker::Ports{loop, electorate, report}, url_of("a"));
    }

    FakeElectorate electorate{loop};
    std::optional<SoleCare> care;
};

TEST_F(Alone, a_store_that_is_well_is_asked_how_it_is_and_no_more) {
    loop.run_for(Seconds{100});
    EXPECT_EQ(electorate.calls, Calls{});
    EXPECT_EQ(electorate.hashes_asked, 0U) << "there is nobody to compare with";
    EXPECT_LE(electorate.asked_status, 21U);
    EXPECT_GE(electorate.asked_status, 19U);
}

TEST_F(Alone, a_full_store_takes_writes_again) {
    loop.run_for(Seconds{60});
    electorate.bytes[1] = 2'000'000;
    electorate.bytes_used = 1'000'000;
    electorate.raised = {{StoreAlarm::Kind::space, 1}};
    loop.run_for(Seconds{10});
    EXPECT_EQ(electorate.calls, (Calls{"compact 50", "defragment 1", "disarm 1"}));
    ASSERT_FALSE(feed.all<happened::Warned>().empty());
    EXPECT_NE(feed.all<happened::Warned>()[0].text.find("is full"), std::string::npos);
}

TEST_F(Alone, a_large_file_that_is_mostly_free_is_written_anew) {
    electorate.bytes[1] = defragment_bytes_min + 1;
    electorate.bytes_used = defragment_bytes_min / 4;
    loop.run_for(Seconds{120});
    EXPECT_EQ(electorate.calls, Calls{"defragment 1"});
}

TEST_F(Alone, of_a_store_that_does_not_lead_itself_nothing_is_decided) {
    electorate.leader = 7;
    electorate.raised = {{StoreAlarm::Kind::space, 1}};
    loop.run_for(Seconds{60});
    EXPECT_EQ(electorate.calls, Calls{});
}

TEST_F(Alone, who_does_not_serve_any_more_does_not_look) {
    care.reset();
    const auto asked = electorate.asked_status;
    electorate.raised = {{StoreAlarm::Kind::space, 1}};
    loop.run_for(Seconds{60});
    EXPECT_EQ(electorate.asked_status, asked);
    EXPECT_EQ(electorate.calls, Calls{});
}

}  // namespace
}  // namespace hansa
