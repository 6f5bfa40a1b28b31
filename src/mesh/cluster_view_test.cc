// What people are told of a cluster, from readings made up here.
#include "mesh/cluster_view.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "mesh/copies.h"
#include "mesh/keys.h"
#include "mesh/testing.h"

namespace hansa {
namespace {

using Health = ClusterView::Health;
using testing::host;
using testing::uuid_of;

constexpr Milliseconds noon{1'800'000'000'000};

// A cluster as it stands, and what an agent of it reads.
class Table {
 public:
    explicit Table(std::size_t ideal) {
        reading_.host = "a";
        reading_.at = WallTime{noon};
        reading_.fresh = true;
        settings({ideal});
        put(reading_.seats, keys::seat_steward(),
            encode(StewardRecord{uuid_of("a"), "a", "all seats are taken", false, noon}));
    }

    void settings(const SeatSettings& settings) {
        put(reading_.seats, keys::seat_settings(), encode(settings));
    }
    void book(const SeatBook& book) { put(reading_.seats, keys::seat_book(), encode(book)); }
    void steward(const StewardRecord& record) {
        put(reading_.seats, keys::seat_steward(), encode(record));
    }

    void name(const std::string& name) {
        put(reading_.names, keys::name_of(host(name)),
            encode(NameRecord{name, uuid_of(name), "2026-01-01T00:00:00Z", "here"}));
    }
    void live(const std::string& name, SeatWish wish = SeatWish::yes) {
        PeerRecord peer{name, uuid_of(name), 1, "0.1.0", "here", {}, {}};
        peer.seat = SeatOffer{"dc=" + name, wish, 0, {"https://" + name + ":2380"}, 0, {}, {}};
        put(reading_.peers, keys::peer(host(name)), encode(peer));
    }
    void join(const std::string& who, SeatWish wish = SeatWish::yes) {
        name(who);
        live(who, wish);
    }
    void die(const std::string& name) {
        std::erase_if(reading_.peers.records,
                      [&](const Record& record) { return record.key == keys::peer(host(name)); });
    }

    MemberReading& seat(const std::string& name, std::uint64_t raft_index = 100) {
        MemberReading member;
        member.info.id = reading_.members.size() + 1;
        member.info.name = uuid_of(name);
        member.info.started = true;
        member.info.client_urls = {"https://" + name + ":2379"};
        member.status = MemberStatus{};
        member.status->leader = 1;
        member.status->raft_index = raft_index;
        member.status->version = "3.4.23";
        reading_.members.push_back(member);
        put(reading_.seats, keys::seat_sighting(host(name)),
            encode(Sighting{uuid_of(name), {}, false}));
        return reading_.members.back();
    }

    void copy(const std::string& key, const CopyRecord& record) {
        put(reading_.seats, keys::seat_copy(host(key)), encode(record));
    }

    ClusterReading& reading() { return reading_; }
    ClusterView view() const { return view_of(reading_); }

 private:
    static void put(Reading& reading, const std::string& key, std::string value) {
        std::erase_if(reading.records, [&](const Record& record) { return record.key == key; });
        reading.records.push_back({key, std::move(value), 1, 1, 0});
        std::sort(reading.records.begin(), reading.records.end(),
                  [](const Record& a, const Record& b) { return a.key < b.key; });
    }

