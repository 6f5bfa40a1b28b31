#include "mesh/seat_step.h"

#include <gtest/gtest.h>

#include "mesh/seat_plan.h"
#include "mesh/seat_testing.h"

namespace hansa {
namespace {

using testing::SeatTable;
using Do = SeatStep::Do;
using Lines = std::vector<std::string>;

SeatTable fleet(std::size_t ideal, int peers) {
    SeatTable table(ideal);
    for (int i = 0; i < peers; ++i) table.join(std::string(1, static_cast<char>('a' + i)));
    return table;
}

// Full seats, and the changes that led to them long ago.
SeatTable grown(std::size_t ideal, int peers) {
    SeatTable table = fleet(ideal, peers);
    (void)table.run_for(Seconds{60});
    table.pass(Seconds{3600});
    return table;
}

// The first peer that has no seat.
std::string spare_of(const SeatTable& table, const std::string& among) {
    const Lines voters = table.voters();
    for (const char name : among)
        if (std::find(voters.begin(), voters.end(), std::string(1, name)) == voters.end())
            return std::string(1, name);
    return {};
}

std::string follower_of(SeatTable& table) {
    for (const std::string& name : table.voters())
        if (name != table.facts().me) return name;
    return {};
}

TEST(SeatSteps, without_quorum_change_nothing_and_say_it_loudly) {
    SeatTable table = fleet(3, 3);
    table.facts().readable = false;
    const SeatStep step = decide(table.facts(), table.timing(), table.now());
    EXPECT_EQ(step.what, Do::nothing);
    EXPECT_EQ(step.rule, 1);
    EXPECT_TRUE(step.is_alarm);
    EXPECT_NE(step.says.find("quorum lost"), std::string::npos);
}

TEST(SeatSteps, grow_from_one_to_three_by_learners_six_seconds_apart) {
    SeatTable table = fleet(3, 3);
    const std::string first = table.look().book->intent->adds.at(0);
    const std::string second = table.look().book->intent->adds.at(1);
    EXPECT_EQ(table.run(), (Lines{"add_learner " + first, "promote " + first}));
    EXPECT_TRUE(table.facts().book.intent) << "one intent of two changes";
    EXPECT_EQ(table.look().rule, 7);
    EXPECT_EQ(table.run_for(Seconds{6}), Lines{});
    EXPECT_EQ(table.run(), (Lines{"add_learner " + second, "promote " + second}));
    EXPECT_EQ(table.voters(), (Lines{"a", "b", "c"}));
    EXPECT_FALSE(table.facts().book.intent);
    EXPECT_EQ(table.look().says, "all 3 seats are taken");
}

TEST(SeatSteps, do_nothing_to_the_list_that_is_not_written_before) {
    SeatTable table = fleet(5, 5);
    for (int i = 0; i < 200; ++i) {
        const SeatStep step = table.look();
        if (step.what == Do::call) {
            ASSERT_TRUE(table.facts().book.intent);
            ASSERT_EQ(table.facts().book.intent->order, step.order);
            ASSERT_EQ(step.order->digest, digest_of(table.facts().members));
        }
        (void)table.obey(step);
        table.pass(Seconds{1});
    }
    EXPECT_EQ(table.voters().size(), 5u);
}

TEST(SeatSteps, are_not_for_two_peers_where_a_second_voter_would_only_be_one_more_to_lose) {
    SeatTable table = fleet(3, 3);
    table.fall_silent("c");
    EXPECT_EQ(table.run_for(Seconds{300}), Lines{});
    EXPECT_EQ(table.look().says,
              "waits: 1 of 3 seats taken, and only b is fit: an even number "
              "would not help");
}

TEST(SeatSteps, replace_a_dead_voter_after_a_minute_and_remove_it_first) {
    SeatTable table = grown(3, 4);
    const std::string lost = follower_of(table), spare = spare_of(table, "abcd");
    table.fall_silent(lost);
    EXPECT_EQ(table.run_for(Seconds{60}), Lines{});
    EXPECT_EQ(table.run(), (Lines{"remove " + lost, "add_learner " + spare, "promote " + spare}));
    EXPECT_EQ(table.voters().size(), 3u);
    EXPECT_EQ(table.look().what, Do::nothing);
}

TEST(SeatSteps, keep_a_dead_voter_when_nobody_can_take_its_seat) {
    SeatTable table = grown(3, 3);
    const std::string lost = follower_of(table);
    table.fall_silent(lost);
    EXPECT_EQ(table.run_for(Seconds{600}), Lines{});
    const SeatStep step = table.look();
    EXPECT_EQ(step.rule, 6);
    EXPECT_EQ(step.says, "keeps " + lost + ", which is dead: there is nobody to take the seat");
}

TEST(SeatSteps, have_a_voter_that_lost_its_data_begin_anew_as_a_learner) {
    SeatTable table = grown(3, 3);
    const std::string lost = follower_of(table);
    table.member(lost).is_lost = true;
    EXPECT_EQ(table.run(), (Lines{"remove " + lost, "add_learner " + lost, "promote " + lost}));
    EXPECT_EQ(table.look().what, Do::nothing);
}

TEST(SeatSteps, swap_a_voter_that_holds_other_data_and_never_become_fewer) {
    SeatTable table = grown(3, 4);
    const std::string odd = follower_of(table), spare = spare_of(table, "abcd");
    table.member(odd).is_condemned = true;
    EXPECT_EQ(table.run(2), (Lines{"add_learner " + spare, "promote " + spare}));
    EXPECT_EQ(table.run_for(Seconds{20}), Lines{"remove " + odd});
    EXPECT_EQ(table.look().what, Do::nothing);
}

TEST(SeatSteps, give_the_seat_of_a_nearly_full_disk_to_another_if_there_is_one) {
    SeatTable table = grown(3, 4);
    const std::string full = follower_of(table), spare = spare_of(table, "abcd");
    table.peer(full).hindrance = table.peer(spare).hindrance = "its disk is nearly full";
    EXPECT_EQ(table.run_for(Seconds{60}), Lines{}) << "better there than nowhere";
    table.peer(spare).hindrance.clear();
    EXPECT_EQ(table.run_for(Seconds{20}),
              (Lines{"add_learner " + spare, "promote " + spare, "remove " + full}));
}

TEST(SeatSteps, take_leadership_from_a_voter_that_holds_other_data) {
    SeatTable table = grown(3, 4);
    const std::string odd = table.facts().me, spare = spare_of(table, "abcd");
    table.member(odd).is_condemned = true;
    const Lines done = table.run_for(Seconds{20});
    ASSERT_EQ(done.size(), 4u);
    EXPECT_EQ(done[2].substr(0, 5), "lead ");
    EXPECT_EQ(done[3], "remove " + odd);
}

TEST(SeatSteps, renew_a_voter_that_holds_other_data_where_nobody_else_is_fit) {
    SeatTable table = grown(3, 3);
    const std::string odd = follower_of(table);
    table.member(odd).is_condemned = true;
    EXPECT_EQ(table.run(), (Lines{"remove " + odd, "add_learner " + odd, "promote " + odd}));
    EXPECT_EQ(table.look().what, Do::nothing);
}

TEST(SeatSteps, remove_two_dead_voters_of_five_before_anybody_is_added) {
    SeatTable table = grown(5, 8);
    const Lines voters = table.voters();
    Lines lost;
    for (const std::string& name : voters)
        if (name != table.facts().me && lost.size() < 2) lost.push_back(name);
    for (const std::string& name : lost) table.fall_silent(name);
    const Lines done = table.run_for(Seconds{120});
    ASSERT_EQ(done.size(), 6u);
    EXPECT_EQ(done[0].substr(0, 6), "remove");
    EXPECT_EQ(done[1].substr(0, 6), "remove");
    EXPECT_EQ(table.voters().size(), 5u);
}

TEST(SeatSteps, never_remove_a_dead_voter_when_the_others_would_not_be_a_majority) {
    SeatTable table = grown(5, 8);
    Lines lost;
    for (const std::string& name : table.voters())
        if (name != table.facts().me && lost.size() < 3) lost.push_back(name);
    table.fall_silent(lost[0]);
    table.fall_silent(lost[1]);
    table.pass(Seconds{59});
    table.fall_silent(lost[2]);
    table.pass(Seconds{2});
    EXPECT_EQ(table.run(), Lines{});
}

TEST(SeatSteps, never_make_an_odd_number_of_an_even_one_without_a_majority_that_is_well) {
    SeatTable table = grown(3, 4);
    table.add_member(spare_of(table, "abcd"), false);
    (void)table.look();
    Lines others = table.voters();
    std::erase(others, table.facts().me);
    table.fall_silent(others[0]);
    table.pass(Seconds{60});
    table.fall_silent(others[1]);
    table.fall_silent(others[2]);
    EXPECT_EQ(table.run(), Lines{});
    table.answer(others[1]);
    EXPECT_EQ(table.run(), Lines{"remove " + others[0]});
}

TEST(SeatSteps, spread_better_only_after_it_has_been_better_for_a_minute) {
    SeatTable table(3);
    for (const char* name : {"a1", "a2", "a3"}) table.join(name, "dc=a");
    (void)table.run_for(Seconds{60});
    table.join("b1", "dc=b");
    EXPECT_EQ(table.look().rule, 4);
    EXPECT_EQ(table.run_for(Seconds{60}), Lines{});
    const Lines done = table.run_for(Seconds{30});
    ASSERT_EQ(done.size(), 3u);
    EXPECT_EQ(done[0], "add_learner b1");
    EXPECT_EQ(done[1], "promote b1");
    EXPECT_EQ(done[2].substr(0, 7), "remove ");
    EXPECT_EQ(table.voters().size(), 3u);
    EXPECT_EQ(table.run_for(Seconds{600}), Lines{});
}

TEST(SeatSteps, forget_a_better_spread_that_did_not_last) {
    SeatTable table(3);
    for (const char* name : {"a1", "a2", "a3"}) table.join(name, "dc=a");
    (void)table.run_for(Seconds{60});
    table.join("b1", "dc=b");
    (void)table.run_for(Seconds{50});
    table.fall_silent("b1");
    (void)table.run_for(Seconds{5});
    table.answer("b1");
    EXPECT_EQ(table.run_for(Seconds{55}), Lines{});
}

TEST(SeatSteps, shrink_from_five_to_three_in_two_changes_and_never_remove_who_leads_first) {
    SeatTable table = grown(5, 5);
    table.facts().ideal = 3;
    const Lines done = table.run_for(Seconds{30});
    ASSERT_EQ(done.size(), 2u);
    EXPECT_EQ(table.voters().size(), 3u);
    const Lines voters = table.voters();
    EXPECT_NE(std::find(voters.begin(), voters.end(), "a"), voters.end()) << "a leads";
}

TEST(SeatSteps, do_not_remove_a_live_voter_while_another_is_unwell_or_just_back) {
    SeatTable table = grown(5, 5);
    table.facts().ideal = 3;
    const std::string weak = follower_of(table);
    table.fall_silent(weak);
    EXPECT_EQ(table.run_for(Seconds{20}), Lines{});
    EXPECT_EQ(table.look().rule, 5);
    // Not yet for ten seconds: whichever of the voters is to stay may fail again.
    for (const std::string& name : table.voters()) table.answer(name);
    EXPECT_EQ(table.run_for(Seconds{9}), Lines{});
    EXPECT_EQ(table.run_for(Seconds{20}).size(), 2u);
}

TEST(SeatSteps, hand_leadership_over_before_the_leader_gives_its_seat_up) {
    SeatTable table = grown(3, 4);
    table.peer("a").wish = SeatWish::no;
    const std::string spare = spare_of(table, "abcd");
    const Lines done = table.run_for(Seconds{30});
    ASSERT_EQ(done.size(), 4u);
    EXPECT_EQ(done[0], "add_learner " + spare);
    EXPECT_EQ(done[1], "promote " + spare);
    EXPECT_EQ(done[2].substr(0, 5), "lead ");
    EXPECT_EQ(done[3], "remove a");
}

TEST(SeatSteps, wait_for_a_learner_that_lags_and_say_what_it_lacks) {
    SeatTable table = fleet(3, 3);
    ASSERT_EQ(table.run(1).size(), 1u);
    const std::string name = table.facts().members.back().uuid;
    table.member("a").raft_index = 5000;
    table.member(name).raft_index = 4000;
    EXPECT_EQ(table.look().what, Do::nothing);
    EXPECT_NE(table.look().says.find("is 1000 entries behind"), std::string::npos);
    table.member("a").raft_index = 1000;
    table.member(name).raft_index = 899;
    EXPECT_NE(table.look().says.find("has 899 of 1000 entries"), std::string::npos)
        << "etcd would refuse to promote it, again and again";
    table.member(name).raft_index = 0;
    EXPECT_NE(table.look().says.find("does not tell how far it is"), std::string::npos);
    table.member("a").raft_index = 5000;
    table.member(name).raft_index = 4500;
    table.member(name).started = false;
    EXPECT_NE(table.look().says.find("has not started"), std::string::npos);
    table.member(name).started = true;
    table.member(name).reached_by = 0;
    EXPECT_NE(table.look().says.find("is reached by 0 voters of 1"), std::string::npos);
    table.member(name).reached_by = 1;
    EXPECT_NE(table.look().what, Do::nothing);
}

TEST(SeatSteps, promote_nobody_who_wants_no_seat_any_more) {
    SeatTable table = fleet(3, 4);
    ASSERT_EQ(table.run(1).size(), 1u);
    const std::string name = table.facts().members.back().uuid;
    table.peer(name).wish = SeatWish::no;
    EXPECT_EQ(table.look().what, Do::nothing);
    EXPECT_NE(table.look().says.find("wants no seat any more"), std::string::npos);
}

// Without the others each write would wait for it.
TEST(SeatSteps, let_a_voter_that_lags_go_before_those_that_have_everything) {
    SeatTable table = grown(3, 3);
    table.pass(Seconds{60});
    table.facts().ideal = 1;
    for (const char* name : {"b", "c"}) {
        SeatTable one = table;
        for (const char* each : {"a", "b", "c"}) one.member(each).raft_index = 5000;
        one.member(name).raft_index = 4000;
        EXPECT_EQ(one.run(1), Lines{std::string("remove ") + name});
    }
}

TEST(SeatSteps, keep_a_voter_while_those_that_stay_would_wait_for_one_that_lags) {
    SeatTable table = grown(3, 3);
    table.pass(Seconds{60});
    table.facts().ideal = 1;
    for (const char* name : {"a", "b", "c"}) table.member(name).raft_index = 5000;
    table.member("b").raft_index = 3999;
    table.member("c").raft_index = 4000;
    EXPECT_EQ(table.look().what, Do::nothing);
    EXPECT_NE(table.look().says.find("each write would wait for b, which is 1001 entries behind"),
              std::string::npos)
        << table.look().says;
    table.member("c").raft_index = 4001;
    EXPECT_EQ(table.run(1), Lines{"remove b"});
}

TEST(SeatSteps, undo_a_learner_past_its_deadline_and_put_the_peer_into_the_penalty_box) {
    SeatTable table = fleet(3, 4);
    table.learners_start = false;
    const std::string lame = table.look().book->intent->adds.at(0);
    EXPECT_EQ(table.run_for(Seconds{30}), Lines{"add_learner " + lame});
    EXPECT_EQ(table.run(), Lines{"undo " + lame});
    ASSERT_EQ(table.facts().book.penalties.size(), 1u);
    EXPECT_EQ(table.facts().book.penalties[0].strikes, 1u);
    EXPECT_FALSE(table.facts().book.intent);

    table.learners_start = true;
    const Lines done = table.run_for(Seconds{20});
    ASSERT_EQ(done.size(), 4u);
    for (const std::string& line : done) EXPECT_EQ(line.find(" " + lame), std::string::npos);
}

TEST(SeatSteps, let_a_peer_out_of_the_penalty_box_after_a_minute_and_then_two) {
    SeatTable table = fleet(3, 3);
    table.learners_start = false;
    // The second peer is tried only together with another one: with both in the box, nobody.
    const Lines done = table.run_for(Seconds{400});
    std::size_t adds = 0;
    for (const std::string& line : done) adds += line.starts_with("add_learner");
    EXPECT_GE(adds, 2u);
    EXPECT_LE(adds, 4u) << "within 400 s a peer is tried at 0 s, after 96 s and after 252 s";
}

TEST(SeatSteps, remove_a_voter_that_died_meanwhile_before_the_learner_is_promoted) {
    SeatTable table = grown(5, 7);
    table.facts().ideal = 3;
    (void)table.run_for(Seconds{30});
    table.facts().ideal = 5;
    table.pass(Seconds{10});
    ASSERT_EQ(table.run(1).size(), 1u);
    const std::string learner = table.facts().members.back().uuid;
    table.member(learner).started = false;
    table.facts().store_bytes = 10'000'000'000;  // so that it may take that long
    const std::string lost = follower_of(table);
    table.fall_silent(lost);
    table.pass(Seconds{60});
    EXPECT_EQ(table.run(), Lines{});
    table.member(learner).started = true;
    Lines others = table.voters();
    std::erase_if(others, [&](const auto& one) { return one == lost || one == table.facts().me; });
    table.fall_silent(others[0]);
    EXPECT_EQ(table.run(), Lines{}) << "one of the two that would be left is silent too";
    table.answer(others[0]);
    EXPECT_EQ(table.run(2), (Lines{"remove " + lost, "promote " + learner}));
}

// Its host left, or was removed by hand, and nobody looks at it.
TEST(SeatSteps, replace_a_voter_that_belongs_to_nobody_after_a_minute) {
    SeatTable table = grown(3, 4);
    const std::string gone = follower_of(table), spare = spare_of(table, "abcd");
    std::erase_if(table.facts().peers, [&](const auto& peer) { return peer.uuid == gone; });
    table.facts().conditions.erase(gone);
    (void)table.look();
    table.facts().memory.members[table.member(gone).id] = table.now();
    EXPECT_EQ(table.run_for(Seconds{60}), Lines{});
    EXPECT_EQ(table.run(), (Lines{"remove " + gone, "add_learner " + spare, "promote " + spare}));
}

TEST(SeatSteps, give_a_learner_of_a_large_store_more_time) {
    SeatTable table = fleet(3, 3);
    table.learners_start = false;
    table.facts().store_bytes = 2'000'000'000;
    EXPECT_EQ(table.run_for(Seconds{130}).size(), 1u);
    EXPECT_EQ(table.run().at(0).substr(0, 4), "undo");
}

TEST(SeatSteps, undo_a_learner_that_nobody_intended_without_a_penalty) {
    SeatTable table = grown(3, 4);
    const std::string spare = spare_of(table, "abcd");
    table.add_member(spare, true);
    EXPECT_EQ(table.run(), Lines{"undo " + spare});
    EXPECT_TRUE(table.facts().book.penalties.empty());
}

TEST(SeatSteps, put_a_new_reason_down_before_they_do_what_was_ordered_for_another) {
    SeatTable table = grown(3, 5);
    const std::string leaver = follower_of(table);
    table.peer(leaver).wish = SeatWish::no;
    (void)table.obey(table.look());
    ASSERT_EQ(table.look().what, Do::call);
    const SeatIntent swap = *table.facts().book.intent;
    ASSERT_EQ(swap.purpose, SeatPurpose::swap);
    table.peer(leaver).wish = SeatWish::yes;
    table.facts().ideal = 5;
    const SeatStep step = table.look();
    ASSERT_EQ(step.what, Do::write) << step.says;
    EXPECT_EQ(step.book->intent->order, swap.order) << "the same is asked for";
    EXPECT_EQ(step.book->intent->purpose, SeatPurpose::grow);
    EXPECT_EQ(step.book->intent->why, "3 of 5 seats taken");
}

TEST(SeatSteps, finish_what_another_steward_began) {
    SeatTable table = grown(3, 4);
    const std::string lost = follower_of(table), spare = spare_of(table, "abcd");
    table.fall_silent(lost);
    table.pass(Seconds{60});
    EXPECT_EQ(table.run(1), Lines{"remove " + lost});
    // The agent ends here. The next one knows the book and the list, and nothing else.
    table.facts().memory = {};
    for (const std::string& name : table.voters())
        if (name != table.facts().me) {
            table.lead(name);
            break;
        }
    EXPECT_EQ(table.run(), (Lines{"add_learner " + spare, "promote " + spare}));
}

TEST(SeatSteps, make_an_even_number_odd_again_whoever_made_it_even) {
    SeatTable table = grown(3, 4);
    table.add_member(spare_of(table, "abcd"), false);
    EXPECT_EQ(table.run_for(Seconds{20}).size(), 1u);
    EXPECT_EQ(table.voters().size(), 3u);
}

TEST(SeatSteps, keep_the_pace_after_a_change_that_nobody_put_down) {
    SeatTable table = grown(3, 5);
    (void)table.look();
    table.add_member(spare_of(table, "abcde"), false);
    EXPECT_EQ(table.run_for(Seconds{6}), Lines{});
    EXPECT_EQ(table.run().size(), 1u);
}

TEST(SeatSteps, keep_the_pace_although_the_clock_of_another_machine_is_ahead) {
    SeatTable table = fleet(3, 3);
    (void)table.run();
    table.facts().book.changes.at(0).at -= Seconds{3600};
    EXPECT_EQ(table.run_for(Seconds{6}), Lines{});
    EXPECT_NE(table.run(), Lines{});
}

TEST(SeatSteps, stop_at_ten_changes_in_ten_minutes_and_call_for_help) {
    SeatTable table = grown(3, 3);
    (void)table.look();
    for (std::uint64_t seq = 100; seq < 109; ++seq)
        table.facts().book.changes.push_back(
            {seq, SeatChange::What::undone, "x", table.facts().wall});
    table.facts().ideal = 1;
    table.pass(Seconds{10});
    const SeatStep step = table.look();
    EXPECT_EQ(step.what, Do::nothing);
    EXPECT_TRUE(step.is_alarm);
    EXPECT_NE(step.says.find("9 changes"), std::string::npos);
    table.pass(Seconds{600});
    EXPECT_EQ(table.run_for(Seconds{20}).size(), 2u);
}

TEST(SeatSteps, give_no_seat_to_a_peer_that_just_had_and_lost_one) {
    SeatTable table = fleet(3, 4);
    (void)table.run_for(Seconds{60});
    const std::string lost = follower_of(table), spare = spare_of(table, "abcd");
    table.fall_silent(lost);
    EXPECT_EQ(table.run_for(Seconds{70}).size(), 3u);
    table.answer(lost);
    table.fall_silent(spare);
    EXPECT_EQ(table.run_for(Seconds{120}), Lines{});
    EXPECT_EQ(table.look().rule, 6);
}

TEST(SeatSteps, of_a_voter_beside_a_silent_agent_take_the_leadership_from_it) {
    SeatTable table = grown(3, 3);
    table.fall_silent("a");
    table.pass(Milliseconds{2900});
    Lines others = table.voters();
    std::erase(others, "a");
    table.facts().me = others[1];
    EXPECT_EQ(table.look().what, Do::nothing) << "the first of the others does";
    table.facts().me = others[0];
    EXPECT_EQ(table.look().what, Do::nothing) << "it may only not be healthy yet";
    table.pass(Seconds{3});
    const SeatStep step = table.look();
    EXPECT_EQ(step.what, Do::move_leader);
    EXPECT_EQ(step.target, table.member(others[0]).id);
    table.facts().steward.clear();
    EXPECT_EQ(table.run(), (Lines{"lead " + others[0]}));
}

TEST(SeatSteps, of_the_last_voter_beside_a_silent_agent_take_the_leadership_though_none_sees_it) {
    SeatTable table = grown(3, 3);
    Lines others = table.voters();
    std::erase(others, "a");
    table.fall_silent("a");
    table.fall_silent(others[0]);
    table.facts().conditions.erase(others[1]);  // those two were who would have looked
    table.facts().me = others[1];
    table.pass(Seconds{6});
    const SeatStep step = table.look();
    ASSERT_EQ(step.what, Do::move_leader) << step.says;
    EXPECT_EQ(step.target, table.member(others[1]).id);
}

TEST(SeatSteps, follow_the_leadership) {
    SeatTable table = grown(3, 3);
    table.facts().me = follower_of(table);
    table.facts().steward = table.facts().me;
    EXPECT_EQ(table.look().what, Do::resign);
    table.facts().me = "a";
    EXPECT_EQ(table.look().what, Do::nothing) << "another one's key stands";
    table.facts().steward.clear();
    EXPECT_EQ(table.look().what, Do::campaign);
}

TEST(SeatSteps, admit_an_order_only_for_the_list_and_the_book_it_was_made_for) {
    SeatTable table = fleet(3, 3);
    (void)table.obey(table.look());
    const SeatStep step = table.look();
    ASSERT_EQ(step.what, Do::call);
    const auto admitted = [&](const SeatFacts& facts) {
        return static_cast<bool>(admit(*step.order, facts, table.timing(), table.now()));
    };
    EXPECT_TRUE(admitted(table.facts()));
    SeatFacts other = table.facts();
    other.book.intent.reset();
    EXPECT_FALSE(admitted(other));
    other = table.facts();
    other.steward = "c";
    EXPECT_FALSE(admitted(other));
    other = table.facts();
    other.conditions[step.order->uuid].healthy = false;
    EXPECT_FALSE(admitted(other));
    table.add_member("x", false);
    EXPECT_EQ(admit(*step.order, table.facts(), table.timing(), table.now()).error().code,
              Code::conflict);
}

TEST(SeatSteps, do_not_obey_an_order_that_was_made_for_another_list) {
    SeatTable table = grown(5, 8);
    const std::string lost = follower_of(table);
    table.fall_silent(lost);
    table.pass(Seconds{60});
    (void)table.obey(table.look());
    SeatStep step = table.look();
    ASSERT_EQ(step.what, Do::call);
    // A member is there again under the same name: what is ordered now has another digest.
    table.member(lost).id = 77;
    table.facts().book.intent->order->member = 77;
    EXPECT_EQ(table.run_for(Seconds{6}), Lines{});
    EXPECT_EQ(table.look().what, Do::write);
}

TEST(SeatObserving, is_of_members_and_of_whom_may_be_next) {
    SeatTable table = grown(3, 26);
    table.facts().conditions.clear();
    const Lines observed = whom_to_observe(table.facts(), table.timing(), table.now());
    EXPECT_EQ(observed.size(), 8u);
    for (const std::string& name : table.voters())
        EXPECT_NE(std::find(observed.begin(), observed.end(), name), observed.end());
    // A few missed beats may pass.
    for (const std::string& name : observed)
        if (!table.facts().find_member_of(name)) table.fall_silent(name);
    EXPECT_EQ(whom_to_observe(table.facts(), table.timing(), table.now()), observed);
    table.pass(Seconds{3});
    const Lines next = whom_to_observe(table.facts(), table.timing(), table.now());
    EXPECT_EQ(next.size(), 8u) << "and whoever turns out to be ill gives place to another one";
    EXPECT_NE(next, observed);
}

}  // namespace
}  // namespace hansa
