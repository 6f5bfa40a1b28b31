// A survey against a store in memory and members that answer, or do not.
#include "daemon/survey.h"

#include "mesh/electorate_testing.h"
#include "mesh/keys.h"
#include "mesh/store_testing.h"
#include "mesh/testing.h"

namespace hansa {
namespace {

using testing::FakeElectorate;
using testing::host;
using testing::peer_url_of;
using testing::url_of;
using testing::uuid_of;

class Surveys : public testing::StoreTest {
 protected:
    void SetUp() override {
        for (const char* name : {"a", "b", "c"}) {
            electorate.members.push_back({++electorate.last_id, "", {peer_url_of(name)}, {}});
            electorate.start(name);
        }
        electorate.leader = 1;
        const std::string text =
            encode(NameRecord{"a", uuid_of("a"), "2026-01-01T00:00:00Z", "here"});
        ASSERT_TRUE(cluster.commit({{}, {Operation::put(keys::name_of(host("a")), text)}}));
        electorate.heard[keys::names()] = {7, {{keys::name_of(host("a")), text, 7, 7, 0}}};
    }

    const ClusterReading& take() {
        reading.reset();
        survey.take({url_of("a"), url_of("b"), url_of("c")},
                    [this](std::shared_ptr<const ClusterReading> read) {
                        EXPECT_FALSE(reading) << "answered twice";
                        reading = std::move(read);
                    });
        EXPECT_FALSE(reading) << "answered from within the call";
        EXPECT_TRUE(reaches([this] { return reading != nullptr; }));
        return *reading;
    }
    std::size_t answering() const {
        return static_cast<std::size_t>(
            std::count_if(reading->members.begin(), reading->members.end(),
                          [](const MemberReading& member) { return member.status.has_value(); }));
    }

    FakeElectorate electorate{loop};
    Survey survey{{loop, store, electorate, report}, "a"};
    std::shared_ptr<const ClusterReading> reading;
};

TEST_F(Surveys, read_everything_as_of_now) {
    const ClusterReading& read = take();
    EXPECT_TRUE(read.fresh) << read.trouble;
    EXPECT_EQ(read.host, "a");
    EXPECT_EQ(read.names.records.size(), 1U);
    EXPECT_EQ(read.members.size(), 3U);
    EXPECT_EQ(answering(), 3U);
}

TEST_F(Surveys, ask_the_next_member_for_the_list_and_keep_why_one_is_silent) {
    electorate.up.erase(url_of("a"));
    const ClusterReading& read = take();
    EXPECT_TRUE(read.fresh) << read.trouble;
    EXPECT_EQ(answering(), 2U);
    EXPECT_FALSE(read.members[0].silence.empty());
}

TEST_F(Surveys, tell_what_one_member_has_heard_where_there_is_no_quorum) {
    electorate.readable = false;
    electorate.up = {url_of("b")};
    const ClusterReading& read = take();
    EXPECT_FALSE(read.fresh);
    EXPECT_FALSE(read.trouble.empty());
    EXPECT_EQ(read.names.revision, 7) << "what was heard, not what the store was asked for";
    EXPECT_EQ(read.members.size(), 3U);
    EXPECT_EQ(answering(), 1U);
}

TEST_F(Surveys, tell_at_once_what_is_heard_by_a_store_that_is_away) {
    store.go_away();
    EXPECT_FALSE(take().fresh);
    EXPECT_EQ(answering(), 3U);
}

TEST_F(Surveys, wait_for_a_member_at_the_end_of_a_slow_line) {
    electorate.far = {{url_of("b"), Milliseconds{1600}}, {url_of("c"), Seconds{3600}}};
    const Instant begun = loop.clock().now();
    const ClusterReading& read = take();
    EXPECT_TRUE(read.fresh) << read.trouble;
    EXPECT_EQ(answering(), 2U);
    EXPECT_FALSE(read.members[2].silence.empty());
    EXPECT_LE(loop.clock().now() - begun, Seconds{4});
}

TEST_F(Surveys, end_within_4_s_whoever_is_silent) {
    for (const bool is_away : {false, true}) {
        electorate.far.clear();
        for (const char* name : {"a", "b", "c"}) electorate.far[url_of(name)] = Seconds{3600};
        if (is_away) {
            store.go_away();
            ASSERT_TRUE(
                reaches([&] { return store.status().state == StoreStatus::State::away; }));
            electorate.far[url_of("b")] = Milliseconds{1200};
        }
        const Instant begun = loop.clock().now();
        EXPECT_FALSE(take().fresh);
        EXPECT_EQ(reading->members.size(), is_away ? 3U : 0U);
        EXPECT_LE(loop.clock().now() - begun, Seconds{4});
    }
}

TEST_F(Surveys, end_where_nobody_answers) {
    electorate.up.clear();
    const ClusterReading& read = take();
    EXPECT_FALSE(read.fresh);
    EXPECT_TRUE(read.members.empty());
}

}  // namespace
}  // namespace hansa