    ClusterReading reading_;
};

Table three_voters(std::size_t ideal = 3) {
    Table table(ideal);
    for (const char* name : {"a", "b", "c"}) {
        table.join(name);
        table.seat(name);
    }
    return table;
}

MemberReading& silent(Table& table, std::size_t which) {
    MemberReading& member = table.reading().members[which];
    member.status.reset();
    member.silence = "connection refused";
    return member;
}

std::string text(const std::vector<std::string>& lines) {
    return join(lines, "; ");
}

TEST(ClusterViews, are_healthy_where_every_seat_is_taken_by_one_that_answers) {
    const ClusterView view = three_voters().view();
    EXPECT_EQ(view.health, Health::healthy) << text(view.reasons);
    EXPECT_EQ(view.tolerance, "can lose 1 more voter");
    EXPECT_EQ(view.can_lose, 1);
    EXPECT_EQ(view.wanted, 3U);
    ASSERT_EQ(view.members.size(), 3U);
    EXPECT_EQ(view.members[0].host, "a");
    EXPECT_TRUE(view.members[0].leads);
    EXPECT_EQ(view.members[1].domain, "dc=b");
    ASSERT_TRUE(view.steward);
    EXPECT_EQ(view.steward->says, "all seats are taken");
}

TEST(ClusterViews, count_how_far_a_member_is_behind_the_leader) {
    Table table = three_voters();
    table.reading().members[0].status->raft_index = 240;
    table.reading().members[2].status->raft_index = 241;  // heard a moment later
    const ClusterView view = table.view();
    EXPECT_EQ(view.members[1].behind, 140U);
    EXPECT_EQ(view.members[2].behind, 0U);
}

TEST(ClusterViews, say_what_a_loss_would_mean) {
    Table table = three_voters();
    silent(table, 2);
    const ClusterView view = table.view();
    EXPECT_EQ(view.health, Health::degraded);
    EXPECT_EQ(view.tolerance, "a loss of any voter stops writes");
    EXPECT_EQ(view.answering, 2U);
    EXPECT_EQ(view.reasons.front(), "c does not answer: connection refused");
    EXPECT_FALSE(view.members[2].behind) << "never a false 0";
}

TEST(ClusterViews, count_a_voter_that_knows_no_leader_as_lost) {
    Table table = three_voters();
    table.reading().members[2].status->leader = 0;
    EXPECT_EQ(table.view().can_lose, 0);
}

TEST(ClusterViews, are_read_only_without_a_quorum_whatever_was_heard) {
    Table table = three_voters();
    table.reading().fresh = false;
    table.reading().trouble = "deadline exceeded";
    silent(table, 1);
    silent(table, 2);
    const ClusterView view = table.view();
    EXPECT_EQ(view.health, Health::read_only);
    EXPECT_EQ(text(view.reasons), "quorum lost: 1 of 3 members answer");
    EXPECT_EQ(view.tolerance, "nothing can be written: 2 of 3 voters are needed");
    EXPECT_EQ(view.members.size(), 3U);
}

TEST(ClusterViews, say_so_where_nobody_answers) {
    Table table(3);
    table.reading().fresh = false;
    table.reading().trouble = "connection refused";
    const ClusterView view = table.view();
    EXPECT_EQ(view.health, Health::read_only);
    EXPECT_EQ(text(view.reasons), "no member of the store answers: connection refused");
    EXPECT_EQ(view.tolerance, "nothing can be written: no majority is reached from here");
    EXPECT_EQ(view.remedy, "");
    EXPECT_TRUE(view.knows_seats) << "as one member had heard of them";
}

TEST(ClusterViews, say_what_is_waited_for_where_no_member_is_known) {
    ClusterReading reading;
    reading.none_known = true;
    reading.trouble = "waiting for an agent of this machine that runs a store";
    const ClusterView view = view_of(reading);
    EXPECT_EQ(view.health, Health::read_only);
    EXPECT_EQ(text(view.reasons),
              "no member of the store is known here: waiting for an agent of this machine that "
              "runs a store");
    EXPECT_EQ(view.tolerance,
              "nothing is shared until one is found; what is declared here is enforced meanwhile");
    EXPECT_NE(view.remedy.find("--seeds"), std::string::npos) << view.remedy;
    EXPECT_FALSE(view.knows_seats) << "none to give would be a guess";
}

TEST(ClusterViews, know_that_a_store_gives_no_seats_once_it_was_read) {
    ClusterReading reading;
    reading.fresh = true;
    EXPECT_TRUE(view_of(reading).knows_seats);
    EXPECT_FALSE(view_of(reading).gives_seats);
}

TEST(ClusterViews, name_those_who_keep_the_number_of_seats_small) {
    Table table = three_voters(5);
    table.join("d", SeatWish::no);
    const ClusterView view = table.view();
    EXPECT_EQ(view.wanted, 3U);
    EXPECT_EQ(view.health, Health::healthy) << "as many as there may be: " << text(view.reasons);
    EXPECT_EQ(text(view.fewer),
              "only 3 peers may hold a seat, for 5 seats; d: want none (--seat no)");
}

TEST(ClusterViews, name_the_causes_of_open_seats) {
    Table table = three_voters(5);
    for (const char* name : {"d", "e", "f"}) table.join(name);
    table.die("d");
    SeatBook book;
    book.penalties = {{uuid_of("e"), 1, noon - Milliseconds{1000}}};
    table.book(book);
    const ClusterView view = table.view();
    EXPECT_EQ(view.wanted, 5U);
    EXPECT_EQ(view.open, 1U) << "f can take one";
    EXPECT_EQ(view.health, Health::degraded);
    EXPECT_EQ(text(view.causes),
              "nobody can take 1 of 5 seats; e: is in the penalty box; d: is not there");
    ASSERT_EQ(view.penalties.size(), 1U);
    EXPECT_EQ(view.penalties[0].host, "e");
    EXPECT_EQ(view.penalties[0].until, WallTime{noon + Milliseconds{59'000}});
}

TEST(ClusterViews, forget_penalties_that_are_over) {
    Table table = three_voters();
    SeatBook book;
    book.penalties = {{uuid_of("b"), 1, noon - Milliseconds{61'000}}};
    table.book(book);
    EXPECT_TRUE(table.view().penalties.empty());
}

TEST(ClusterViews, are_changing_while_the_steward_is_at_work) {
    Table table = three_voters(5);
    table.join("d");
    table.join("e");
    SeatBook book;
    book.intent = SeatIntent{7, SeatPurpose::grow, "3 of 5 seats taken", {uuid_of("d")}, {"1"}};
    table.book(book);
    const ClusterView view = table.view();
    EXPECT_EQ(view.health, Health::changing);
    ASSERT_TRUE(view.intent);
    EXPECT_EQ(view.intent->adds, std::vector<std::string>{"d"});
    EXPECT_EQ(view.intent->removes, std::vector<std::string>{"a"});
    EXPECT_EQ(view.open, 0U);
}

TEST(ClusterViews, tell_of_alarms_and_of_a_steward_that_calls_for_help) {
    Table table = three_voters();
    table.reading().alarms = {{StoreAlarm::Kind::space, 2}};
    table.steward({uuid_of("a"), "a", "stops: 10 changes", true, noon});
    const ClusterView view = table.view();
    EXPECT_EQ(view.health, Health::degraded);
    EXPECT_EQ(text(view.reasons), "b is out of space: nothing can be written; stops: 10 changes");
}

TEST(ClusterViews, tell_of_a_voter_whose_agent_is_gone) {
    Table table = three_voters();
    table.die("b");
    EXPECT_EQ(table.view().health, Health::healthy) << "the lease alone may be late";
    std::erase_if(table.reading().seats.records, [](const Record& record) {
        return record.key == keys::seat_sighting(host("b"));
    });
    EXPECT_EQ(text(table.view().reasons), "b: its agent does not run");
}

TEST(ClusterViews, believe_the_steward_of_the_agent_that_tells) {
    Table table = three_voters();
    table.reading().steward = StewardRecord{{}, "a", "waits 2 s", false, noon};
    EXPECT_EQ(table.view().steward->says, "waits 2 s");
}

TEST(ClusterViews, of_a_store_that_only_its_machine_reaches_have_no_seats_to_give) {
    Table table(3);
    table.name("a");
    table.seat("machine").info.name = "machine";
    const auto alive = [&] {
        PeerRecord peer{"a", uuid_of("a"), 1, "0.1.0", "here", {}, {}};
        table.reading().peers.records = {{keys::peer(host("a")), encode(peer), 1, 1, 0}};
    };
    alive();
    const ClusterView view = table.view();
    EXPECT_FALSE(view.gives_seats);
    EXPECT_EQ(view.health, Health::healthy) << text(view.reasons);
    EXPECT_EQ(view.members[0].host, "machine");
    EXPECT_EQ(view.tolerance, "a loss of the only voter stops writes");
}

TEST(Forecasts, say_what_the_steward_will_do) {
    Table table = three_voters();
    table.join("d");
    table.join("e");
    EXPECT_EQ(forecast(table.reading(), 5).says, "3 to 5 voters: the steward adds 2");
    EXPECT_EQ(forecast(table.reading(), 1).says, "3 to 1 voter: the steward removes 2");
    EXPECT_EQ(forecast(table.reading(), 3).says, "3 voters, as there are: nothing follows");
    EXPECT_TRUE(forecast(table.reading(), 5).warnings.empty());
}

TEST(Forecasts, warn_where_too_few_peers_may_or_can_hold_a_seat) {
    Table table = three_voters();
    EXPECT_EQ(text(forecast(table.reading(), 5).warnings),
              "only 3 peers may hold a seat, for 5 seats");
    table.join("d");
    table.join("e");
    table.die("e");
    EXPECT_EQ(text(forecast(table.reading(), 5).warnings),
              "nobody can take 1 of 5 seats; e: is not there");
}

TEST(ClusterViews, say_which_hosts_keep_a_copy_of_the_store_and_how_old_it_is) {
    Table table = three_voters();
    EXPECT_TRUE(table.view().copies.empty());
    for (const char* name : {"d", "e"}) table.join(name);
    const std::chrono::hours hour{1};
    table.copy("d", {uuid_of("d"), noon - 5 * hour, 0, 70, 1000});
    table.copy("e", {uuid_of("e"), noon - 3 * hour, 0, 80, 2000});
    table.copy("f", {uuid_of("f"), noon, 0, 90, 1000});
    table.copy("a", {uuid_of("before"), noon, 0, 90, 1000});
    const ClusterView view = table.view();
    ASSERT_EQ(view.copies.size(), 2U) << "who has left, or was another, has none";
    EXPECT_EQ(view.copies[0].host, "e");
    EXPECT_EQ(view.copies[0].age, 3 * hour);
    EXPECT_EQ(view.copies[0].revision, 80);
    EXPECT_EQ(view.copies[1].host, "d");
    table.die("e");
    EXPECT_EQ(table.view().copies.size(), 2U) << "a host that is switched off has it all the same";
    const Value shown = to_value(view);
    const Value& first = shown.find("copies")->list().front();
    EXPECT_EQ(first.find("age")->scalar().text, "10800");
    EXPECT_EQ(first.find("host")->scalar().text, "e");
}

}  // namespace
}  // namespace hansa
