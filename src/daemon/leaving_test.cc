#include "daemon/leaving.h"

#include <gtest/gtest.h>

#include "data/json.h"
#include "mesh/keys.h"
#include "mesh/testing.h"
#include "sys/sim/loop.h"

namespace hansa {
namespace {

using testing::host;
using testing::uuid_of;
using Do = LeaveStep::Do;

ClusterReading reading_of(const std::vector<std::string>& peers,
                          const std::vector<std::string>& members) {
    ClusterReading reading;
    reading.fresh = true;
    for (const std::string& name : peers) {
        const NameRecord record{name, uuid_of(name), "2026-01-01T00:00:00Z", "here"};
        reading.names.records.push_back({keys::name_of(host(name)), encode(record), 1, 1, 0});
    }
    for (const std::string& name : members) {
        MemberReading member;
        member.info.id = reading.members.size() + 1;
        member.info.name = uuid_of(name);
        reading.members.push_back(member);
    }
    const StewardRecord steward{uuid_of("a"), "a", "waits 5 s", false, {}};
    reading.seats.records = {{keys::seat_steward(), encode(steward), 1, 1, 0}};
    return reading;
}

TEST(LeaveSteps, give_the_seat_away_before_anything_else) {
    const LeaveStep step = decide_leave(reading_of({"a", "b"}, {"a", "b"}), uuid_of("b"), true);
    EXPECT_EQ(step.what, Do::give_seat);
    EXPECT_NE(step.says.find("waits 5 s"), std::string::npos) << step.says;
    EXPECT_EQ(decide_leave(reading_of({"a", "b"}, {"a"}), uuid_of("b"), true).what, Do::give_seat)
        << "its etcd has not heard yet that it is no member";
    EXPECT_EQ(decide_leave(reading_of({"a", "b"}, {"a"}), uuid_of("b"), false).what, Do::go);
}

TEST(LeaveSteps, let_the_last_host_go_with_its_seat) {
    EXPECT_EQ(decide_leave(reading_of({"a"}, {"a"}), uuid_of("a"), true).what, Do::go);
}

TEST(LeaveSteps, do_nothing_without_a_quorum) {
    ClusterReading reading = reading_of({"a", "b"}, {"a"});
    reading.fresh = false;
    EXPECT_EQ(decide_leave(reading, uuid_of("b"), false).what, Do::nothing);
}

class LeavingHost : public ::testing::Test {
 protected:
    Value ask() {
        std::string text;
        leaving.ask([&text](std::string answer) { text = std::move(answer); });
        EXPECT_TRUE(loop.run_until([&text] { return !text.empty(); }, Seconds{10}));
        return *parse_json(text);
    }
    std::string state(const Value& answer) {
        const Value* found = answer.find("state");
        return found ? found->scalar().text : "";
    }

    SimLoop loop;
    ClusterReading reading = reading_of({"a", "b"}, {"a", "b"});
    std::vector<std::string> done;
    Result<void> released;
    Leaving leaving{
        loop,
        uuid_of("b"),
        {.survey = [this](Survey::Done then) { then(std::make_shared<ClusterReading>(reading)); },
         .serves_seat = [] { return false; },
         .refuse_seats = [this](bool refuse) { done.push_back(refuse ? "refuse" : "want"); },
         .leave =
             [this](std::function<void(Result<void>)> left) {
                 done.push_back("leave");
                 left(released);
             },
         .kept = [] { return std::vector<std::string>{"/state/b"}; },
         .end = [this](const Result<void>& free) { done.push_back(free ? "end" : "end badly"); }}};
};

TEST_F(LeavingHost, refuses_seats_until_it_has_none_and_goes) {
    EXPECT_EQ(state(ask()), "seat");
    EXPECT_EQ(state(ask()), "seat");
    reading = reading_of({"a", "b"}, {"a"});
    const Value answer = ask();
    EXPECT_EQ(state(answer), "left");
    EXPECT_EQ(answer.find("kept")->list().size(), 1U);
    loop.run_for(Seconds{60});
    EXPECT_EQ(done, (std::vector<std::string>{"refuse", "refuse", "leave", "end"}));
    EXPECT_TRUE(ask().find("error")) << "it has left already";
}

TEST_F(LeavingHost, wants_its_seat_again_when_nobody_asks_any_more) {
    EXPECT_EQ(state(ask()), "seat");
    loop.run_for(Seconds{10});
    EXPECT_EQ(done, (std::vector<std::string>{"refuse", "want"}));
}

TEST_F(LeavingHost, tells_that_its_name_may_not_be_free) {
    reading = reading_of({"a", "b"}, {"a"});
    released = Error{Code::unavailable, "no answer"};
    EXPECT_EQ(ask().find("trouble")->scalar().text, "no answer");
    EXPECT_EQ(done.back(), "end badly");
}

TEST_F(LeavingHost, stays_as_it_is_without_a_quorum) {
    reading.fresh = false;
    EXPECT_TRUE(ask().find("error"));
    EXPECT_TRUE(done.empty());
}

}  // namespace
}  // namespace hansa
