// What EtcdStore promises when etcd dies, freezes, forgets or is replaced. The bounds are those
// that a person would notice, not those that were measured: see the recorded properties.
#include <gtest/gtest.h>

#include <map>

#include "mesh/etcd/store.h"
#include "mesh/etcd/testing/client.h"

namespace hansa {
namespace {

using test::Client;
using test::EtcdRig;
using test::run_for;
using test::run_until;

// What production uses: a leader's death is noticed after one to two seconds.
constexpr EtcdTiming default_timing{};

class EtcdOutage : public testing::Test {
 protected:
    Duration since(Instant begin) const { return loop_.clock().now() - begin; }
    static void record(const char* what, Duration took) {
        RecordProperty(what, static_cast<int>(duration_cast<Milliseconds>(took).count()));
        std::printf("             %s: %s\n", what, readable(took).c_str());
    }

    LinuxLoop loop_;
};

// Follows a prefix and notes what came, in order.
struct Follower {
    Follower(Client& client, const std::string& prefix, Revision from) {
        WatchHandlers handlers;
        handlers.on_events = [this](const EventBatch& batch) {
            for (const auto& event : batch.events) {
                keys.push_back(event.record.key);
                EXPECT_LE(last, event.record.modified) << "a step back";
                last = event.record.modified;
            }
        };
        handlers.on_lost = [this](Revision oldest) { lost = oldest; };
        watch = client.store().watch(prefix, from, std::move(handlers));
    }

