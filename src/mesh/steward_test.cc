// The steward against a store in memory and a member list that does what it is told.
#include "mesh/steward.h"

#include "mesh/electorate_testing.h"
#include "mesh/keys.h"
#include "mesh/seats.h"
#include "mesh/store_testing.h"
#include "mesh/testing.h"

namespace hansa {
namespace {

using testing::FakeElectorate;
using testing::host;
using testing::peer_url_of;
using testing::url_of;
using testing::uuid_of;

class Stewarding : public testing::StoreTest {
 protected:
    void SetUp() override {
        electorate.members = {
            {++electorate.last_id, "machine", {peer_url_of("a")}, {}, false, true}};
        electorate.start("a");
        electorate.leader = 1;
        for (const char* name : {"a", "b", "c"}) join(name);
        steward.emplace(Steward::Ports{loop, store, electorate, random, report},
                        Steward::Self{host("a"), uuid_of("a"), url_of("a")}, SeatSettings{3});
    }

    void put(const std::string& key, const std::string& value) {
        ASSERT_TRUE(cluster.commit({{}, {Operation::put(key, value)}}));
    }
    void join(const std::string& name) {
        put(keys::name_of(host(name)),
            encode(NameRecord{name, uuid_of(name), "2026-01-01T00:00:00Z", "here"}));
        PeerRecord peer{name, uuid_of(name), 1, "0.1.0", "here", {}, {}};
        peer.seat = SeatOffer{"dc=" + name, SeatWish::yes, 0, {peer_url_of(name)}, 0, {}, {}};
        put(keys::peer(host(name)), encode(peer));
    }
    // What the agent beside a voter says by being there.
    void sight(const std::string& name, std::set<std::string> missing = {}) {
        put(keys::seat_sighting(host(name)),
            encode(Sighting{uuid_of(name), std::move(missing), false}));
    }
    bool called(const std::string& call) {
        return reaches([&] {
            return std::find(electorate.calls.begin(), electorate.calls.end(), call) !=
                   electorate.calls.end();
        });
    }
    // The host that the steward added last, if that is the one, starts and is made a voter.
    void take_seat(const std::string& name) {
        ASSERT_TRUE(called("add " + peer_url_of(name))) << steward->step().says;
        electorate.start(name);
        sight(name);
        ASSERT_TRUE(called("promote " + std::to_string(electorate.id_of(name))))
            << steward->step().says;
    }
    // By the steward's record.
    std::string said() const {
        const auto text = stored(keys::seat_steward());
        return text ? decode_steward(*text)->says : std::string{};
    }
    std::string other_than(const std::string& name) const { return name == "b" ? "c" : "b"; }
    std::string added_first() {
        EXPECT_TRUE(reaches([&] { return !electorate.calls.empty(); })) << steward->step().says;
        return electorate.calls.front().find("https://b") != std::string::npos ? "b" : "c";
    }
    void grow_to_three() {
        const std::string first = added_first();
        take_seat(first);
        take_seat(other_than(first));
        ASSERT_EQ(electorate.voters(), 3U);
    }

