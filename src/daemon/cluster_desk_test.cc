// What operators are answered, against a store in memory.
#include "daemon/cluster_desk.h"

#include "data/json.h"
#include "mesh/electorate_testing.h"
#include "mesh/keys.h"
#include "mesh/store_testing.h"
#include "mesh/testing.h"
#include "sys/sim/workers.h"

namespace hansa {
namespace {

using testing::FakeElectorate;
using testing::peer_url_of;
using testing::url_of;

class Desk : public testing::StoreTest {
 protected:
    void SetUp() override {
        electorate.members.push_back({++electorate.last_id, "", {peer_url_of("a")}, {}});
        electorate.start("a");
        electorate.leader = 1;
    }

    // The answer to a question, as the control socket asks it.
    Value ask(const std::string& word, const std::string& rest = "") {
        std::optional<std::string> text;
        for (const ControlTopic& topic : cluster_topics(&desk))
            if (topic.word() == word)
                topic.answer(rest, [&text](std::string answer) { text = std::move(answer); });
        EXPECT_TRUE(reaches([&text] { return text.has_value(); })) << word;
        auto value = parse_json(text.value_or("{}"));
        EXPECT_TRUE(value);
        return value ? *value : Value::of_map({});
    }
    std::string error_of(const Value& answer) {
        const Value* error = answer.find("error");
        return error ? error->scalar().text : "";
    }
    SeatSettings settings() const {
        const auto text = stored(keys::seat_settings());
        return text ? *decode_seat_settings(*text) : SeatSettings{0, "none"};
    }

    FakeElectorate electorate{loop};
    SimWorkers workers{loop, 1};
    std::vector<std::string> endpoints{url_of("a")};
    ClusterDesk desk{{loop, workers, store, report},
                     "a",
                     {[this]() -> Electorate& { return electorate; },
                      [this] { return endpoints; },
                      [] { return nullptr; },
                      {}}};
};

TEST_F(Desk, shows_how_the_cluster_is) {
    const Value shown = ask("cluster");
    EXPECT_EQ(shown.find("health")->scalar().text, "healthy") << to_json(shown);
    EXPECT_EQ(shown.find("host")->scalar().text, "a");
}

TEST_F(Desk, says_what_its_agent_waits_for_where_no_member_is_known) {
    endpoints.clear();
    report.publish(happened::StoreChanged{happened::StoreChanged::State::starting, "waiting"});
    const std::string said = "no member of the store is known here: waiting";
    EXPECT_NE(to_json(ask("cluster")).find(said), std::string::npos);
    EXPECT_EQ(ask("peers").find("reason")->scalar().text, said);
}

TEST_F(Desk, shows_the_peers_and_waits_for_changes_of_them) {
    const auto name = [](const std::string& who) {
        return encode(NameRecord{who, testing::uuid_of(who), "2026-01-01T00:00:00Z", "here"});
    };
    write(keys::name_of(testing::host("a")), name("a"));
    const Value first = ask("peers");
    ASSERT_EQ(first.find("peers")->list().size(), 1U) << to_json(first);
    const std::string after = "after " + first.find("revision")->scalar().text;

    EXPECT_TRUE(ask("peers", after).find("unchanged")) << "nothing has happened";
    std::string text;
    desk.show_peers(after, [&text](std::string answer) { text = std::move(answer); });
    loop.run_for(Milliseconds{500});
    EXPECT_EQ(text, "");
    write(keys::name_of(testing::host("b")), name("b"));
    ASSERT_TRUE(reaches([&text] { return !text.empty(); }, Seconds{1}));
    EXPECT_EQ(parse_json(text)->find("peers")->list().size(), 2U) << text;
    // What happened between two questions counts too.
    EXPECT_EQ(ask("peers", after).find("peers")->list().size(), 2U);
}

TEST_F(Desk, tells_what_it_knows_where_no_change_can_be_heard) {
    const std::string after = "after " + ask("peers").find("revision")->scalar().text;
    store.go_away();
    const Value told = ask("peers", after);
    ASSERT_TRUE(told.find("stale")) << to_json(told);
    EXPECT_EQ(told.find("stale")->scalar().text, "true");
}

TEST_F(Desk, refuses_what_is_no_revision) {
    for (const char* wrong : {"after", "after x", "after -1", "before 3"})
        EXPECT_NE(error_of(ask("peers", wrong)), "") << wrong;
}

TEST_F(Desk, stores_how_many_seats_there_should_be_and_keeps_the_times) {
    write(keys::seat_settings(), encode(SeatSettings{3, "fast"}));
    const Value done = ask("size", "5");
    EXPECT_EQ(error_of(done), "");
    EXPECT_EQ(settings(), (SeatSettings{5, "fast"}));
    EXPECT_EQ(done.find("before")->find("ideal")->scalar().text, "3");
    EXPECT_EQ(done.find("now")->find("ideal")->scalar().text, "5");
    ask("timing", "default");
    EXPECT_EQ(settings(), (SeatSettings{5, "default"}));
}

TEST_F(Desk, stores_the_first_settings_too) {
    ask("size", "3");
    EXPECT_EQ(settings(), (SeatSettings{3, "default"}));
}

TEST_F(Desk, refuses_what_is_no_size_and_no_profile) {
    write(keys::seat_settings(), encode(SeatSettings{3, "fast"}));
    for (const char* wrong : {"4", "0", "-1", "11", "many", ""})
        EXPECT_NE(error_of(ask("size", wrong)), "") << wrong;
    EXPECT_NE(error_of(ask("timing", "slow")), "");
    EXPECT_EQ(settings(), (SeatSettings{3, "fast"}));
}

TEST_F(Desk, does_not_overwrite_what_somebody_else_changed_at_the_same_moment) {
    write(keys::seat_settings(), encode(SeatSettings{3, "fast"}));
    std::string text;
    desk.set_size("5", [&text](std::string answer) { text = std::move(answer); });
    // Between what was read and what is written.
    ASSERT_TRUE(reaches([this] { return electorate.asked_status > 0; }));
    write(keys::seat_settings(), encode(SeatSettings{7, "fast"}));
    ASSERT_TRUE(reaches([&text] { return !text.empty(); }));
    EXPECT_NE(error_of(*parse_json(text)).find("somebody else"), std::string::npos) << text;
    EXPECT_EQ(settings(), (SeatSettings{7, "fast"}));
}

TEST_F(Desk, changes_nothing_without_a_quorum) {
    write(keys::seat_settings(), encode(SeatSettings{3, "fast"}));
    electorate.readable = false;
    const std::string why = error_of(ask("size", "5"));
    EXPECT_NE(why.find("nothing is changed"), std::string::npos) << why;
    EXPECT_EQ(settings(), (SeatSettings{3, "fast"}));
}

TEST(DeskOfNobody, says_that_there_is_no_cluster) {
    for (const ControlTopic& topic : cluster_topics(nullptr)) {
        std::string text;
        topic.answer("5", [&text](std::string answer) { text = std::move(answer); });
        EXPECT_NE(text.find("no cluster"), std::string::npos) << topic.question;
    }
}

}  // namespace
}  // namespace hansa
