// The electorate of real etcds: how members come, go and are refused.
#include <gtest/gtest.h>

#include "mesh/etcd/testing/council.h"
#include "servers/etcd.h"

namespace hansa {
namespace {

using test::Council;
using test::EtcdRig;
using test::run_for;
using test::run_until;
using test::Writer;

class EtcdElectorateTest : public testing::Test {
 protected:
    Duration since(Instant begin) const { return loop_.clock().now() - begin; }
    static void record(const std::string& what, Duration took) {
        RecordProperty(what, static_cast<int>(duration_cast<Milliseconds>(took).count()));
        std::printf("             %s: %s\n", what.c_str(), readable(took).c_str());
    }

    LinuxLoop loop_;
};

void grow_to(Council& council, std::size_t voters) {
    while (council.voters(0) < voters) council.make_voter(0, council.let_in(0));
}

void expect_same_everywhere(Council& council, const EtcdRig& rig, Revision revision) {
    std::optional<StoreHash> first;
    for (std::size_t at = 0; at < rig.size(); ++at) {
        // A member may not have heard yet of what the others have agreed on.
        auto hash = council.at_last<StoreHash>(MemberFault::revision_ahead, [&] {
            return council.hash_kv(council.ask(at), revision);
        });
        ASSERT_TRUE(hash) << hash.result.error().text;
        if (!first) first = *hash.result;
        EXPECT_EQ(*hash.result, *first) << at;
    }
}

// The profile `fast` of seat_timing.h.
TEST_F(EtcdElectorateTest, grows_from_one_to_three_to_five_voters_without_a_failed_write) {
    EtcdRig rig(loop_, 1, {Milliseconds(20), Milliseconds(200)});
    rig.start_all();
    Council council(loop_, rig);
    Writer writer(loop_, rig);
    ASSERT_TRUE(run_until(loop_, [&] { return writer.acknowledged() > 0; }));

    const auto begin = loop_.clock().now();
    grow_to(council, 3);
    record("one_to_three", since(begin));
    grow_to(council, 5);
    record("one_to_five", since(begin));
    writer.stop();
    record("longest_write_gap", writer.longest_gap());

    EXPECT_EQ(writer.failures(), std::vector<std::string>());
    EXPECT_LT(writer.longest_gap(), Seconds(10));
    const auto reading = writer.client().read(ReadScope::prefix, "/w/");
    ASSERT_TRUE(reading);
    EXPECT_EQ(reading->records.size(), writer.acknowledged());
    std::printf("             writes: %zu\n", writer.acknowledged());
    expect_same_everywhere(council, rig, reading->revision);
    for (std::size_t at = 0; at < rig.size(); ++at) EXPECT_EQ(council.voters(at), 5u);
}

TEST_F(EtcdElectorateTest, a_learner_that_does_not_run_costs_no_write_and_is_not_promoted) {
    EtcdRig rig(loop_, 1);
    rig.start_all();
    Council council(loop_, rig);
    const auto ask = council.ask(0);
    const auto learner = council.add_learner(ask, {"https://127.0.0.1:1"});
    ASSERT_TRUE(learner);

    test::Client client(loop_, rig);
    EXPECT_TRUE(client.put("/k", "1"));
    const auto members = council.list(ask);
    ASSERT_TRUE(members);
    ASSERT_EQ(members.result->size(), 2u);
    for (const MemberInfo& member : *members.result) {
        const bool is_new = member.id == *learner.result;
        const MemberInfo expected =
            is_new
                ? MemberInfo{member.id, "", {"https://127.0.0.1:1"}, {}, true, false}
                : MemberInfo{member.id, "m0", rig.config(0).peer_urls, {rig.url(0)}, false, true};
        EXPECT_EQ(member, expected);
    }

    const auto promoted = council.promote(ask, *learner.result);
    EXPECT_EQ(promoted.fault, MemberFault::not_in_sync);
    ASSERT_FALSE(promoted);
    EXPECT_EQ(promoted.result.error().code, Code::unavailable);
    EXPECT_EQ(promoted.result.error().text,
              "can only promote a learner member which is in sync with leader, says etcd at " +
                  rig.address(0) + "; start it, or wait");
}

TEST_F(EtcdElectorateTest, what_etcd_refuses_is_typed) {
    EtcdRig rig(loop_, 1);
    rig.start_all();
    Council council(loop_, rig);
    const auto ask = council.ask(0);
    const MemberId voter = council.id(0);

    EXPECT_EQ(council.add_learner(ask, rig.config(0).peer_urls).fault, MemberFault::address_taken);
    EXPECT_EQ(council.add_learner(ask, {"no url"}).fault, MemberFault::refused);
    const auto learner = council.add_learner(ask, {"https://127.0.0.1:1"});
    ASSERT_TRUE(learner);
    const auto second = council.add_learner(ask, {"https://127.0.0.1:2"});
    EXPECT_EQ(second.fault, MemberFault::too_many_learners);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.result.error().code, Code::conflict);

