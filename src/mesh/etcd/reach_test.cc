// How the electorate's calls end when a member, or the quorum, or the electorate itself is gone.
#include <gtest/gtest.h>

#include "mesh/etcd/testing/council.h"

namespace hansa {
namespace {

using test::Council;
using test::EtcdRig;
using test::run_for;
using test::run_until;

// Between its limit and what a busy machine adds to it.
constexpr Duration slack = Seconds(2);

class EtcdReach : public testing::Test {
 protected:
    Duration since(Instant begin) const { return loop_.clock().now() - begin; }

    LinuxLoop loop_;
};

TEST_F(EtcdReach, without_a_quorum_every_change_is_refused_in_time_and_nothing_was_done) {
    EtcdRig rig(loop_, 3);
    rig.start_all();
    Council council(loop_, rig);
    const MemberId gone = council.id(1);
    rig.kill(1);
    rig.kill(2);

    const auto ask = council.ask(0, Milliseconds(500));
    auto begin = loop_.clock().now();
    const auto first = council.list(ask);
    EXPECT_LT(since(begin), Milliseconds(500) + slack);
    EXPECT_TRUE(first.fault == MemberFault::no_leader || first.fault == MemberFault::no_answer);
    ASSERT_TRUE(run_until(loop_, [&] {
        const auto told = council.status(ask);
        return told && told.result->leader == 0;
    }));

    EXPECT_EQ(council.list(ask).fault, MemberFault::no_leader);
    EXPECT_EQ(council.add_learner(ask, {"https://127.0.0.1:1"}).fault, MemberFault::no_leader);
    EXPECT_EQ(council.remove(ask, gone).fault, MemberFault::no_leader);
    EXPECT_EQ(council.alarms(ask).fault, MemberFault::no_leader);

    rig.start(1);
    const auto back = council.at_last<std::vector<MemberInfo>>(
        MemberFault::no_leader, [&] { return council.list(council.ask(0)); });
    ASSERT_TRUE(back) << back.result.error().text;
    EXPECT_EQ(back.result->size(), 3u) << "a refused change was not carried out later";
}

// etcd alone would tell the list that it remembers.
TEST_F(EtcdReach, a_member_that_cannot_know_the_list_does_not_tell_it) {
    EtcdRig rig(loop_, 3, {Milliseconds(100), Milliseconds(2000)});
    rig.start_all();
    Council council(loop_, rig);
    const std::size_t at = (rig.leader() + 1) % 3;
    ASSERT_TRUE(council.list(council.ask(at)));
    for (std::size_t other = 0; other < 3; ++other)
        if (other != at) rig.freeze(other);

    const auto begin = loop_.clock().now();
    const auto told = council.list(council.ask(at, Milliseconds(400)));
    EXPECT_EQ(told.fault, MemberFault::no_answer);
    EXPECT_GE(since(begin), Milliseconds(400));
    EXPECT_LT(since(begin), Milliseconds(400) + slack);
    ASSERT_FALSE(told);
    EXPECT_EQ(told.result.error().text, "no answer from " + rig.address(at) + " within 400 ms");
}

TEST_F(EtcdReach, a_member_that_froze_or_came_back_is_asked_on_a_new_connection) {
    EtcdRig rig(loop_, 1);
    rig.start_all();
    Council council(loop_, rig);
    ASSERT_TRUE(council.status(council.ask(0)));
    rig.freeze(0);
    EXPECT_EQ(council.status(council.ask(0, Milliseconds(200))).fault, MemberFault::no_answer);
    rig.thaw(0);
    EXPECT_TRUE(council.status(council.ask(0)));

    rig.kill(0);
    const auto dead = council.at_last<MemberStatus>(MemberFault::no_answer,
                                                    [&] { return council.status(council.ask(0)); });
    EXPECT_EQ(dead.fault, MemberFault::not_reached);
    ASSERT_FALSE(dead);
    EXPECT_EQ(dead.result.error().text, "connection refused at " + rig.address(0));
    rig.start(0);
    EXPECT_TRUE(council.status(council.ask(0))) << "at once, without a back-off";
}

TEST_F(EtcdReach, who_cannot_prove_to_be_the_store_is_not_asked_and_strangers_are_not_answered) {
    EtcdRig rig(loop_, 1);
    rig.start_all();
    Council council(loop_, rig);
    const auto ask = council.ask(0);
    EtcdElectorate& electorate = council.electorate();

    auto wrong_name = test::peer_of(rig);
    wrong_name.server_name = "another.example";
    electorate.use_identity(wrong_name);
    EXPECT_EQ(council.status(ask).fault, MemberFault::not_reached);

    test::FreshDirectory directory;
    const test::TlsFiles others(directory.path(), loop_.clock().wall());
    electorate.use_identity(test::identity_of(others, others.issue(CertificateUse::peer)));
    EXPECT_EQ(council.status(ask).fault, MemberFault::not_reached);

    electorate.use_identity(test::peer_of(rig));
    EXPECT_TRUE(council.status(ask));
}

TEST_F(EtcdReach, nothing_is_dialled_without_a_certificate_or_to_what_is_no_endpoint) {
    EtcdRig rig(loop_, 1);
    Council council(loop_, rig);
    const auto no_url = council.status({"http://127.0.0.1:1", Seconds(1)});
    EXPECT_EQ(no_url.fault, MemberFault::refused);
    ASSERT_FALSE(no_url);
    EXPECT_EQ(no_url.result.error().code, Code::invalid);

    const auto nameless = make_etcd_electorate(loop_, std::nullopt);
    std::optional<Answer<MemberStatus>> answer;
    nameless->status({"https://127.0.0.1:1", Seconds(1)},
                     [&](Answer<MemberStatus> told) { answer.emplace(std::move(told)); });
    EXPECT_FALSE(answer);
    ASSERT_TRUE(run_until(loop_, [&] { return answer.has_value(); }));
    EXPECT_EQ(answer->fault, MemberFault::not_reached);
    EXPECT_EQ(answer->result.error().code, Code::denied);
}

TEST_F(EtcdReach, no_answer_comes_after_the_end) {
    EtcdRig rig(loop_, 1);
    rig.start_all();
    Council council(loop_, rig);
    ASSERT_TRUE(council.status(council.ask(0)));

    int answers = 0;
    Taken kept;
    const auto count = [&](const auto&) { ++answers; };
    EtcdElectorate& electorate = council.electorate();
    electorate.snapshot(
        council.ask(0), [&](const std::string&, const Taken& taken) { kept = taken; }, count);
    ASSERT_TRUE(run_until(loop_, [&] { return kept != nullptr; }));
    electorate.status(council.ask(0), count);
    electorate.list(council.ask(0), count);
    electorate.status({"nowhere", Seconds(1)}, count);
    electorate.snapshot(
        council.ask(0), [&](const auto&, const auto&) { ++answers; }, count);
    council.destroy();
    kept({});
    run_for(loop_, Milliseconds(300));
    EXPECT_EQ(answers, 0);
}

TEST_F(EtcdReach, an_answer_and_a_sink_may_end_the_electorate) {
    EtcdRig rig(loop_, 1);
    rig.start_all();
    for (const bool by_sink : {false, true}) {
        Council council(loop_, rig);
        bool ended = false;
        const auto end = [&] {
            council.destroy();
            ended = true;
        };
        if (by_sink)
            council.electorate().snapshot(
                council.ask(0),
                [&](const auto&, const Taken& taken) {
                    end();
                    taken({});
                },
                [](const auto&) { ADD_FAILURE() << "an answer after the end"; });
        else
            council.electorate().status(council.ask(0), [&](const auto&) { end(); });
        ASSERT_TRUE(run_until(loop_, [&] { return ended; }));
        run_for(loop_, Milliseconds(50));
    }
}

}  // namespace
}  // namespace hansa
