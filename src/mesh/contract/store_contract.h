// What every side of the Store port must do, as one suite of tests.
//
// A side gives a StoreBench and instantiates the suite in a test of its own:
//
//     INSTANTIATE_TEST_SUITE_P(Memory, StoreContract, ::testing::Values(&make_memory_bench));
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mesh/store.h"

namespace hansa {

// A fresh, empty store of the side under test, and the means to move it. One per test.
class StoreBench {
 public:
    virtual ~StoreBench() = default;

    // One more client, already or soon connected. Destroyed by the test before the bench.
    virtual std::unique_ptr<Store> connect() = 0;

    // Runs the loop until `done` holds; false when that takes far too long.
    virtual bool run_until(const std::function<bool()>& done) = 0;

    // Lets about that much time pass, the loop running.
    virtual void run_for(Duration duration) = 0;

    // Forgets the history before `at`, as an operator would.
    virtual void compact(Revision at) = 0;

    // The store is away for everybody, and back with all it held.
    virtual void begin_outage() = 0;
    virtual void end_outage() = 0;

    // A time to live that is short, but surely outlives a pause of this machine.
    virtual Seconds short_ttl() const = 0;
};

using StoreBenchFactory = std::unique_ptr<StoreBench> (*)();

class StoreContract : public ::testing::TestWithParam<StoreBenchFactory> {
 protected:
    StoreContract() : bench(GetParam()()), store(bench->connect()) {}

    // Waits for an answer; a test that gets none fails and goes on with an error.
    template <class T>
    Result<T> await(const std::function<void(Store::Done<T>)>& ask) {
        auto answers = std::make_shared<std::vector<Result<T>>>();
        ask([answers](Result<T> answer) { answers->push_back(std::move(answer)); });
        EXPECT_TRUE(answers->empty()) << "answered from within the call";
        if (!bench->run_until([&] { return !answers->empty(); })) {
            ADD_FAILURE() << "no answer";
            return Error{Code::internal, "no answer"};
        }
        EXPECT_EQ(answers->size(), 1u);
        return std::move(answers->front());
    }

    Result<Reading> read(const std::string& key, ReadScope scope = ReadScope::key) {
        return await<Reading>([&](auto done) { store->read(scope, key, std::move(done)); });
    }
    Result<Committed> commit(Transaction transaction) {
        return await<Committed>(
            [&](auto done) { store->commit(std::move(transaction), std::move(done)); });
    }
    Result<Committed> put(const std::string& key, const std::string& value, LeaseId lease = 0) {
        return commit({{}, {Operation::put(key, value, lease)}});
    }
    Result<void> revoke(LeaseId lease) {
        return await<void>([&](auto done) { store->revoke(lease, std::move(done)); });
    }
    // The value, or "(none)".
    std::string value_of(const std::string& key) {
        auto reading = read(key);
        if (!reading) return reading.error().text;
        return reading->records.empty() ? "(none)" : reading->records[0].value;
    }

    std::unique_ptr<StoreBench> bench;
    std::unique_ptr<Store> store;
};

// What a watch told: "+key=value" and "-key", and whether its history was lost.
struct WatchLog {
    std::vector<std::string> lines;
    std::vector<Revision> batches;
    std::optional<Revision> lost;

    WatchHandlers handlers() {
        return {[this](const EventBatch& batch) { add(batch); },
                [this](Revision oldest) { lost = oldest; }};
    }
    void add(const EventBatch& batch) {
        ASSERT_FALSE(batch.events.empty());
        for (const StoreEvent& event : batch.events) {
            const bool is_put = event.type == StoreEvent::Type::put;
            lines.push_back(is_put ? "+" + event.record.key + "=" + event.record.value
                                   : "-" + event.record.key);
            ASSERT_LE(event.record.modified, batch.revision);
        }
        if (!batches.empty()) {
            ASSERT_GT(batch.revision, batches.back());
        }
        batches.push_back(batch.revision);
    }
    using Lines = std::vector<std::string>;
};

struct LeaseLog {
    std::vector<LeaseId> granted;
    int lost = 0;

