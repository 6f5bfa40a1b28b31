#include "mesh/memory/store.h"

#include <gtest/gtest.h>

#include "mesh/contract/store_contract.h"
#include "sys/sim/loop.h"

namespace hansa {
namespace {

class MemoryBench final : public StoreBench {
 public:
    std::unique_ptr<Store> connect() override {
        return std::make_unique<MemoryStore>(cluster_, loop_, ++clients_);
    }
    bool run_until(const std::function<bool()>& done) override {
        return loop_.run_until(done, Seconds{60});
    }
    void run_for(Duration duration) override { loop_.run_for(duration); }
    void compact(Revision at) override { cluster_.compact(at); }
    void begin_outage() override { cluster_.stop(); }
    void end_outage() override { cluster_.start(); }
    Seconds short_ttl() const override { return Seconds{3}; }

 private:
    SimLoop loop_;
    MemoryCluster cluster_{loop_};
    std::uint64_t clients_ = 0;
};

std::unique_ptr<StoreBench> make_memory_bench() {
    return std::make_unique<MemoryBench>();
}

INSTANTIATE_TEST_SUITE_P(Memory, StoreContract, ::testing::Values(&make_memory_bench));

class MemoryStoreTest : public ::testing::Test {
 protected:
    std::optional<Result<Committed>> put(MemoryStore& by, const std::string& key,
                                         const std::string& value, LeaseId lease = 0) {
        std::optional<Result<Committed>> answer;
        by.commit({{}, {Operation::put(key, value, lease)}},
                  [&](Result<Committed> done) { answer = std::move(done); });
        loop.run_until([&] { return answer.has_value(); }, Seconds{10});
        return answer;
    }
    std::string value_of(const std::string& key) {
        const Reading reading = cluster.read(ReadScope::key, key);
        return reading.records.empty() ? "(none)" : reading.records[0].value;
    }

    SimLoop loop;
    MemoryCluster cluster{loop};
};

TEST_F(MemoryStoreTest, a_client_that_is_cut_off_fails_at_its_deadline) {
    MemoryStore store(cluster, loop, 1);
    ASSERT_TRUE(*put(store, "/a", "1"));
    store.go_away();
    const Instant asked = loop.clock().now();
    const auto answer = put(store, "/a", "2");
    EXPECT_EQ(answer->error().code, Code::unavailable);
    EXPECT_EQ(loop.clock().now() - asked, Seconds{2});
    EXPECT_EQ(value_of("/a"), "1");
    EXPECT_EQ(store.status().state, StoreStatus::State::away);
}

TEST_F(MemoryStoreTest, a_lost_quorum_is_told_apart_from_silence) {
    MemoryStore store(cluster, loop, 1);
    ASSERT_TRUE(*put(store, "/a", "1"));
    cluster.lose_quorum();
    EXPECT_EQ(put(store, "/a", "2")->error().code, Code::unavailable);
    EXPECT_EQ(store.status().state, StoreStatus::State::no_quorum);
    store.go_away();
    cluster.start();
    loop.run_for(Seconds{1});
    EXPECT_EQ(store.status().state, StoreStatus::State::away);
    store.come_back();
    ASSERT_TRUE(*put(store, "/a", "3"));
    EXPECT_EQ(store.status().state, StoreStatus::State::connected);
}

TEST_F(MemoryStoreTest, a_request_that_waits_for_the_line_is_done_when_it_is_mended) {
    MemoryStore store(cluster, loop, 1);
    store.go_away();
    const Held mend = loop.after(Seconds{1}, [&] { store.come_back(); });
    ASSERT_TRUE(*put(store, "/a", "1"));
    EXPECT_LT(loop.clock().now(), Instant{Milliseconds{1100}});
    EXPECT_EQ(value_of("/a"), "1");
}

TEST_F(MemoryStoreTest, a_lost_answer_leaves_a_commit_that_was_done) {
    MemoryStore store(cluster, loop, 1);
    store.lose_next_answer();
    const auto answer = put(store, "/a", "1");
    EXPECT_EQ(answer->error().code, Code::unavailable);
    EXPECT_EQ(value_of("/a"), "1");
    EXPECT_TRUE(*put(store, "/a", "2"));
}

TEST_F(MemoryStoreTest, a_late_request_is_done_after_its_sender_gave_up_and_even_left) {
    auto store =
        std::make_unique<MemoryStore>(cluster, loop, 1, MemoryStoreOptions{.request_late = 1});
    const auto answer = put(*store, "/a", "1");
    EXPECT_EQ(answer->error().code, Code::unavailable);
    EXPECT_EQ(value_of("/a"), "(none)");
    store.reset();
    loop.run_for(Seconds{2});
    EXPECT_EQ(value_of("/a"), "1");
}

TEST_F(MemoryStoreTest, chance_loses_requests_and_answers) {
    MemoryStore store(cluster, loop, 3, {.request_lost = 0.3, .answer_lost = 0.3});
    int applied = 0;
    int answered = 0;
    for (int i = 0; i < 100; ++i) {
        const std::string key = "/k/" + std::to_string(i);
        if (*put(store, key, "x")) ++answered;
        if (value_of(key) == "x") ++applied;
    }
    EXPECT_GT(applied, 50);
    EXPECT_LT(applied, 90);
    EXPECT_GT(answered, 30);
    EXPECT_LT(answered, applied);
}

TEST_F(MemoryStoreTest, a_watch_over_many_cuts_tells_everything_once_and_in_order) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        SimLoop own_loop;
        MemoryCluster own(own_loop);
        MemoryStore writer(own, own_loop, seed);
        MemoryStore reader(own, own_loop, seed + 1000);
        SeededRandom random(seed);
        std::vector<std::string> told;
        const Held watch = reader.watch("/w/", 1,
                                        {[&](const EventBatch& batch) {
                                             for (const StoreEvent& event : batch.events)
                                                 told.push_back(event.record.value);
                                         },
                                         [](Revision) { FAIL() << "lost"; }});
        std::vector<std::string> wanted;
        for (int i = 0; i < 60; ++i) {
            wanted.push_back(std::to_string(i));
            writer.commit({{}, {Operation::put("/w/k", wanted.back())}}, [](auto) {});
            own_loop.run_for(Milliseconds{random.below(3) + 1});
            if (random.chance(0.2)) reader.go_away();
            if (random.chance(0.3)) reader.come_back();
        }
        reader.come_back();
        own_loop.run_for(Seconds{1});
        EXPECT_EQ(told, wanted) << "seed " << seed;
    }
}