    EXPECT_EQ(council.promote(ask, voter).fault, MemberFault::not_learner);
    EXPECT_EQ(council.promote(ask, 1).fault, MemberFault::no_such_member);
    EXPECT_EQ(council.remove(ask, 1).fault, MemberFault::no_such_member);
    EXPECT_TRUE(council.remove(ask, *learner.result));
    EXPECT_EQ(council.remove(ask, *learner.result).fault, MemberFault::no_such_member);
    const auto last = council.remove(ask, voter);
    EXPECT_EQ(last.fault, MemberFault::too_few_started);
    ASSERT_FALSE(last);
    EXPECT_EQ(last.result.error().text,
              "re-configuration failed due to not enough started members, says etcd at " +
                  rig.address(0) + "; start the voters that do not run");
    EXPECT_EQ(council.voters(0), 1u);
}

TEST_F(EtcdElectorateTest, the_peer_urls_of_a_member_can_be_changed) {
    EtcdRig rig(loop_, 1);
    rig.start_all();
    Council council(loop_, rig);
    const auto ask = council.ask(0);
    const auto learner = council.add_learner(ask, {"https://127.0.0.1:1"});
    ASSERT_TRUE(learner);
    const std::vector<std::string> urls = {"https://127.0.0.1:2", "https://127.0.0.1:3"};
    ASSERT_TRUE(council.update(ask, *learner.result, urls));
    const auto members = council.list(ask);
    ASSERT_TRUE(members);
    const auto& all = *members.result;
    const auto found = std::find_if(all.begin(), all.end(), [&](const MemberInfo& member) {
        return member.id == *learner.result;
    });
    ASSERT_NE(found, all.end());
    EXPECT_EQ(found->peer_urls, urls);
}

TEST_F(EtcdElectorateTest, a_learner_tells_its_status_and_nothing_else) {
    EtcdRig rig(loop_, 1);
    rig.start_all();
    Council council(loop_, rig);
    const std::size_t learner = council.let_in(0);

    const auto told = council.status(council.ask(learner));
    ASSERT_TRUE(told);
    const MemberStatus& status = *told.result;
    EXPECT_TRUE(status.is_learner);
    EXPECT_EQ(status.leader, council.id(0));
    EXPECT_NE(status.id, status.leader);
    EXPECT_EQ(council.list(council.ask(learner)).fault, MemberFault::is_learner);

    const auto leader = council.status(council.ask(0));
    ASSERT_TRUE(leader);
    EXPECT_EQ(leader.result->leader, leader.result->id);
    EXPECT_EQ(leader.result->cluster, status.cluster);
    EXPECT_NE(leader.result->cluster, 0u);
    EXPECT_EQ(leader.result->term, status.term);
    EXPECT_GE(leader.result->raft_index, status.applied_index);
    EXPECT_GT(status.applied_index, 0u);
    EXPECT_GT(leader.result->revision, 0);
    EXPECT_EQ(leader.result->revision, status.revision);
    EXPECT_GT(leader.result->bytes, leader.result->bytes_used);
    EXPECT_GT(leader.result->bytes_used, 0u);
    EXPECT_EQ(leader.result->version.substr(0, 2), "3.");
    EXPECT_EQ(leader.result->errors, std::vector<std::string>());
}

// As a supervised server of ours, which has to tell this end from all others.
TEST_F(EtcdElectorateTest, a_removed_voter_ends_by_itself_and_is_not_started_again) {
    EtcdRig rig(loop_, 1);
    rig.start_all();
    Council council(loop_, rig);
    const std::size_t at = rig.prepare_joiner();
    const auto added = council.add_learner(council.ask(0), rig.config(at).peer_urls);
    ASSERT_TRUE(added);
    council.tell_members(0, at);

    LinuxProcesses processes(loop_);
    bool removed = false;
    EtcdServerEvents events;
    events.on_removed = [&] { removed = true; };
    events.on_ended = [](const std::string& why, Duration) { ADD_FAILURE() << why; };
    EtcdServer server(loop_, processes, rig.config(at), events);
    ASSERT_TRUE(server.start());
    ASSERT_TRUE(run_until(loop_, [&] { return server.serving(); }));
    council.make_voter(0, at);

    const auto gone = council.at_last<void>(
        MemberFault::unhealthy, [&] { return council.remove(council.ask(0), *added.result); });
    ASSERT_TRUE(gone) << gone.result.error().text;
    EXPECT_TRUE(run_until(loop_, [&] { return removed; }));
    EXPECT_FALSE(server.serving());
    EXPECT_EQ(council.voters(0), 1u);
}

TEST_F(EtcdElectorateTest, leadership_moves_to_the_voter_that_is_named) {
    EtcdRig rig(loop_, 3);
    rig.start_all();
    Council council(loop_, rig);
    const std::size_t leader = rig.leader();
    const std::size_t other = (leader + 1) % 3;
    const MemberId target = council.id(other);

    EXPECT_EQ(council.move_leader(council.ask(other), target).fault, MemberFault::not_leader);
    EXPECT_EQ(council.move_leader(council.ask(leader), 1).fault, MemberFault::bad_target);
    const auto begin = loop_.clock().now();
    ASSERT_TRUE(council.move_leader(council.ask(leader), target));
    record("leadership_moved_after", since(begin));
    EXPECT_EQ(council.status(council.ask(leader)).result->leader, target);
}

TEST_F(EtcdElectorateTest, a_dead_voter_bars_a_learner_until_it_is_removed) {
    EtcdRig rig(loop_, 3);
    rig.start_all();
    Council council(loop_, rig);
    const std::size_t via = rig.leader();
    const std::size_t dead = (via + 1) % 3;
    const MemberId dead_id = council.id(dead);
    rig.kill(dead);

    const std::vector<std::string> urls = {"https://127.0.0.1:1"};
    const auto barred = council.add_learner(council.ask(via), urls);
    EXPECT_EQ(barred.fault, MemberFault::unhealthy);
    ASSERT_FALSE(barred);
    EXPECT_EQ(barred.result.error().code, Code::unavailable);

    const auto removed = council.at_last<void>(
        MemberFault::unhealthy, [&] { return council.remove(council.ask(via), dead_id); });
    ASSERT_TRUE(removed) << removed.result.error().text;
    EXPECT_EQ(council.voters(via), 2u);
    EXPECT_TRUE(council.at_last<MemberId>(
        MemberFault::unhealthy, [&] { return council.add_learner(council.ask(via), urls); }));
}

}  // namespace
}  // namespace hansa