    LeaseHandlers handlers() {
        return {[this](LeaseId lease) { granted.push_back(lease); }, [this] { ++lost; }};
    }
};

TEST_P(StoreContract, keeps_what_was_put_with_its_revisions) {
    const auto first = put("/k/a", "one");
    ASSERT_TRUE(first);
    EXPECT_TRUE(first->applied);
    const auto second = put("/k/a", "two");
    ASSERT_TRUE(second);
    EXPECT_EQ(second->revision, first->revision + 1);

    const auto reading = read("/k/a");
    ASSERT_TRUE(reading);
    EXPECT_EQ(reading->revision, second->revision);
    ASSERT_EQ(reading->records.size(), 1u);
    EXPECT_EQ(reading->records[0], (Record{"/k/a", "two", first->revision, second->revision, 0}));
    EXPECT_EQ(value_of("/k/none"), "(none)");
}

TEST_P(StoreContract, reads_a_prefix_in_the_order_of_keys) {
    ASSERT_TRUE(commit({{},
                        {Operation::put("/k/b", "2"), Operation::put("/k/a", "1"),
                         Operation::put("/k0", "no"), Operation::put("/j", "no")}}));
    const auto reading = read("/k/", ReadScope::prefix);
    ASSERT_TRUE(reading);
    ASSERT_EQ(reading->records.size(), 2u);
    EXPECT_EQ(reading->records[0].key, "/k/a");
    EXPECT_EQ(reading->records[1].key, "/k/b");
    EXPECT_EQ(reading->records[0].created, reading->records[1].created);
    EXPECT_EQ(read("/none/", ReadScope::prefix)->records.size(), 0u);
}

TEST_P(StoreContract, bytes_of_any_sort_survive) {
    const std::string odd("\0\xff\n\"/..\x80", 8);
    ASSERT_TRUE(put("/k/" + odd, odd));
    EXPECT_EQ(value_of("/k/" + odd), odd);
    ASSERT_TRUE(put("/k/empty", ""));
    EXPECT_EQ(value_of("/k/empty"), "");
    // Its prefix ends in the greatest byte: the end of the range must not run over.
    ASSERT_TRUE(put("/k/\xff\xff", "x"));
    ASSERT_TRUE(put("/l", "no"));
    EXPECT_EQ(read("/k/\xff", ReadScope::prefix)->records.size(), 1u);
}

TEST_P(StoreContract, a_transaction_is_done_whole_or_not_at_all) {
    const auto first = put("/k/a", "one");
    ASSERT_TRUE(first);
    const auto refused = commit({{Compare::absent("/k/b"), Compare::absent("/k/a")},
                                 {Operation::put("/k/b", "x"), Operation::remove("/k/a")}});
    ASSERT_TRUE(refused);
    EXPECT_FALSE(refused->applied);
    EXPECT_EQ(refused->revision, first->revision);
    EXPECT_EQ(value_of("/k/a"), "one");
    EXPECT_EQ(value_of("/k/b"), "(none)");

    const auto done = commit({{Compare::absent("/k/b"), Compare::holds("/k/a", "one")},
                              {Operation::put("/k/b", "x"), Operation::remove("/k/a")}});
    ASSERT_TRUE(done);
    EXPECT_TRUE(done->applied);
    EXPECT_EQ(done->revision, first->revision + 1);
    EXPECT_EQ(value_of("/k/a"), "(none)");
    EXPECT_EQ(value_of("/k/b"), "x");
}

TEST_P(StoreContract, comparisons_mean_what_they_say) {
    const Revision made = put("/k/a", "one")->revision;
    const Revision changed = put("/k/a", "two")->revision;
    auto holds = [&](Compare compare) { return commit({{std::move(compare)}, {}})->applied; };
    EXPECT_TRUE(holds(Compare::created("/k/a", made)));
    EXPECT_FALSE(holds(Compare::created("/k/a", changed)));
    EXPECT_TRUE(holds(Compare::modified("/k/a", changed)));
    EXPECT_FALSE(holds(Compare::modified("/k/a", made)));
    EXPECT_TRUE(holds(Compare::holds("/k/a", "two")));
    EXPECT_FALSE(holds(Compare::holds("/k/a", "one")));
    EXPECT_FALSE(holds(Compare::absent("/k/a")));
    EXPECT_TRUE(holds(Compare::absent("/k/none")));
    EXPECT_FALSE(holds(Compare::holds("/k/none", "")));
    EXPECT_TRUE(holds(Compare::modified("/k/none", 0)));
}

TEST_P(StoreContract, what_changes_nothing_is_no_commit) {
    const Revision before = put("/k/a", "one")->revision;
    const auto nothing = commit({{}, {Operation::remove("/k/none")}});
    ASSERT_TRUE(nothing);
    EXPECT_TRUE(nothing->applied);
    EXPECT_EQ(nothing->revision, before);
    EXPECT_EQ(commit({{}, {Operation::remove_prefix("/none/")}})->revision, before);
}

TEST_P(StoreContract, removes_a_prefix_and_nothing_beside_it) {
    ASSERT_TRUE(commit({{},
                        {Operation::put("/k/a", "1"), Operation::put("/k/b", "2"),
                         Operation::put("/k", "3"), Operation::put("/k0", "4")}}));
    ASSERT_TRUE(commit({{}, {Operation::remove_prefix("/k/")}}));
    EXPECT_EQ(read("/k", ReadScope::prefix)->records.size(), 2u);
    EXPECT_EQ(value_of("/k/a"), "(none)");
}

TEST_P(StoreContract, refuses_transactions_that_contradict_themselves) {
    const auto twice = commit({{}, {Operation::put("/k/a", "1"), Operation::put("/k/a", "2")}});
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().code, Code::invalid);
    const auto both = commit({{}, {Operation::put("/k/a", "1"), Operation::remove_prefix("/k/")}});
    ASSERT_FALSE(both);
    EXPECT_EQ(both.error().code, Code::invalid);
    const auto nameless = put("", "x");
    ASSERT_FALSE(nameless);
    EXPECT_EQ(nameless.error().code, Code::invalid);
    EXPECT_EQ(value_of("/k/a"), "(none)");
}

