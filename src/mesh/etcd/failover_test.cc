// What a client goes through when the member that serves it dies or freezes: how long it neither
// writes nor sees, and that nothing of its watch and its lease is lost. With the times of
// production; the bounds are loose, the figures are recorded.
#include <gtest/gtest.h>

#include <algorithm>

#include "mesh/endpoint_keeper.h"
#include "mesh/etcd/store.h"
#include "mesh/etcd/testing/client.h"

namespace hansa {
namespace {

using test::Client;
using test::EtcdRig;
using test::run_for;
using test::run_until;

constexpr EtcdTiming default_timing{};

// The URL of one member first, then those of the others.
std::vector<std::string> led_by(const EtcdRig& rig, std::size_t first) {
    std::vector<std::string> urls = rig.urls();
    std::rotate(urls.begin(), urls.begin() + static_cast<std::ptrdiff_t>(first), urls.end());
    return urls;
}

// A client that writes numbered keys one after the other, watches them and holds a lease.
class Traveller {
 public:
    Traveller(LinuxLoop& loop, const EtcdRig& rig, std::size_t member)
        : loop_(loop), client_(loop, test::peer_of(rig), led_by(rig, member)) {
        WatchHandlers watch;
        watch.on_events = [this](const EventBatch& batch) { see(batch); };
        watch.on_lost = [](Revision) { ADD_FAILURE() << "the watch is lost"; };
        const auto begin = client_.read(ReadScope::prefix, "/t/");
        EXPECT_TRUE(begin);
        watch_ = client_.store().watch("/t/", begin->revision + 1, std::move(watch));
        LeaseHandlers lease;
        lease.on_granted = [this](LeaseId) { ++granted; };
        lease.on_lost = [this] { ++lost; };
        lease_ = client_.store().keep_lease(Seconds(10), std::move(lease));
        EXPECT_TRUE(run_until(loop, [this] { return granted == 1; }));
    }

    // A write of unknown fate is tried again under its guard, so each key is made exactly once.
    void travel(Duration duration) {
        const Instant end = now() + duration;
        while (now() < end) {
            const std::string key = "/t/" + std::to_string(written_);
            if (!client_.commit({{Compare::absent(key)}, {Operation::put(key, "x")}})) continue;
            ++written_;
            acknowledged_.push_back(now());
        }
    }

    // Every key was seen, once, in the order of the writes.
    void expect_whole_view() {
        EXPECT_TRUE(run_until(loop_, [this] { return seen_.size() >= written_; }));
        ASSERT_EQ(seen_.size(), written_);
        for (std::size_t at = 0; at < written_; ++at)
            ASSERT_EQ(seen_[at], "/t/" + std::to_string(at));
    }

    Duration write_gap() const { return longest_gap(acknowledged_); }
    Duration view_gap() const { return longest_gap(seen_at_); }
    std::string serving() { return client_.store().status().detail; }
    Client& client() { return client_; }

    int granted = 0;
    int lost = 0;

 private:
    Instant now() const { return loop_.clock().now(); }

    void see(const EventBatch& batch) {
        EXPECT_GT(batch.revision, last_) << "a step back";
        last_ = batch.revision;
        for (const StoreEvent& event : batch.events) {
            seen_.push_back(event.record.key);
            seen_at_.push_back(now());
        }
    }

    static Duration longest_gap(const std::vector<Instant>& times) {
        Duration longest{0};
        for (std::size_t at = 1; at < times.size(); ++at)
            longest = std::max(longest, times[at] - times[at - 1]);
        return longest;
    }

    LinuxLoop& loop_;
    Client client_;
    std::size_t written_ = 0;
    std::vector<Instant> acknowledged_;
    std::vector<std::string> seen_;
    std::vector<Instant> seen_at_;
    Revision last_ = 0;
    Held watch_;
    Held lease_;
};

class EtcdFailover : public testing::Test {
 protected:
    EtcdFailover() { rig_.start_all(); }

    std::size_t follower() const { return (rig_.leader() + 1) % rig_.size(); }

    static void record(const char* what, Duration took) {
        RecordProperty(what, static_cast<int>(duration_cast<Milliseconds>(took).count()));
        std::printf("             %s: %s\n", what, readable(took).c_str());
    }

