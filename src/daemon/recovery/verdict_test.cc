#include "daemon/recovery/verdict.h"

#include <gtest/gtest.h>

#include "daemon/recovery/workbench.h"

namespace hansa {
namespace {

RecoveryFacts facts(std::size_t voters, std::vector<std::string> running, bool own) {
    RecoveryFacts made;
    made.voters = voters;
    made.running = std::move(running);
    made.own_could_start = own;
    made.own = "n1";
    return made;
}

Survivor survivor(const char* name, std::uint64_t epoch, std::int64_t revision, std::uint64_t index,
                  std::uint64_t term) {
    Survivor made;
    made.name = name;
    made.epoch = epoch;
    made.revision = revision;
    made.index = index;
    made.term = term;
    return made;
}

TEST(Verdict, what_has_a_majority_is_not_recovered) {
    RecoveryFacts well = facts(3, {}, true);
    well.with_majority = "https://192.0.2.2:2379";
    EXPECT_NE(refusal_of(well).find("https://192.0.2.2:2379 answers"), std::string::npos);
}

TEST(Verdict, what_could_be_a_majority_is_started_and_not_recovered) {
    EXPECT_EQ(refusal_of(facts(3, {"n2"}, true)),
              "start the agent of n1: with n2 it is a majority (2 of 3), and nothing is lost");
    EXPECT_NE(refusal_of(facts(5, {"n2", "n3"}, true)).find("start the agent of n1"),
              std::string::npos);
    EXPECT_NE(refusal_of(facts(1, {}, true)).find("a majority by itself"), std::string::npos);
    EXPECT_NE(refusal_of(facts(3, {"n2", "n3"}, false)).find("n2, n3 answer"), std::string::npos);
}

TEST(Verdict, what_cannot_be_a_majority_any_more_is) {
    EXPECT_EQ(refusal_of(facts(3, {}, true)), "");
    EXPECT_EQ(refusal_of(facts(3, {"n2"}, false)), "");
    EXPECT_EQ(refusal_of(facts(5, {"n2"}, true)), "");
    EXPECT_EQ(refusal_of(facts(2, {}, true)), "") << "both were needed";
    EXPECT_NE(refusal_of(facts(4, {"n2", "n3"}, true)), "") << "three of four";
    EXPECT_EQ(refusal_of(facts(4, {"n2"}, true)), "");
}

TEST(Verdict, who_lost_least_comes_first) {
    std::vector<Survivor> all = {
        survivor("older term", 1, 50, 90, 3), survivor("old epoch", 0, 900, 990, 9),
        survivor("behind", 1, 40, 99, 8), survivor("newer term", 1, 50, 90, 4),
        survivor("best", 1, 50, 91, 2)};
    order_survivors(all);
    std::vector<std::string> names;
    for (const Survivor& each : all) names.push_back(each.name);
    EXPECT_EQ(names, (std::vector<std::string>{"best", "newer term", "older term", "behind",
                                               "old epoch"}));
}

TEST(RaftStands, are_what_etcd_had_written_down) {
    const auto stand = read_raft_stand(
        R"({"level":"info","caller":"raft/raft.go:389","msg":"newRaft db51d6498269197f [peers: [], )"
        R"(term: 18, commit: 34, applied: 0, lastindex: 37, lastterm: 17]"})");
    ASSERT_TRUE(stand);
    EXPECT_EQ(*stand, (RaftStand{17, 34}));
    for (const char* line :
         {"", "newRaft", R"({"msg":"raft.node: db51 elected leader db51 at term 18"})",
          R"({"msg":"newRaft db51 [peers: []]"})", R"({"msg":{"newRaft":1}})"})
        EXPECT_FALSE(read_raft_stand(line)) << line;
}

}  // namespace
}  // namespace hansa