TEST_P(StoreContract, refuses_what_exceeds_its_limits) {
    const StoreLimits limits = store->limits();
    Transaction many;
    for (std::size_t i = 0; i <= limits.operations_max; ++i)
        many.then.push_back(Operation::put("/k/" + std::to_string(i), "x"));
    const auto too_many = commit(many);
    ASSERT_FALSE(too_many);
    EXPECT_EQ(too_many.error().code, Code::invalid);
    many.then.pop_back();
    const auto just_so = commit(many);
    ASSERT_TRUE(just_so) << just_so.error().text;
    EXPECT_TRUE(just_so->applied);

    const auto too_big = put("/k/big", std::string(limits.bytes_max + 1, 'x'));
    ASSERT_FALSE(too_big);
    EXPECT_EQ(too_big.error().code, Code::invalid);
    EXPECT_TRUE(put("/k/big", std::string(limits.bytes_max - 1024, 'x')));
}

TEST_P(StoreContract, clients_see_each_other) {
    auto other = bench->connect();
    ASSERT_TRUE(put("/k/a", "one"));
    const auto seen =
        await<Reading>([&](auto done) { other->read(ReadScope::key, "/k/a", std::move(done)); });
    ASSERT_TRUE(seen);
    ASSERT_EQ(seen->records.size(), 1u);
    EXPECT_EQ(seen->records[0].value, "one");
}

TEST_P(StoreContract, of_two_that_claim_a_key_one_gets_it) {
    auto other = bench->connect();
    std::vector<bool> applied;
    auto claim = [&](Store& by, const char* who) {
        by.commit({{Compare::absent("/k/claim")}, {Operation::put("/k/claim", who)}},
                  [&](Result<Committed> done) { applied.push_back(done && done->applied); });
    };
    claim(*store, "a");
    claim(*other, "b");
    ASSERT_TRUE(bench->run_until([&] { return applied.size() == 2; }));
    EXPECT_NE(applied[0], applied[1]);
}

TEST_P(StoreContract, a_watch_replays_history_and_goes_on_live) {
    const Revision first = put("/w/a", "1")->revision;
    ASSERT_TRUE(put("/other", "x"));
    ASSERT_TRUE(put("/w/a", "2"));
    WatchLog log;
    const Held watch = store->watch("/w/", first, log.handlers());
    ASSERT_TRUE(bench->run_until([&] { return log.lines.size() >= 2; }));
    const Revision last = commit({{}, {Operation::remove("/w/a")}})->revision;
    ASSERT_TRUE(bench->run_until([&] { return log.lines.size() >= 3; }));
    EXPECT_EQ(log.lines, (WatchLog::Lines{"+/w/a=1", "+/w/a=2", "-/w/a"}));
    EXPECT_EQ(log.batches.back(), last);
    EXPECT_FALSE(log.lost);
}

TEST_P(StoreContract, a_watch_from_the_future_tells_nothing_of_the_past) {
    const Revision now = put("/w/a", "1")->revision;
    WatchLog log;
    const Held watch = store->watch("/w/", now + 1, log.handlers());
    ASSERT_TRUE(put("/w/b", "2"));
    ASSERT_TRUE(bench->run_until([&] { return !log.lines.empty(); }));
    EXPECT_EQ(log.lines, (WatchLog::Lines{"+/w/b=2"}));
}