    void expect_survives_kill(std::size_t member, Duration bound) {
        Traveller traveller(loop_, rig_, member);
        traveller.travel(Milliseconds(500));
        ASSERT_EQ(traveller.serving(), rig_.address(member));
        rig_.kill(member);
        traveller.travel(Seconds(4));
        traveller.expect_whole_view();
        EXPECT_NE(traveller.serving(), rig_.address(member));
        record("write_gap", traveller.write_gap());
        record("view_gap", traveller.view_gap());
        EXPECT_LT(traveller.write_gap(), bound);
        EXPECT_LT(traveller.view_gap(), bound);
        EXPECT_EQ(traveller.lost, 0);
        EXPECT_EQ(traveller.granted, 1);
    }

    void expect_survives_freeze(std::size_t member) {
        Traveller traveller(loop_, rig_, member);
        traveller.travel(Milliseconds(500));
        ASSERT_EQ(traveller.serving(), rig_.address(member));
        rig_.freeze(member);
        const Instant frozen = loop_.clock().now();
        bool left = false;
        while (loop_.clock().now() - frozen < Seconds(6)) {
            traveller.travel(Milliseconds(50));
            if (left || traveller.serving() == rig_.address(member)) continue;
            left = true;
            record("left_after", loop_.clock().now() - frozen);
        }
        EXPECT_TRUE(left);
        rig_.thaw(member);
        traveller.travel(Seconds(2));
        traveller.expect_whole_view();
        record("write_gap", traveller.write_gap());
        record("view_gap", traveller.view_gap());
        EXPECT_LT(traveller.write_gap(), Seconds(10));
        EXPECT_LT(traveller.view_gap(), Seconds(10));
        EXPECT_EQ(traveller.granted, 1 + traveller.lost);
    }