TEST_F(MemoryStoreTest, a_compaction_while_cut_off_ends_the_watch) {
    MemoryStore store(cluster, loop, 1);
    MemoryStore writer(cluster, loop, 2);
    WatchLog log;
    const Held watch = store.watch("/w/", 1, log.handlers());
    loop.run_for(Seconds{1});
    store.go_away();
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(*put(writer, "/w/a", std::to_string(i)));
    cluster.compact(cluster.revision());
    loop.run_for(Seconds{1});
    EXPECT_FALSE(log.lost);
    store.come_back();
    loop.run_for(Seconds{1});
    ASSERT_TRUE(log.lost);
    EXPECT_EQ(*log.lost, cluster.oldest());
    ASSERT_TRUE(*put(writer, "/w/a", "later"));
    loop.run_for(Seconds{1});
    EXPECT_TRUE(log.lines.empty());
}

TEST_F(MemoryStoreTest, a_lease_of_a_cut_off_client_ends_on_both_sides) {
    MemoryStore store(cluster, loop, 1);
    LeaseLog log;
    const Held lease = store.keep_lease(Seconds{6}, log.handlers());
    loop.run_for(Seconds{1});
    ASSERT_EQ(log.granted.size(), 1u);
    ASSERT_TRUE(*put(store, "/p", "me", log.granted[0]));
    store.go_away();
    loop.run_for(Seconds{7});
    EXPECT_EQ(value_of("/p"), "(none)");
    EXPECT_EQ(log.lost, 1);
    store.come_back();
    loop.run_for(Seconds{1});
    ASSERT_EQ(log.granted.size(), 2u);
    EXPECT_NE(log.granted[0], log.granted[1]);
    loop.run_for(Seconds{60});
    EXPECT_EQ(log.granted.size(), 2u);
    EXPECT_EQ(cluster.leases(), 1u);
}

TEST_F(MemoryStoreTest, an_outage_of_the_cluster_ends_no_lease_that_is_beaten_afterwards) {
    MemoryStore store(cluster, loop, 1);
    LeaseLog log;
    const Held lease = store.keep_lease(Seconds{30}, log.handlers());
    loop.run_for(Seconds{1});
    ASSERT_TRUE(*put(store, "/p", "me", log.granted.at(0)));
    cluster.stop();
    loop.run_for(Seconds{20});
    cluster.start();
    loop.run_for(Seconds{60});
    EXPECT_EQ(value_of("/p"), "me");
    EXPECT_EQ(log.granted.size(), 1u);
    EXPECT_EQ(log.lost, 0);
}

TEST_F(MemoryStoreTest, a_client_may_end_within_its_own_answer) {
    auto store = std::make_unique<MemoryStore>(cluster, loop, 1);
    bool answered = false;
    store->read(ReadScope::key, "/a", [&](Result<Reading>) {
        answered = true;
        store.reset();
    });
    loop.run_for(Seconds{1});
    EXPECT_TRUE(answered);
    EXPECT_EQ(store, nullptr);
}

}  // namespace
}  // namespace hansa