TEST_P(StoreContract, a_watch_from_the_present_says_when_it_began_and_misses_nothing_since) {
    const Revision before = put("/w/a", "1")->revision;
    WatchLog log;
    std::vector<Revision> begun;
    WatchHandlers handlers = log.handlers();
    handlers.on_begun = [&](Revision since) { begun.push_back(since); };
    const Held watch = store->watch("/w/", 0, std::move(handlers));
    ASSERT_TRUE(bench->run_until([&] { return !begun.empty(); }));
    EXPECT_GE(begun[0], before);
    EXPECT_TRUE(log.lines.empty());
    ASSERT_TRUE(put("/w/b", "2"));
    ASSERT_TRUE(bench->run_until([&] { return !log.lines.empty(); }));
    EXPECT_EQ(log.lines, (WatchLog::Lines{"+/w/b=2"}));
    EXPECT_EQ(begun.size(), 1U);
}

TEST_P(StoreContract, a_commit_comes_in_one_batch_and_only_what_the_prefix_covers) {
    const Revision from = put("/x", "x")->revision + 1;
    WatchLog log;
    std::vector<std::size_t> sizes;
    const Held watch = store->watch("/w/", from,
                                    {[&](const EventBatch& batch) {
                                         sizes.push_back(batch.events.size());
                                         log.add(batch);
                                     },
                                     [](Revision) { ADD_FAILURE() << "lost"; }});
    Transaction many;
    for (int i = 0; i < 50; ++i)
        many.then.push_back(Operation::put("/w/" + std::to_string(100 + i), "v"));
    many.then.push_back(Operation::put("/v", "v"));
    ASSERT_TRUE(commit(many));
    ASSERT_TRUE(bench->run_until([&] { return log.lines.size() >= 50; }));
    EXPECT_EQ(sizes, (std::vector<std::size_t>{50}));
}

TEST_P(StoreContract, a_dropped_watch_is_silent) {
    const Revision from = put("/w/a", "1")->revision;
    WatchLog dropped;
    WatchLog kept;
    Held first = store->watch("/w/", from, dropped.handlers());
    const Held second = store->watch("/w/", from, kept.handlers());
    first.reset();
    ASSERT_TRUE(put("/w/b", "2"));
    ASSERT_TRUE(bench->run_until([&] { return kept.lines.size() == 2; }));
    EXPECT_TRUE(dropped.lines.empty());
}

TEST_P(StoreContract, a_watch_may_be_dropped_from_within_its_own_call) {
    const Revision from = put("/w/a", "1")->revision;
    Held watch;
    int calls = 0;
    watch = store->watch("/w/", from,
                         {[&](const EventBatch&) {
                              ++calls;
                              watch.reset();
                          },
                          [](Revision) {}});
    ASSERT_TRUE(bench->run_until([&] { return calls == 1; }));
    ASSERT_TRUE(put("/w/b", "2"));
    EXPECT_EQ(value_of("/w/b"), "2");
    EXPECT_EQ(calls, 1);
}

TEST_P(StoreContract, a_watch_whose_history_is_gone_says_so_and_ends) {
    const Revision from = put("/w/a", "1")->revision;
    ASSERT_TRUE(put("/w/a", "2"));
    const Revision now = put("/w/a", "3")->revision;
    bench->compact(now);
    WatchLog log;
    Held watch = store->watch("/w/", from, log.handlers());
    ASSERT_TRUE(bench->run_until([&] { return log.lost.has_value(); }));
    EXPECT_GT(*log.lost, from);
    EXPECT_LE(*log.lost, now + 1);
    ASSERT_TRUE(put("/w/a", "4"));

    // As the handler's comment says: read all, watch anew from there.
    const auto reading = read("/w/", ReadScope::prefix);
    ASSERT_TRUE(reading);
    WatchLog anew;
    watch = store->watch("/w/", reading->revision + 1, anew.handlers());
    ASSERT_TRUE(put("/w/a", "5"));
    ASSERT_TRUE(bench->run_until([&] { return !anew.lines.empty(); }));
    EXPECT_EQ(anew.lines, (WatchLog::Lines{"+/w/a=5"}));
    EXPECT_TRUE(log.lines.empty());
}

