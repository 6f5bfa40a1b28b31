// What is to be done for the store next, from facts that a test makes up.
#include "mesh/upkeep.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

using Do = UpkeepStep::Do;
using Hashes = std::map<MemberId, StoreHash>;

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

class Upkeep : public testing::Test {
 protected:
    Upkeep() {
        facts.leads = facts.is_steward = facts.is_calm = true;
        for (MemberId id : {1, 2, 3})
            facts.voters.push_back(
                {id, std::string(1, char('a' + id - 1)), id == 1, true, false, 10 * mib, mib, 50});
        facts.memory.compared = facts.memory.defragmented = now;
    }

    UpkeepStep next() const { return next_upkeep(facts, timing, now); }
    void done(const UpkeepStep& step) { facts.memory = remember(facts, step, now); }
    void raise(MemberId member, StoreAlarm::Kind kind = StoreAlarm::Kind::space) {
        for (UpkeepVoter& voter : facts.voters) voter.complains = true;
        if (!facts.alarms) facts.alarms.emplace();
        facts.alarms->push_back({kind, member});
    }
    void calm_down() {
        for (UpkeepVoter& voter : facts.voters) voter.complains = false;
        facts.alarms.reset();
    }
    UpkeepFinding compare(const Hashes& hashes) {
        UpkeepFinding finding = judge(facts, hashes, timing, now);
        facts.memory = finding.memory;
        return finding;
    }
    // Every deed until none is left, as a line each.
    std::vector<std::string> run() {
        std::vector<std::string> lines;
        for (UpkeepStep step = next(); step.what != Do::nothing && lines.size() < 20;
             step = next()) {
            done(step);
            if (step.what == Do::compact) lines.push_back("compact");
            if (step.what == Do::defragment) lines.push_back("file " + std::to_string(step.member));
            if (step.what != Do::disarm) continue;
            lines.push_back("disarm " + std::to_string(step.alarm.member));
            std::erase(*facts.alarms, step.alarm);
            if (facts.alarms->empty()) calm_down();
        }
        return lines;
    }

    using Lines = std::vector<std::string>;
    SeatTiming timing;
    Instant now{Seconds{1000}};
    UpkeepFacts facts;
};

TEST_F(Upkeep, does_nothing_for_a_store_that_is_well) {
    EXPECT_EQ(next().what, Do::nothing);
    EXPECT_EQ(next().says, "");
}

TEST_F(Upkeep, clears_a_space_alarm_by_history_then_files_then_the_alarm_the_leader_last) {
    for (UpkeepVoter& voter : facts.voters) voter.complains = true;
    EXPECT_EQ(next().what, Do::ask_alarms);
    raise(2);
    const UpkeepStep first = next();
    EXPECT_TRUE(first.is_alarm);
    EXPECT_EQ(first.revision, 50);
    EXPECT_EQ(run(), (Lines{"compact", "file 2", "file 3", "file 1", "disarm 2"}));
}

TEST_F(Upkeep, clears_every_alarm_and_skips_who_does_not_answer) {
    raise(1);
    raise(2);
    facts.voters[2].answers = false;
    EXPECT_EQ(run(), (Lines{"compact", "file 2", "file 1", "disarm 1", "disarm 2"}));
}

TEST_F(Upkeep, a_leader_whose_file_has_no_room_does_not_write_it_anew) {
    raise(1);
    facts.voters[0].bytes_used = 9 * mib;
    facts.voters[1].bytes_used = 10 * mib;  // it may still work on the compaction
    EXPECT_EQ(run(), (Lines{"compact", "file 2", "file 3", "disarm 1"}));
    facts.voters[0].bytes_used = 9 * mib - 1;
    raise(1);
    facts.memory.cleared.reset();
    EXPECT_EQ(run(), (Lines{"compact", "file 2", "file 3", "file 1", "disarm 1"}));
}

TEST_F(Upkeep, clears_alarms_without_the_stewards_key_and_within_a_change_of_seats) {
    facts.is_steward = facts.is_calm = false;
    raise(1);
    EXPECT_EQ(next().what, Do::compact);
    facts.leads = false;
    EXPECT_EQ(next().what, Do::nothing);
}

TEST_F(Upkeep, says_so_when_the_data_alone_does_not_fit_and_tries_again_when_some_is_gone) {
    raise(1);
    (void)run();
    now += Seconds{5};
    raise(1);
    EXPECT_EQ(next().what, Do::nothing);
    EXPECT_TRUE(next().is_alarm);
    EXPECT_NE(next().says.find("the data alone"), std::string::npos);
    for (UpkeepVoter& voter : facts.voters) voter.bytes_used = mib / 2;
    EXPECT_EQ(next().what, Do::compact);
    for (UpkeepVoter& voter : facts.voters) voter.bytes_used = mib;
    now += timing.clear_again;
    EXPECT_EQ(next().what, Do::compact);
}

TEST_F(Upkeep, an_alarm_that_somebody_else_cleared_is_forgotten) {
    raise(1);
    done(next());
    calm_down();
    done(next());
    EXPECT_FALSE(facts.memory.clearing);
}