    FakeElectorate electorate{loop};
    std::optional<Steward> steward;
};

TEST(StewardsNews, are_other_words_at_once_and_other_numbers_after_a_while) {
    const StewardRecord told{"", "a", "waits another 1.2 s: 3 of 5 seats taken", false,
                             Milliseconds{50'000}};
    SeatStep step;
    step.says = told.says;
    EXPECT_FALSE(is_news(told, step, Milliseconds{90'000}));
    step.says = "waits another 0.9 s: 3 of 5 seats taken";
    EXPECT_FALSE(is_news(told, step, Milliseconds{59'999}));
    EXPECT_TRUE(is_news(told, step, Milliseconds{60'000}));
    EXPECT_FALSE(is_news(told, step, Milliseconds{10'000})) << "a clock that was set back";
    step.says = "all 5 seats are taken";
    EXPECT_TRUE(is_news(told, step, Milliseconds{50'001}));
    step.says = told.says;
    step.is_alarm = true;
    EXPECT_TRUE(is_news(told, step, Milliseconds{50'001}));
}

TEST_F(Stewarding, tells_everybody_what_it_waits_for) {
    ASSERT_TRUE(called("add " + peer_url_of(added_first()))) << steward->step().says;
    ASSERT_TRUE(reaches([&] { return said().starts_with("waits for "); })) << said();
    grow_to_three();
    EXPECT_TRUE(reaches([&] { return said() == "all 3 seats are taken"; })) << said();
}

TEST_F(Stewarding, keeps_what_the_cluster_was_founded_with_and_becomes_the_steward) {
    ASSERT_TRUE(reaches([&] { return stored(keys::seat_steward()).has_value(); }));
    EXPECT_EQ(decode_steward(*stored(keys::seat_steward()))->uuid, uuid_of("a"));
    EXPECT_EQ(decode_seat_settings(*stored(keys::seat_settings()))->ideal, 3U);
    EXPECT_EQ(decode_sighting(*stored(keys::seat_sighting(host("a"))))->uuid, uuid_of("a"));
}

TEST_F(Stewarding, grows_to_three_voters_one_learner_at_a_time) {
    grow_to_three();
    loop.run_for(Seconds{60});
    EXPECT_EQ(electorate.calls.size(), 4U) << "two are added, two promoted, and then it is calm";
    const auto book = decode_seat_book(*stored(keys::seat_book()));
    ASSERT_TRUE(book);
    EXPECT_FALSE(book->intent);
    EXPECT_EQ(book->changes.size(), 2U);
}

TEST_F(Stewarding, tells_everybody_where_the_voters_are) {
    const auto told = [this] {
        const auto text = stored(keys::seat_voters());
        return text ? decode_voters(*text)->voters : std::vector<VoterPlace>{};
    };
    ASSERT_TRUE(reaches([&] { return !told().empty(); }));
    EXPECT_EQ(told(), (std::vector<VoterPlace>{{"a", "dc=a", {url_of("a")}}}));
    grow_to_three();
    ASSERT_TRUE(reaches([&] { return told().size() == 3 && said() == "all 3 seats are taken"; }));
    EXPECT_EQ(told()[1], (VoterPlace{"b", "dc=b", {url_of("b")}}));

    Revision writes = 0;
    loop.run_for(Seconds{1});  // for what is on its way
    const auto heard = cluster.listen([&] { ++writes; });
    loop.run_for(Seconds{50});
    EXPECT_LE(writes, 1) << "and is silent while nothing changes, but for the time";
}

TEST_F(Stewarding, tells_the_time_by_its_clock_each_minute) {
    std::vector<ClockTelling> told;
    const auto heard = cluster.listen([&] {
        const auto text = stored(keys::seat_voters());
        if (!text) return;
        const auto clock = decode_voters(*text)->clock;
        ASSERT_TRUE(clock);
        if (!told.empty() && *clock == told.back()) return;
        const Duration now = loop.clock().wall().time_since_epoch();
        EXPECT_LT(std::chrono::abs(now - clock->at), Milliseconds{10});
        told.push_back(*clock);
    });
    grow_to_three();
    ASSERT_TRUE(reaches([&] { return said() == "all 3 seats are taken"; })) << said();
    told.clear();
    loop.run_for(Seconds{600});
    ASSERT_GE(told.size(), 9U);
    EXPECT_LE(told.size(), 10U);
    EXPECT_EQ(told[0].host, "a");
    EXPECT_GE(told[1].at - told[0].at, Seconds{60});
}

TEST_F(Stewarding, names_who_keeps_copies_of_the_store) {
    const auto keepers = [this] {
        const auto text = stored(keys::seat_voters());
        return text ? decode_voters(*text)->keepers : std::vector<std::string>{};
    };
    grow_to_three();
    join("d");
    join("e");
    std::vector<std::string> spares{uuid_of("d"), uuid_of("e")};
    if (seat_hash(spares[1]) < seat_hash(spares[0])) std::swap(spares[0], spares[1]);
    ASSERT_TRUE(reaches([&] { return keepers() == spares; })) << keepers().size();
    ASSERT_TRUE(cluster.commit({{}, {Operation::remove(keys::peer(host("e")))}}));
    ASSERT_TRUE(reaches([&] { return keepers().size() == 2 && keepers() != spares; }));
    EXPECT_EQ(keepers()[0], uuid_of("d")) << "a spare before any voter";
    EXPECT_NE(keepers()[1], uuid_of("e"));
}

TEST_F(Stewarding, nothing_is_changed_that_is_not_written_first) {
    bool written = false;
    const auto heard = cluster.listen([&] {
        const auto book = stored(keys::seat_book());
        if (!book) return;
        const auto read = decode_seat_book(*book);
        written = written || (read && read->intent && read->intent->order &&
                              read->intent->order->call == SeatCall::add_learner);
        EXPECT_TRUE(written || electorate.calls.empty());
    });
    (void)added_first();
    EXPECT_TRUE(written);
}

TEST_F(Stewarding, without_a_majority_nothing_is_done) {
    electorate.readable = false;
    loop.run_for(Seconds{30});
    EXPECT_TRUE(electorate.calls.empty());
    EXPECT_NE(steward->step().says.find("quorum"), std::string::npos) << steward->step().says;
}

TEST_F(Stewarding, a_dead_voter_is_replaced_and_an_even_number_never_stays) {
    grow_to_three();
    join("d");
    loop.run_for(Seconds{60});
    const MemberId dead = electorate.id_of("b");
    electorate.up.erase(url_of("b"));
    ASSERT_TRUE(cluster.commit({{}, {Operation::remove(keys::peer(host("b")))}}));
    loop.run_for(Seconds{70});
    EXPECT_EQ(electorate.calls.size(), 4U) << "c still reaches it";
    sight("c", {uuid_of("b")});
    loop.run_for(Seconds{50});
    EXPECT_EQ(electorate.calls.size(), 4U) << "not before it has been away for a minute";
    take_seat("d");
    EXPECT_TRUE(called("remove " + std::to_string(dead)));
    EXPECT_EQ(electorate.voters(), 3U);
}

TEST_F(Stewarding, whoever_does_not_lead_changes_nothing) {
    electorate.leader = 99;
    loop.run_for(Seconds{60});
    EXPECT_TRUE(electorate.calls.empty());
}

TEST_F(Stewarding, takes_the_lead_from_a_store_whose_agent_stands_still) {
    grow_to_three();
    loop.run_for(Seconds{30});
    electorate.leader = electorate.id_of("b");
    ASSERT_TRUE(cluster.commit(
        {{},
         {Operation::put(keys::seat_steward(), encode(StewardRecord{uuid_of("b"), "b"})),
          Operation::remove(keys::seat_sighting(host("b")))}}));
    electorate.calls.clear();
    // Its etcd answers everybody; only its leased records are gone.
    EXPECT_TRUE(called("lead " + std::to_string(electorate.id_of("a")))) << steward->step().says;
}

TEST_F(Stewarding, nobodys_absence_is_believed_while_the_store_takes_no_writes) {
    grow_to_three();
    join("d");
    loop.run_for(Seconds{60});
    ASSERT_TRUE(cluster.commit({{}, {Operation::remove(keys::seat_sighting(host("b")))}}));
    electorate.calls.clear();
    for (int i = 0; i < 150; ++i) {  // whatever is cleared is full again
        electorate.raised = {{StoreAlarm::Kind::space, electorate.leader}};
        loop.run_for(Seconds{1});
    }
    EXPECT_EQ(electorate.voters(), 3U) << steward->step().says;
    EXPECT_NE(electorate.id_of("b"), 0U) << "a voter whose agent could not say that it is back";
    EXPECT_EQ(electorate.id_of("d"), 0U);
}

TEST_F(Stewarding, an_agent_that_has_just_become_a_voters_is_given_time_to_say_so) {
    const std::string first = added_first();
    ASSERT_TRUE(called("add " + peer_url_of(first)));
    electorate.start(first);
    ASSERT_TRUE(called("promote " + std::to_string(electorate.id_of(first))));
    loop.run_for(Seconds{8});
    sight(first);
    EXPECT_TRUE(called("add " + peer_url_of(other_than(first)))) << steward->step().says;
    EXPECT_LT(loop.clock().now() - Instant{}, Seconds{30}) << "nobody counted as away meanwhile";
}

TEST_F(Stewarding, time_that_goes_by_is_no_news) {
    const std::string first = added_first();
    ASSERT_TRUE(called("add " + peer_url_of(first)));
    const auto noted = feed.all<happened::Noted>().size();
    loop.run_for(Seconds{20});  // it does not start; the age of the learner is told once
    EXPECT_LE(feed.all<happened::Noted>().size(), noted + 1);
}

TEST_F(Stewarding, takes_the_seat_from_a_voter_that_holds_other_data_and_tells_the_others) {
    grow_to_three();
    join("d");
    loop.run_for(Seconds{60});
    const MemberId odd = electorate.id_of("b");
    electorate.hashes[odd] = {8, 1};
    loop.run_for(Seconds{60});
    ASSERT_NE(electorate.id_of("d"), 0U) << steward->step().says;
    EXPECT_TRUE(decode_sighting(*stored(keys::seat_sighting(host("a"))))->condemned.contains(odd));
    EXPECT_EQ(electorate.voters(), 3U) << "until its successor has come";
    electorate.start("d");
    sight("d");
    EXPECT_TRUE(called("remove " + std::to_string(odd))) << steward->step().says;
    EXPECT_EQ(electorate.voters(), 3U);
}

TEST_F(Stewarding, a_voter_that_holds_other_data_is_its_own_successor_where_there_is_no_other) {
    grow_to_three();
    const MemberId odd = electorate.id_of("b");
    loop.run_for(Seconds{600});  // it may change its role again
    electorate.calls.clear();
    electorate.hashes[odd] = {8, 1};
    ASSERT_TRUE(called("remove " + std::to_string(odd))) << steward->step().says;
    electorate.up.erase(url_of("b"));
    take_seat("b");
    EXPECT_EQ(electorate.voters(), 3U);
}

TEST_F(Stewarding, believes_another_voters_word_about_who_holds_other_data) {
    grow_to_three();
    join("d");
    loop.run_for(Seconds{60});
    const MemberId odd = electorate.id_of("b");
    put(keys::seat_sighting(host("c")), encode(Sighting{uuid_of("c"), {}, false, {odd}}));
    loop.run_for(Seconds{20});
    EXPECT_NE(electorate.id_of("d"), 0U) << steward->step().says;
}

TEST_F(Stewarding, clears_a_space_alarm_and_then_goes_on_with_seats) {
    grow_to_three();
    electorate.calls.clear();
    for (MemberId id : {1, 2, 3}) electorate.bytes[id] = std::uint64_t{16} << 20;
    electorate.raised = {{StoreAlarm::Kind::space, electorate.id_of("b")}};
    loop.run_for(Seconds{5});
    EXPECT_EQ(electorate.calls, (std::vector<std::string>{
                                    "compact 1000", "defragment 2", "defragment 3", "defragment 1",
                                    "disarm " + std::to_string(electorate.id_of("b"))}));
    loop.run_for(Seconds{120});
    EXPECT_EQ(electorate.calls.size(), 5U);
}

TEST_F(Stewarding, clears_a_space_alarm_though_nobody_can_be_given_the_stewards_key) {
    grow_to_three();
    loop.run_for(Seconds{30});
    ASSERT_TRUE(cluster.commit({{}, {Operation::remove(keys::seat_steward())}}));
    ASSERT_TRUE(reaches([&] { return steward->step().what == SeatStep::Do::campaign; }));
    store.go_away();
    electorate.raised = {{StoreAlarm::Kind::space, 1}};
    loop.run_for(Seconds{5});
    EXPECT_TRUE(electorate.raised.empty());
}

TEST_F(Stewarding, makes_no_file_smaller_while_a_change_of_seats_is_open) {
    for (MemberId id : {1, 2, 3}) electorate.bytes[id] = defragment_bytes_min;
    loop.run_for(Seconds{20});
    electorate.start(added_first());  // a learner from now on, whose agent is not heard of
    electorate.hashes_asked = 0;
    loop.run_for(Seconds{25});
    for (const std::string& call : electorate.calls)
        EXPECT_EQ(call.find("defragment"), std::string::npos) << call;
}

TEST_F(Stewarding, tells_whom_it_cannot_reach_only_when_that_changes) {
    grow_to_three();
    loop.run_for(Seconds{30});
    const auto tried = cluster.commits_tried();
    loop.run_for(Seconds{30});
    EXPECT_EQ(cluster.commits_tried(), tried) << "nothing happens, so nothing is written";
    electorate.up.erase(url_of("b"));
    ASSERT_TRUE(reaches([&] {
        const auto seen = stored(keys::seat_sighting(host("a")));
        return seen && decode_sighting(*seen)->missing.contains(uuid_of("b"));
    }));
    electorate.up.insert(url_of("b"));
    ASSERT_TRUE(reaches([&] {
        const auto seen = stored(keys::seat_sighting(host("a")));
        return seen && decode_sighting(*seen)->missing.empty();
    }));
}

}  // namespace
}  // namespace hansa