TEST_P(StoreContract, a_watch_goes_on_after_an_outage_without_gap_or_repeat) {
    const Revision from = put("/w/0", "x")->revision;
    WatchLog log;
    const Held watch = store->watch("/w/", from, log.handlers());
    ASSERT_TRUE(put("/w/1", "x"));
    ASSERT_TRUE(bench->run_until([&] { return log.lines.size() == 2; }));
    bench->begin_outage();
    bench->run_for(Milliseconds{300});
    bench->end_outage();
    ASSERT_TRUE(bench->run_until([&] { return put("/w/2", "x") ? true : false; }));
    ASSERT_TRUE(put("/w/3", "x"));
    ASSERT_TRUE(bench->run_until([&] { return log.lines.size() >= 4; }));
    EXPECT_EQ(log.lines, (WatchLog::Lines{"+/w/0=x", "+/w/1=x", "+/w/2=x", "+/w/3=x"}));
    EXPECT_FALSE(log.lost);
}

TEST_P(StoreContract, while_it_is_away_requests_fail_in_time_and_the_status_tells) {
    ASSERT_TRUE(put("/k/a", "one"));
    ASSERT_TRUE(
        bench->run_until([&] { return store->status().state == StoreStatus::State::connected; }));
    std::vector<StoreStatus::State> states;
    store->on_status([&](const StoreStatus& status) { states.push_back(status.state); });
    bench->begin_outage();
    const auto answer = read("/k/a");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::unavailable);
    EXPECT_FALSE(answer.error().text.empty());
    ASSERT_TRUE(
        bench->run_until([&] { return store->status().state == StoreStatus::State::away; }));
    EXPECT_FALSE(store->status().detail.empty());

    bench->end_outage();
    ASSERT_TRUE(bench->run_until([&] { return read("/k/a") ? true : false; }));
    ASSERT_TRUE(
        bench->run_until([&] { return store->status().state == StoreStatus::State::connected; }));
    EXPECT_EQ(value_of("/k/a"), "one");
    ASSERT_GE(states.size(), 2u);
    EXPECT_EQ(states.back(), StoreStatus::State::connected);
}

TEST_P(StoreContract, a_lease_lives_while_it_is_kept_and_its_keys_end_with_it) {
    LeaseLog log;
    Held lease = store->keep_lease(bench->short_ttl(), log.handlers());
    ASSERT_TRUE(bench->run_until([&] { return log.granted.size() == 1; }));
    ASSERT_TRUE(put("/k/leased", "x", log.granted[0]));
    ASSERT_TRUE(put("/k/free", "x"));
    EXPECT_EQ(read("/k/leased")->records.at(0).lease, log.granted[0]);
    bench->run_for(Duration{bench->short_ttl()} * 2);
    EXPECT_EQ(value_of("/k/leased"), "x");

    WatchLog watched;
    const Held watch = store->watch("/k/", read("/k/free")->revision + 1, watched.handlers());
    lease.reset();
    ASSERT_TRUE(bench->run_until([&] { return !watched.lines.empty(); }));
    EXPECT_EQ(watched.lines, (WatchLog::Lines{"-/k/leased"}));
    EXPECT_EQ(value_of("/k/leased"), "(none)");
    EXPECT_EQ(value_of("/k/free"), "x");
    EXPECT_EQ(log.lost, 0);
}

TEST_P(StoreContract, a_revoked_lease_takes_its_keys_along_and_is_asked_for_anew) {
    LeaseLog log;
    const Held lease = store->keep_lease(bench->short_ttl(), log.handlers());
    ASSERT_TRUE(bench->run_until([&] { return log.granted.size() == 1; }));
    ASSERT_TRUE(put("/k/leased", "x", log.granted[0]));
    ASSERT_TRUE(revoke(log.granted[0]));
    EXPECT_EQ(value_of("/k/leased"), "(none)");
    ASSERT_TRUE(bench->run_until([&] { return log.granted.size() == 2; }));
    EXPECT_EQ(log.lost, 1);
    EXPECT_NE(log.granted[0], log.granted[1]);
    EXPECT_TRUE(put("/k/leased", "y", log.granted[1]));
}

TEST_P(StoreContract, a_lease_that_has_ended_is_missing) {
    const auto refused = put("/k/a", "x", 123456789);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::missing);
    const auto unknown = revoke(123456789);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, Code::missing);
    EXPECT_EQ(value_of("/k/a"), "(none)");
}

TEST_P(StoreContract, destroying_a_client_cancels_without_answers) {
    auto other = bench->connect();
    bool answered = false;
    other->read(ReadScope::key, "/k/a", [&](Result<Reading>) { answered = true; });
    other->commit({{}, {Operation::put("/k/a", "x")}}, [&](Result<Committed>) { answered = true; });
    other.reset();
    ASSERT_TRUE(put("/k/b", "x"));
    bench->run_for(Milliseconds{50});
    EXPECT_FALSE(answered);
}

}  // namespace hansa