TEST_F(Upkeep, leaves_an_alarm_of_corruption_to_people) {
    raise(3, StoreAlarm::Kind::corruption);
    EXPECT_EQ(next().what, Do::nothing);
    EXPECT_TRUE(next().is_alarm);
    EXPECT_NE(next().says.find("store of c"), std::string::npos);
}

TEST_F(Upkeep, makes_files_smaller_one_at_a_time_the_leader_last) {
    now += timing.defragment;
    facts.memory.compared = now;
    for (UpkeepVoter& voter : facts.voters) voter.bytes = defragment_bytes_min;
    std::vector<MemberId> order;
    for (int i = 0; i < 3; ++i) {
        const UpkeepStep step = next();
        ASSERT_EQ(step.what, Do::defragment);
        order.push_back(step.member);
        done(step);
        for (UpkeepVoter& voter : facts.voters)
            if (voter.id == step.member) voter.bytes = voter.bytes_used;
        EXPECT_EQ(next().what, Do::nothing) << "at a pace";
        now += timing.defragment;
        facts.memory.compared = now;
    }
    EXPECT_EQ(order, (std::vector<MemberId>{2, 3, 1}));
}

TEST_F(Upkeep, leaves_files_alone_that_are_small_or_in_use_and_all_of_them_unless_it_is_calm) {
    now += timing.defragment;
    facts.memory.compared = now;
    facts.voters[1].bytes = defragment_bytes_min - 1;
    EXPECT_EQ(next().what, Do::nothing);
    facts.voters[1].bytes = 2 * defragment_bytes_min;
    facts.voters[1].bytes_used = defragment_bytes_min + 1;
    EXPECT_EQ(next().what, Do::nothing);
    facts.voters[1].bytes_used = defragment_bytes_min;
    EXPECT_EQ(next().what, Do::defragment);
    facts.is_calm = false;
    EXPECT_EQ(next().what, Do::nothing);
    facts.is_calm = true;
    facts.is_steward = false;
    EXPECT_EQ(next().what, Do::nothing);
}

TEST_F(Upkeep, compares_at_a_revision_that_all_have_reached) {
    facts.voters[2].revision = 48;
    now += timing.compare;
    EXPECT_EQ(next().what, Do::compare);
    EXPECT_EQ(next().revision, 48);
    facts.voters[2].answers = false;
    EXPECT_EQ(next().revision, 50);
    facts.voters[1].answers = false;
    EXPECT_EQ(next().what, Do::nothing) << "nobody to compare with";
}

TEST_F(Upkeep, condemns_the_odd_one_out_when_it_is_so_three_times_in_a_row) {
    const Hashes odd{{1, {7, 1}}, {2, {8, 1}}, {3, {7, 1}}}, same{{1, {7, 1}}, {2, {7, 1}}};
    EXPECT_TRUE(compare(odd).condemned.empty());
    now += timing.compare_again;
    EXPECT_EQ(next().what, Do::compare) << "sooner than usual";
    EXPECT_TRUE(compare(odd).condemned.empty());
    EXPECT_TRUE(compare(same).condemned.empty());
    EXPECT_TRUE(compare(odd).condemned.empty());
    EXPECT_TRUE(compare(odd).condemned.empty());
    const UpkeepFinding found = compare(odd);
    EXPECT_EQ(found.condemned, std::set<MemberId>{2});
    EXPECT_TRUE(found.is_alarm);
    EXPECT_NE(found.says.find("b holds other data"), std::string::npos) << found.says;
}

TEST_F(Upkeep, condemns_within_a_minute) {
    EXPECT_LE(timing.compare + timing.compare_again * (timing.compare_proofs - 1), Seconds{60});
    const SeatTiming fast = fast_timing();
    EXPECT_LE(fast.compare + fast.compare_again * (fast.compare_proofs - 1), Seconds{6});
}

TEST_F(Upkeep, says_nothing_about_voters_with_another_history) {
    for (int i = 0; i < 5; ++i) {
        const UpkeepFinding found = compare({{1, {7, 1}}, {2, {8, 2}}, {3, {7, 1}}});
        EXPECT_TRUE(found.condemned.empty());
        EXPECT_EQ(found.says, "");
    }
    EXPECT_TRUE(facts.memory.is_doubtful);
}

TEST_F(Upkeep, condemns_nobody_without_a_majority_of_all_voters_but_tells_people) {
    UpkeepFinding found;
    for (int i = 0; i < 3; ++i) found = compare({{1, {7, 1}}, {2, {8, 1}}});
    EXPECT_TRUE(found.condemned.empty()) << "of three";
    EXPECT_TRUE(found.is_alarm);
    facts.memory = {};
    facts.voters.resize(5, {9, "d", false, true, false, 0, 0, 50});
    const Hashes three_of_five{{1, {7, 1}}, {2, {8, 1}}, {3, {7, 1}}};
    for (int i = 0; i < 3; ++i) found = compare(three_of_five);
    EXPECT_TRUE(found.condemned.empty()) << "two of five are no majority";
    EXPECT_NE(found.says.find("no majority"), std::string::npos);
}

}  // namespace
}  // namespace hansa
