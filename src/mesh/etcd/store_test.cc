// What EtcdStore promises in calm, against a real etcd.
#include "mesh/etcd/store.h"

#include <gtest/gtest.h>

#include "mesh/etcd/testing/client.h"

namespace hansa {
namespace {

using test::Client;
using test::EtcdRig;
using test::run_until;

// One etcd for all tests of this file: each works under a prefix of its own.
class EtcdStoreTest : public testing::Test {
 protected:
    static void SetUpTestSuite() {
        loop_ = new LinuxLoop;
        rig_ = new EtcdRig(*loop_, 1);
        rig_->start_all();
    }
    static void TearDownTestSuite() {
        delete rig_;
        delete loop_;
    }

    LinuxLoop& loop() { return *loop_; }
    std::string prefix() const {
        return std::string("/") + testing::UnitTest::GetInstance()->current_test_info()->name() +
               "/";
    }

    Client client_{*loop_, *rig_};

    static LinuxLoop* loop_;
    static EtcdRig* rig_;
};
LinuxLoop* EtcdStoreTest::loop_ = nullptr;
EtcdRig* EtcdStoreTest::rig_ = nullptr;

TEST_F(EtcdStoreTest, reads_what_was_committed) {
    const auto committed = client_.put(prefix() + "b", "two");
    ASSERT_TRUE(committed);
    EXPECT_TRUE(committed->applied);
    ASSERT_TRUE(client_.put(prefix() + "a", std::string("o\0ne", 4)));

    const auto reading = client_.read(ReadScope::prefix, prefix());
    ASSERT_TRUE(reading);
    ASSERT_EQ(reading->records.size(), 2u);
    EXPECT_EQ(reading->records[0].key, prefix() + "a");
    EXPECT_EQ(reading->records[0].value, std::string("o\0ne", 4));
    EXPECT_EQ(reading->records[1].created, committed->revision);
    EXPECT_EQ(reading->records[1].modified, committed->revision);
    EXPECT_EQ(reading->revision, committed->revision + 1);

    const auto one = client_.read(ReadScope::key, prefix() + "b");
    ASSERT_TRUE(one);
    ASSERT_EQ(one->records.size(), 1u);
    EXPECT_EQ(one->records[0].value, "two");
}

TEST_F(EtcdStoreTest, a_comparison_that_does_not_hold_leaves_all_undone) {
    const auto key = prefix() + "k";
    const auto created = client_.commit({{Compare::absent(key)}, {Operation::put(key, "1")}});
    ASSERT_TRUE(created);
    EXPECT_TRUE(created->applied);
    const auto again = client_.commit({{Compare::absent(key)}, {Operation::put(key, "2")}});
    ASSERT_TRUE(again);
    EXPECT_FALSE(again->applied);
    EXPECT_EQ(again->revision, created->revision);

    EXPECT_TRUE(client_
                    .commit({{Compare::created(key, created->revision), Compare::holds(key, "1"),
                              Compare::modified(key, created->revision)},
                             {Operation::put(key, "3")}})
                    ->applied);
    EXPECT_EQ(client_.read(ReadScope::key, key)->records[0].value, "3");
}

TEST_F(EtcdStoreTest, removes_a_prefix_and_nothing_beside_it) {
    const auto inside = prefix() + "x/";
    const auto beside = prefix() + "x0";
    ASSERT_TRUE(client_.commit({{},
                                {Operation::put(inside + "1", ""), Operation::put(inside + "2", ""),
                                 Operation::put(beside, "")}}));
    ASSERT_TRUE(client_.commit({{}, {Operation::remove_prefix(inside)}}));
    const auto reading = client_.read(ReadScope::prefix, prefix());
    ASSERT_TRUE(reading);
    ASSERT_EQ(reading->records.size(), 1u);
    EXPECT_EQ(reading->records[0].key, beside);
}

TEST_F(EtcdStoreTest, watches_from_a_revision_on_without_splitting_a_commit) {
    const auto first = client_.put(prefix() + "before", "");
    ASSERT_TRUE(first);
    ASSERT_TRUE(client_.commit(
        {{}, {Operation::put(prefix() + "a", "1"), Operation::put(prefix() + "b", "2")}}));

    std::vector<EventBatch> batches;
    WatchHandlers handlers;
    handlers.on_events = [&](const EventBatch& batch) { batches.push_back(batch); };
    auto watch = client_.store().watch(prefix(), first->revision + 1, std::move(handlers));
    ASSERT_TRUE(run_until(loop(), [&] { return !batches.empty(); }));
    ASSERT_EQ(batches[0].events.size(), 2u);
    EXPECT_EQ(batches[0].revision, first->revision + 1);
    EXPECT_EQ(batches[0].events[1].record.value, "2");

    ASSERT_TRUE(client_.commit({{}, {Operation::remove(prefix() + "a")}}));
    ASSERT_TRUE(run_until(loop(), [&] { return batches.size() == 2; }));
    EXPECT_EQ(batches[1].events[0].type, StoreEvent::Type::removed);
    EXPECT_EQ(batches[1].events[0].record.key, prefix() + "a");
    EXPECT_EQ(batches[1].events[0].record.modified, first->revision + 2);

    watch.reset();
    ASSERT_TRUE(client_.put(prefix() + "after", ""));
    ASSERT_TRUE(client_.read(ReadScope::key, prefix() + "after"));
    EXPECT_EQ(batches.size(), 2u);
}

TEST_F(EtcdStoreTest, puts_together_a_commit_that_etcd_cuts_into_fragments) {
    // Above 10.5 MiB in one answer etcd sends fragments: three commits of 5 MB at once.
    const auto now = client_.read(ReadScope::key, prefix())->revision;
    for (int at = 0; at < 3; ++at) {
        Transaction transaction;
        for (int part = 0; part < 50; ++part)
            transaction.then.push_back(
                Operation::put(prefix() + std::to_string(at) + "/" + std::to_string(part),
                               std::string(100'000, 'x')));
        const auto committed = client_.commit(transaction);
        ASSERT_TRUE(committed) << Result<Committed>(committed).error().text;
    }
    std::vector<EventBatch> batches;
    WatchHandlers handlers;
    handlers.on_events = [&](const EventBatch& batch) { batches.push_back(batch); };
    auto watch = client_.store().watch(prefix(), now + 1, std::move(handlers));
    ASSERT_TRUE(
        run_until(loop(), [&] { return !batches.empty() && batches.back().revision == now + 3; }));
    std::size_t events = 0;
    for (const auto& batch : batches) {
        EXPECT_EQ(batch.events.size() % 50, 0u);
        events += batch.events.size();
    }
    EXPECT_EQ(events, 150u);
    // And 15 MB in one answer, more than gRPC takes unasked.
    EXPECT_EQ(client_.read(ReadScope::prefix, prefix())->records.size(), 150u);
}

TEST_F(EtcdStoreTest, history_that_was_compacted_away_is_told_once) {
    const auto first = client_.put(prefix() + "a", "1");
    ASSERT_TRUE(first);
    const auto last = client_.put(prefix() + "a", "2");
    ASSERT_TRUE(last);
    ASSERT_TRUE(client_.await<void>(
        [&](auto done) { client_.store().compact(last->revision, std::move(done)); }));

    std::vector<Revision> lost;
    Held watch;
    WatchHandlers handlers;
    handlers.on_events = [](const EventBatch&) { ADD_FAILURE() << "events of a lost watch"; };
    handlers.on_lost = [&](Revision oldest) {
        lost.push_back(oldest);
        watch.reset();  // letting go within the handler is allowed
    };
    watch = client_.store().watch(prefix(), first->revision, std::move(handlers));
    ASSERT_TRUE(run_until(loop(), [&] { return !lost.empty(); }));
    EXPECT_EQ(lost, std::vector<Revision>{last->revision});
}

TEST_F(EtcdStoreTest, leased_keys_live_as_long_as_the_beats) {
    std::vector<LeaseId> granted;
    LeaseHandlers handlers;
    handlers.on_granted = [&](LeaseId id) { granted.push_back(id); };
    handlers.on_lost = [] { ADD_FAILURE() << "lost in calm"; };
    auto lease = client_.store().keep_lease(Seconds(1), std::move(handlers));
    ASSERT_TRUE(run_until(loop(), [&] { return !granted.empty(); }));
    ASSERT_TRUE(client_.put(prefix() + "k", "v", granted[0]));

    test::run_for(loop(), Milliseconds(3500));  // the lease alone would be over
    EXPECT_EQ(client_.read(ReadScope::key, prefix() + "k")->records.size(), 1u);
    EXPECT_EQ(granted.size(), 1u);

    lease.reset();
    EXPECT_TRUE(run_until(
        loop(), [&] { return client_.read(ReadScope::key, prefix() + "k")->records.empty(); }));
}

TEST_F(EtcdStoreTest, a_revoked_lease_takes_its_keys_along_and_is_granted_anew) {
    std::vector<LeaseId> granted;
    int lost = 0;
    LeaseHandlers handlers;
    handlers.on_granted = [&](LeaseId id) { granted.push_back(id); };
    handlers.on_lost = [&] { ++lost; };
    auto lease = client_.store().keep_lease(Seconds(2), std::move(handlers));
    ASSERT_TRUE(run_until(loop(), [&] { return !granted.empty(); }));
    ASSERT_TRUE(client_.put(prefix() + "k", "v", granted[0]));
    const auto revoke = [&] {
        return client_.await<void>(
            [&](auto done) { client_.store().revoke(granted[0], std::move(done)); });
    };
    EXPECT_TRUE(revoke());
    EXPECT_TRUE(client_.read(ReadScope::key, prefix() + "k")->records.empty());
    EXPECT_EQ(revoke().error().code, Code::missing);
    ASSERT_TRUE(run_until(loop(), [&] { return granted.size() == 2; }));
    EXPECT_EQ(lost, 1);
    EXPECT_NE(granted[0], granted[1]);
}

TEST_F(EtcdStoreTest, a_put_with_a_lease_that_is_gone_is_missing_its_lease) {
    auto result = client_.put(prefix() + "k", "v", 12345);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::missing);
    EXPECT_NE(result.error().text.find("lease not found"), std::string::npos);
}

TEST_F(EtcdStoreTest, takes_as_many_operations_as_it_says_and_refuses_one_more) {
    Transaction transaction;
    for (std::size_t at = 0; at < etcd_operations_max; ++at)
        transaction.then.push_back(Operation::put(prefix() + std::to_string(at), "x"));
    EXPECT_TRUE(client_.commit(transaction));
    transaction.then.push_back(Operation::put(prefix() + "more", "x"));
    auto refused = client_.commit(transaction);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::invalid);
    EXPECT_EQ(refused.error().text,
              "transaction of 10241 operations is too large for the store, which takes 10240 "
              "operations; split it");
}

TEST_F(EtcdStoreTest, takes_as_many_bytes_as_it_says_and_refuses_more) {
    const auto limit = client_.store().limits().bytes_max;
    EXPECT_TRUE(client_.put(prefix() + "big", std::string(limit - 1000, 'x')));
    auto refused = client_.put(prefix() + "bigger", std::string(limit, 'x'));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::invalid);
    EXPECT_NE(refused.error().text.find("too large"), std::string::npos);
    EXPECT_TRUE(client_.put(prefix() + "small", "x"));
}

TEST_F(EtcdStoreTest, the_servers_own_refusal_is_told_as_invalid) {
    auto empty = client_.put("", "x");
    ASSERT_FALSE(empty);
    EXPECT_EQ(empty.error().code, Code::invalid);
    auto twice = client_.commit(
        {{}, {Operation::put(prefix() + "k", "1"), Operation::put(prefix() + "k", "2")}});
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().code, Code::invalid);
    EXPECT_NE(twice.error().text.find("duplicate key"), std::string::npos);
}

TEST_F(EtcdStoreTest, destroying_the_store_cancels_without_answers) {
    Client other(loop(), *rig_);
    ASSERT_TRUE(other.await_state(StoreStatus::State::connected));
    const auto never = [](const auto&...) { ADD_FAILURE() << "answer of a destroyed store"; };
    other.store().read(ReadScope::prefix, "", never);
    other.store().commit({{}, {Operation::put(prefix() + "k", "")}}, never);
    other.store().commit({{}, {Operation::put("", std::string(etcd_bytes_max, 'x'))}}, never);
    WatchHandlers watching;
    watching.on_events = never;
    watching.on_lost = never;
    auto watch = other.store().watch(prefix(), 1, std::move(watching));
    LeaseHandlers leasing;
    leasing.on_granted = never;
    leasing.on_lost = never;
    auto lease = other.store().keep_lease(Seconds(5), std::move(leasing));
    other.destroy();
    test::run_for(loop(), Milliseconds(200));
    watch.reset();  // handles may outlive the store
    lease.reset();
}

}  // namespace
}  // namespace hansa