    LinuxLoop loop_;
    EtcdRig rig_{loop_, 3, default_timing};
};

TEST_F(EtcdFailover, the_follower_that_serves_us_is_killed) {
    expect_survives_kill(follower(), Seconds(5));
}

TEST_F(EtcdFailover, the_leader_that_serves_us_is_killed) {
    expect_survives_kill(rig_.leader(), Seconds(10));
}

TEST_F(EtcdFailover, the_follower_that_serves_us_is_frozen) {
    expect_survives_freeze(follower());
}

TEST_F(EtcdFailover, the_leader_that_serves_us_is_frozen) {
    expect_survives_freeze(rig_.leader());
}

TEST_F(EtcdFailover, a_quiet_client_leaves_a_frozen_member) {
    Client client(loop_, test::peer_of(rig_), led_by(rig_, follower()));
    ASSERT_TRUE(client.await_state(StoreStatus::State::connected));
    const std::size_t member = follower();
    ASSERT_EQ(client.store().status().detail, rig_.address(member));
    run_for(loop_, Seconds(1));
    rig_.freeze(member);
    const Instant frozen = loop_.clock().now();
    ASSERT_TRUE(
        run_until(loop_, [&] { return client.store().status().detail != rig_.address(member); }));
    ASSERT_TRUE(client.await_state(StoreStatus::State::connected));
    record("elsewhere_after", loop_.clock().now() - frozen);
    EXPECT_LT(loop_.clock().now() - frozen, Seconds(8));
}

TEST_F(EtcdFailover, a_watch_that_nobody_answers_for_leads_the_client_elsewhere) {
    EtcdTimes times;
    times.silence = times.busy_silence = Seconds(600);  // so that only the watch can notice
    const std::size_t member = follower();
    Client client(loop_, test::peer_of(rig_), led_by(rig_, member), times);
    WatchHandlers handlers;
    handlers.on_events = [](const EventBatch&) {};
    handlers.on_lost = [](Revision) { ADD_FAILURE() << "the watch is lost"; };
    const Held watch = client.store().watch("/quiet/", 0, std::move(handlers));
    ASSERT_TRUE(client.put("/k", "1"));
    run_for(loop_, Seconds(4));
    EXPECT_EQ(client.store().counters().streams_broken, 0u) << "it was answered for";
    rig_.freeze(member);
    const Instant frozen = loop_.clock().now();
    ASSERT_TRUE(
        run_until(loop_, [&] { return client.store().status().detail != rig_.address(member); }));
    ASSERT_TRUE(client.await_state(StoreStatus::State::connected));
    record("elsewhere_after", loop_.clock().now() - frozen);
    EXPECT_LT(loop_.clock().now() - frozen, Seconds(8));
    const auto& seen = client.seen();
    EXPECT_TRUE(std::any_of(seen.begin(), seen.end(), [](const StoreStatus& status) {
        return status.detail.starts_with("no answer about a watch from ");
    }));
}

TEST_F(EtcdFailover, the_members_are_listed_by_whoever_serves_us) {
    Client client(loop_, test::peer_of(rig_), led_by(rig_, 1));
    const auto listing =
        client.await<MemberListing>([&](auto done) { client.store().members(std::move(done)); });
    ASSERT_TRUE(listing) << listing.error().text;
    EXPECT_EQ(listing->endpoint, rig_.address(1));
    std::vector<std::string> urls;
    for (const StoreMember& member : listing->members) {
        EXPECT_FALSE(member.learner);
        EXPECT_TRUE(member.name.starts_with("m")) << member.name;
        urls.insert(urls.end(), member.client_urls.begin(), member.client_urls.end());
    }
    std::vector<std::string> all = rig_.urls();
    std::sort(urls.begin(), urls.end());
    std::sort(all.begin(), all.end());
    EXPECT_EQ(urls, all);
}

TEST_F(EtcdFailover, a_client_moves_to_a_better_endpoint_and_misses_nothing) {
    EtcdTimes soon;
    soon.move_within = Milliseconds(300);
    Client client(loop_, test::peer_of(rig_), {rig_.url(1)}, soon);
    const auto begin = client.read(ReadScope::prefix, "/m/");
    ASSERT_TRUE(begin);
    std::vector<std::string> seen;
    WatchHandlers handlers;
    handlers.on_events = [&seen](const EventBatch& batch) {
        for (const StoreEvent& event : batch.events) seen.push_back(event.record.value);
    };
    handlers.on_lost = [](Revision) { ADD_FAILURE() << "the watch is lost"; };
    const Held watch = client.store().watch("/m/", begin->revision + 1, std::move(handlers));
    client.store().use_endpoints({rig_.url(0), rig_.url(1)});
    EXPECT_EQ(client.store().status().detail, rig_.address(1)) << "not at once";
    std::vector<std::string> written;
    const Instant end = loop_.clock().now() + Seconds(20);
    while (client.store().counters().moves == 0 && loop_.clock().now() < end) {
        written.push_back(std::to_string(written.size()));
        ASSERT_TRUE(client.put("/m/k", written.back()));
    }
    written.push_back("last");
    ASSERT_TRUE(client.put("/m/k", "last"));
    EXPECT_EQ(client.store().status().detail, rig_.address(0));
    ASSERT_TRUE(run_until(loop_, [&] { return seen.size() >= written.size(); }));
    EXPECT_EQ(seen, written);
    for (const StoreStatus& status : client.seen())
        EXPECT_NE(status.state, StoreStatus::State::away) << status.detail;
}

TEST_F(EtcdFailover, every_seed_is_gone_and_what_was_kept_leads_back) {
    std::vector<StoreMember> kept;
    SeededRandom random(3);
    const auto keeper_of = [&](Client& client, std::vector<StoreMember> cached) {
        EndpointKeeper::Ports ports{
            .loop = loop_,
            .random = random,
            .list = [&client](auto done) { client.store().members(std::move(done)); },
            .use = [&client](auto urls) { client.store().use_endpoints(std::move(urls)); },
            .expect = [&client](std::size_t voters) { client.store().expect_members(voters); },
            .keep = [&kept](const auto& members) { kept = members; }};
        return std::make_unique<EndpointKeeper>(std::move(ports), std::move(cached));
    };
    {
        Client client(loop_, test::peer_of(rig_), {});
        const auto keeper = keeper_of(client, {});
        keeper->begin_with({rig_.url(0)});
        ASSERT_TRUE(client.await_state(StoreStatus::State::connected));
        keeper->store_is(StoreStatus::State::connected);
        ASSERT_TRUE(run_until(loop_, [&] { return kept.size() == 3; }));
    }
    const auto read = decode_endpoints(encode_endpoints(kept));
    ASSERT_TRUE(read) << read.error().text;
    rig_.kill(0);
    Client client(loop_, test::peer_of(rig_), {});
    const auto keeper = keeper_of(client, *read);
    const Instant begin = loop_.clock().now();
    keeper->begin_with({rig_.url(0), "https://127.0.0.1:1"});
    ASSERT_TRUE(client.await_state(StoreStatus::State::connected));
    record("connected_after", loop_.clock().now() - begin);
    EXPECT_NE(client.store().status().detail, rig_.address(0));
    client.put_at_last("/k", "v");
}

}  // namespace
}  // namespace hansa