    std::vector<std::string> keys;
    Revision last = 0;
    Revision lost = 0;
    Held watch;
};

TEST_F(EtcdOutage, a_client_is_back_soon_after_its_server) {
    EtcdRig rig(loop_, 1);
    rig.start_all();
    Client client(loop_, rig);
    const auto first = client.put("/k", "1");
    ASSERT_TRUE(first);
    Follower follower(client, "/k", first->revision + 1);

    rig.kill(0);
    run_for(loop_, Seconds(7));  // longer than gRPC's own patience between two tries
    EXPECT_EQ(client.store().status().state, StoreStatus::State::away);
    EXPECT_EQ(client.store().status().detail, "connection refused at " + rig.address(0));

    rig.start(0);
    const auto serving = loop_.clock().now();
    client.put_at_last("/k", "2");
    record("usable_after", since(serving));
    EXPECT_LT(since(serving), Seconds(10));
    ASSERT_TRUE(run_until(loop_, [&] { return !follower.keys.empty(); }));
    record("watch_resumed_after", since(serving));
    EXPECT_LT(since(serving), Seconds(10));
}

TEST_F(EtcdOutage, commits_are_answered_in_time_while_a_leader_is_dead_and_then_go_on) {
    EtcdRig rig(loop_, 3, default_timing);
    rig.start_all();
    Client client(loop_, rig);
    ASSERT_TRUE(client.put("/k", "0"));

    rig.kill(rig.leader());
    const auto died = loop_.clock().now();
    Duration slowest{0};
    for (bool done = false; !done && since(died) < Seconds(20);) {
        const auto asked = loop_.clock().now();
        auto result = client.put("/k", "1");
        slowest = std::max(slowest, since(asked));
        if (!result) {
            EXPECT_EQ(result.error().code, Code::unavailable) << result.error().text;
        }
        done = static_cast<bool>(result);
    }
    record("gap", since(died));
    record("slowest_answer", slowest);
    EXPECT_LT(since(died), Seconds(15));
    EXPECT_LT(slowest, Seconds(6));
    EXPECT_EQ(client.read(ReadScope::key, "/k")->records.at(0).value, "1");
}

TEST_F(EtcdOutage, a_frozen_endpoint_is_left_for_another_and_the_watch_goes_on_there) {
    EtcdRig rig(loop_, 3);
    rig.start_all();
    Client client(loop_, rig);
    const auto now = client.read(ReadScope::key, "/k");
    ASSERT_TRUE(now);
    Follower follower(client, "/k", now->revision + 1);
    ASSERT_TRUE(client.put("/k", "seen"));
    ASSERT_TRUE(run_until(loop_, [&] { return follower.keys.size() == 1; }));
    const auto frozen = client.store().status().detail;

    std::vector<std::string> others;
    for (std::size_t at = 0; at < rig.size(); ++at) {
        if (rig.address(at) == frozen) {
            rig.freeze(at);
        } else {
            others.push_back(rig.url(at));
        }
    }
    ASSERT_EQ(others.size(), 2u);
    const auto begin = loop_.clock().now();
    Client writer(loop_, test::peer_of(rig), others);
    writer.put_at_last("/k", "behind its back");
    // Nothing is asked through the first client: only the silence can tell it.
    ASSERT_TRUE(run_until(loop_, [&] { return follower.keys.size() >= 2; }));
    record("idle_watch_resumed_after", since(begin));
    EXPECT_LT(since(begin), Seconds(8));
    EXPECT_NE(client.store().status().detail, frozen);
    EXPECT_TRUE(client.put("/k", "3"));
}

TEST_F(EtcdOutage, a_frozen_endpoint_is_left_sooner_when_something_is_asked_of_it) {
    EtcdRig rig(loop_, 3);
    rig.start_all();
    Client client(loop_, rig);
    ASSERT_TRUE(client.put("/k", "1"));
    const auto frozen = client.store().status().detail;
    for (std::size_t at = 0; at < rig.size(); ++at)
        if (rig.address(at) == frozen) rig.freeze(at);

    const auto begin = loop_.clock().now();
    auto reading = client.read(ReadScope::key, "/k");
    record("read_after", since(begin));
    ASSERT_TRUE(reading) << reading.error().text;
    EXPECT_LT(since(begin), Seconds(5));
    EXPECT_NE(client.store().status().detail, frozen);
}

TEST_F(EtcdOutage, the_only_endpoint_frozen_is_told_as_silence) {
    EtcdRig rig(loop_, 1);
    rig.start_all();
    Client client(loop_, rig);
    ASSERT_TRUE(client.put("/k", "1"));
    rig.freeze(0);
    auto reading = client.read(ReadScope::key, "/k");
    ASSERT_FALSE(reading);
    EXPECT_EQ(reading.error().code, Code::unavailable);
    EXPECT_NE(reading.error().text.find("no answer from " + rig.address(0)), std::string::npos);
    EXPECT_EQ(client.store().status().state, StoreStatus::State::away);
    rig.thaw(0);
    EXPECT_TRUE(client.await_state(StoreStatus::State::connected));
    EXPECT_TRUE(client.read(ReadScope::key, "/k"));
}

TEST_F(EtcdOutage, a_member_without_a_majority_is_not_leant_on) {
    EtcdRig rig(loop_, 3);
    rig.start_all();
    Client client(loop_, rig);
    ASSERT_TRUE(client.put("/k", "1"));
    rig.kill(0);
    rig.kill(1);
    ASSERT_TRUE(run_until(loop_, [&] {
        return client.store().status().detail.find("has no leader") != std::string::npos;
    }));
    EXPECT_EQ(client.store().status().state, StoreStatus::State::no_quorum);
    EXPECT_FALSE(client.put("/k", "2"));
    EXPECT_EQ(client.store().status().state, StoreStatus::State::no_quorum);
    EXPECT_TRUE(client.store().status().detail.starts_with("1 of 3 members answer; "))
        << client.store().status().detail;
    rig.start(0);
    EXPECT_TRUE(client.await_state(StoreStatus::State::connected));
    client.put_at_last("/k", "3");
}

// Else whoever comes back waits for its turn behind those that do not: where machines are off, each
// would cost the longest limit.
TEST_F(EtcdOutage, silent_members_beside_one_that_answers_are_not_waited_for_longer_each_time) {
    EtcdRig rig(loop_, 3);
    rig.start_all();
    EtcdTimes times;
    times.connect_limit = times.quorum_look = Milliseconds(200);
    Client client(loop_, rig, times);
    ASSERT_TRUE(client.put("/k", "1"));
    rig.freeze(1);
    rig.freeze(2);
    ASSERT_TRUE(client.await_state(StoreStatus::State::no_quorum));
    const auto begin = loop_.clock().now();
    const auto before = client.store().counters().probes;
    EXPECT_TRUE(run_until(loop_, [&] { return client.store().counters().probes >= before + 24; }));
    record("eight_rounds", since(begin));
    EXPECT_LT(since(begin), Seconds(15));
}

TEST_F(EtcdOutage, an_idle_watch_is_not_punished_for_its_probes) {
    EtcdRig rig(loop_, 1);
    // As a foreign etcd has it: who pings more often than each 5 s is sent away.
    rig.config(0).more_flags = {"--grpc-keepalive-min-time=5s"};
    rig.start_all();
    Client client(loop_, rig);
    const auto now = client.read(ReadScope::key, "/k");
    ASSERT_TRUE(now);
    Follower follower(client, "/k", now->revision + 1);
    LeaseHandlers handlers;
    handlers.on_granted = [](LeaseId) {};
    handlers.on_lost = [] { ADD_FAILURE() << "lease lost at rest"; };
    const auto lease = client.store().keep_lease(Seconds(30), std::move(handlers));

    run_for(loop_, Seconds(14));
    const auto counters = client.store().counters();
    EXPECT_EQ(counters.streams_broken, 0u);
    EXPECT_EQ(counters.connections, 1u);
    EXPECT_GE(counters.probes, 6u);
    EXPECT_LE(counters.probes, 10u);
    ASSERT_TRUE(client.put("/k", "1"));
    EXPECT_TRUE(run_until(loop_, [&] { return follower.keys.size() == 1; }));
    EXPECT_EQ(client.store().counters().streams_opened, 2u);
}

TEST_F(EtcdOutage, a_watch_has_no_gap_and_no_repeat_while_members_die_under_constant_writes) {
    EtcdRig rig(loop_, 3);
    rig.start_all();
    Client watcher(loop_, rig);
    Client writer(loop_, rig);
    const auto begin = writer.read(ReadScope::key, "/w/");
    ASSERT_TRUE(begin);
    Follower follower(watcher, "/w/", begin->revision + 1);

    // A commit of unknown fate is repeated under its guard: each key is made exactly once.
    int written = 0;
    const auto write_for = [&](Duration duration) {
        const auto until = loop_.clock().now() + duration;
        while (loop_.clock().now() < until) {
            const auto key = "/w/" + std::to_string(written);
            if (writer.commit({{Compare::absent(key)}, {Operation::put(key, "x")}})) ++written;
        }
    };
    for (std::size_t victim = 0; victim < rig.size(); ++victim) {
        write_for(Milliseconds(300));
        rig.kill(victim);
        write_for(Milliseconds(700));
        rig.start(victim);
    }
    write_for(Milliseconds(300));

    const auto all = writer.read(ReadScope::prefix, "/w/");
    ASSERT_TRUE(all);
    ASSERT_GE(all->records.size(), static_cast<std::size_t>(written));
    ASSERT_TRUE(run_until(loop_, [&] { return follower.keys.size() >= all->records.size(); }));
    std::map<std::string, int> seen;
    for (const auto& key : follower.keys) ++seen[key];
    EXPECT_EQ(follower.keys.size(), all->records.size());
    for (const auto& record : all->records) EXPECT_EQ(seen[record.key], 1) << record.key;
    EXPECT_EQ(follower.lost, 0);
    EXPECT_GE(watcher.store().counters().connections, 2u);
}

TEST_F(EtcdOutage, a_watch_that_was_away_while_history_went_is_lost) {
    EtcdRig rig(loop_, 1);
    rig.start_all();
    Client client(loop_, rig);
    const auto first = client.put("/k", "1");
    ASSERT_TRUE(first);
    Follower follower(client, "/k", first->revision);
    ASSERT_TRUE(run_until(loop_, [&] { return follower.keys.size() == 1; }));
    client.store().use_endpoints({"127.0.0.1:1"});
    ASSERT_TRUE(client.await_state(StoreStatus::State::away));

    Client other(loop_, rig);
    ASSERT_TRUE(other.put("/k", "2"));
    const auto last = other.put("/k", "3");
    ASSERT_TRUE(last);
    ASSERT_TRUE(other.await<void>(
        [&](auto done) { other.store().compact(last->revision, std::move(done)); }));

    client.store().use_endpoints(rig.urls());
    ASSERT_TRUE(run_until(loop_, [&] { return follower.lost != 0; }));
    EXPECT_EQ(follower.lost, last->revision);
    EXPECT_EQ(follower.keys.size(), 1u);
}

TEST_F(EtcdOutage, a_lease_is_granted_anew_after_an_outage_that_it_did_not_survive) {
    EtcdRig rig(loop_, 1);
    rig.start_all();
    Client client(loop_, rig);
    std::vector<std::string> story;
    LeaseHandlers handlers;
    handlers.on_granted = [&](LeaseId) { story.push_back("granted"); };
    handlers.on_lost = [&] { story.push_back("lost"); };
    const auto lease = client.store().keep_lease(Seconds(1), std::move(handlers));
    ASSERT_TRUE(run_until(loop_, [&] { return story.size() == 1; }));
    rig.kill(0);
    ASSERT_TRUE(run_until(loop_, [&] { return story.size() == 2; }));
    rig.start(0);
    ASSERT_TRUE(run_until(loop_, [&] { return story.size() == 3; }));
    EXPECT_EQ(story, (std::vector<std::string>{"granted", "lost", "granted"}));
}

TEST_F(EtcdOutage, a_lease_outlives_an_outage_that_is_shorter) {
    EtcdRig rig(loop_, 1);
    rig.start_all();
    Client client(loop_, rig);
    LeaseId granted = 0;
    LeaseHandlers handlers;
    handlers.on_granted = [&](LeaseId id) {
        EXPECT_EQ(granted, 0) << "granted twice";
        granted = id;
    };
    handlers.on_lost = [] { ADD_FAILURE() << "lost too early"; };
    const auto lease = client.store().keep_lease(Seconds(20), std::move(handlers));
    ASSERT_TRUE(run_until(loop_, [&] { return granted != 0; }));
    ASSERT_TRUE(client.put("/k", "v", granted));
    rig.kill(0);
    rig.start(0);
    ASSERT_TRUE(client.await_state(StoreStatus::State::connected));
    EXPECT_EQ(client.read(ReadScope::key, "/k")->records.at(0).lease, granted);
}

TEST_F(EtcdOutage, endpoints_are_replaced_without_cancelling_what_is_under_way) {
    EtcdRig rig(loop_, 3);
    rig.start_all();
    Client client(loop_, test::peer_of(rig), {rig.url(0)});
    ASSERT_TRUE(client.put("/k", "1"));
    std::optional<Result<Committed>> answer;
    client.store().commit({{}, {Operation::put("/k", "2")}},
                          [&](Result<Committed> result) { answer.emplace(std::move(result)); });
    client.store().use_endpoints({rig.url(1)});
    ASSERT_TRUE(run_until(loop_, [&] { return answer.has_value(); }));
    EXPECT_TRUE(*answer);
    EXPECT_TRUE(client.await_state(StoreStatus::State::connected));
    EXPECT_EQ(client.store().status().detail, rig.address(1));
    EXPECT_EQ(client.read(ReadScope::key, "/k")->records.at(0).value, "2");
}

TEST_F(EtcdOutage, one_good_endpoint_among_bad_ones_is_found) {
    EtcdRig rig(loop_, 1);
    rig.start_all();
    Client client(loop_, test::peer_of(rig),
                  {"127.0.0.1:1", "http://plain:1", "nonsense", rig.url(0)});
    EXPECT_TRUE(client.put("/k", "1"));
    EXPECT_EQ(client.store().status().detail, rig.address(0));
}

TEST_F(EtcdOutage, endpoints_that_are_none_are_told) {
    Client client(loop_, std::nullopt, {"http://plain.example:2379"});
    EXPECT_EQ(client.store().status().state, StoreStatus::State::connecting);
    EXPECT_NE(client.store().status().detail.find("\"http://plain.example:2379\" is plain text"),
              std::string::npos);
    client.store().use_endpoints({});
    EXPECT_EQ(client.store().status().detail, "no endpoint is known yet");
    auto reading = client.read(ReadScope::key, "/k");
    ASSERT_FALSE(reading);
    EXPECT_EQ(reading.error().text, "the store does not answer: no endpoint is known yet");
}

TEST_F(EtcdOutage, naming_the_endpoints_once_more_cuts_a_rest_short) {
    EtcdRig rig(loop_, 1);
    EtcdTimes patient;
    patient.back_off_first = patient.back_off_max = Seconds(600);
    Client client(loop_, rig, patient);
    ASSERT_TRUE(client.await_state(StoreStatus::State::away));
    rig.start_all();
    client.store().use_endpoints(rig.urls());
    EXPECT_TRUE(client.await_state(StoreStatus::State::connected));
}

TEST_F(EtcdOutage, a_commit_that_was_never_sent_waits_for_the_store) {
    EtcdRig rig(loop_, 1);
    Client client(loop_, rig);
    std::optional<Result<Committed>> answer;
    client.store().commit({{}, {Operation::put("/k", "1")}},
                          [&](Result<Committed> result) { answer.emplace(std::move(result)); });
    rig.start_all();
    ASSERT_TRUE(run_until(loop_, [&] { return answer.has_value(); }));
    EXPECT_TRUE(*answer);
}

}  // namespace
}  // namespace hansa
