#include "mesh/kv.h"

#include "mesh/store_testing.h"
#include "sys/sim/workers.h"

namespace hansa {
namespace {

using testing::host;

class Values : public testing::StoreTest {
 protected:
    // Runs in a worker, as a resource would.
    void work(Workers::Work body) {
        bool done = false;
        auto cancel = workers.run(std::move(body), [&done] { done = true; });
        ASSERT_TRUE(reaches([&] { return done; }));
    }

    SimWorkers workers{loop, 9};
    StoreKeyValue values{loop, store, host("me")};
    ValueWatch watch{loop, store, random, host("me")};
};

TEST_F(Values, are_read_written_and_removed_by_comparison) {
    work([this](Task& task) {
        EXPECT_EQ(*values.get("stage", task), std::nullopt);
        EXPECT_TRUE(*values.put("stage", "1", std::nullopt, task));
        EXPECT_EQ(*values.get("stage", task), "1");
        EXPECT_FALSE(*values.put("stage", "2", std::nullopt, task));
        EXPECT_FALSE(*values.put("stage", "2", "0", task));
        EXPECT_TRUE(*values.put("stage", "2", "1", task));
        EXPECT_TRUE(*values.put("stage", std::nullopt, "2", task));
        EXPECT_EQ(*values.get("stage", task), std::nullopt);
    });
}

TEST_F(Values, stand_below_kv_with_any_name_and_one_for_each_host) {
    work([this](Task& task) {
        EXPECT_TRUE(*values.put("a b/c", "x", std::nullopt, task));
        EXPECT_TRUE(*values.put("mapped/", "y", std::nullopt, task));
        EXPECT_EQ(*values.get("mapped/", task), "y");
        const auto refused = values.put(std::string(9000, 'k'), "z", std::nullopt, task);
        EXPECT_FALSE(refused);
    });
    EXPECT_EQ(stored("/hansa/v1/kv/a%20b%2Fc"), "x");
    EXPECT_EQ(stored("/hansa/v1/kv/mapped%2Fme"), "y");
}

TEST_F(Values, a_store_that_is_away_is_an_error_within_its_deadline) {
    store.go_away();
    const Instant begun = loop.clock().now();
    work([this](Task& task) {
        const auto found = values.get("k", task);
        ASSERT_FALSE(found);
        EXPECT_EQ(found.error().code, Code::unavailable);
    });
    EXPECT_LT(loop.clock().now() - begun, Seconds{10});
}

TEST_F(Values, a_cancelled_task_waits_no_longer) {
    store.go_away();
    bool done = false;
    Code code = Code::internal;
    auto cancel = workers.run([&](Task& task) { code = values.get("k", task).error().code; },
                              [&] { done = true; });
    loop.run_for(Milliseconds{100});
    cancel->cancel();
    const Instant cancelled = loop.clock().now();
    ASSERT_TRUE(reaches([&] { return done; }));
    EXPECT_EQ(code, Code::cancelled);
    EXPECT_LT(loop.clock().now() - cancelled, Milliseconds{100});
    loop.run_for(Seconds{20});  // the answer comes to nobody
}

TEST_F(Values, are_watched_by_key_through_one_watch) {
    int first = 0;
    int second = 0;
    const Held one = watch.watch_key("one", [&] { ++first; });
    const Held two = watch.watch_key("two/", [&] { ++second; });
    ASSERT_TRUE(reaches([&] { return first == 1 && second == 1; }));
    EXPECT_EQ(cluster.reads(), 1U);
    write("/hansa/v1/kv/one", "x");
    write("/hansa/v1/kv/other", "x");
    ASSERT_TRUE(reaches([&] { return first == 2; }));
    write("/hansa/v1/kv/two%2Fme", "x");
    ASSERT_TRUE(reaches([&] { return second == 2; }));
    EXPECT_EQ(first, 2);
}

TEST_F(Values, nobody_listening_is_nothing_watched) {
    int changes = 0;
    Held held = watch.watch_key("one", [&] { ++changes; });
    ASSERT_TRUE(reaches([&] { return changes == 1; }));
    held.reset();
    loop.run_for(Seconds{1});
    write("/hansa/v1/kv/one", "x");
    loop.run_for(Seconds{10});
    EXPECT_EQ(changes, 1);
    held = watch.watch_key("one", [&] { ++changes; });
    ASSERT_TRUE(reaches([&] { return changes == 2; }));
    write("/hansa/v1/kv/one", "y");
    ASSERT_TRUE(reaches([&] { return changes == 3; }));
}

TEST_F(Values, a_watch_outlives_outage_and_lost_history) {
    int changes = 0;
    const Held held = watch.watch_key("one", [&] { ++changes; });
    ASSERT_TRUE(reaches([&] { return changes == 1; }));
    store.go_away();
    loop.run_for(Seconds{10});
    write("/hansa/v1/kv/one", "x");
    write("/hansa/v1/kv/one", "y");
    cluster.compact(cluster.revision());
    store.come_back();
    ASSERT_TRUE(reaches([&] { return changes == 2; }));
    write("/hansa/v1/kv/one", "z");
    ASSERT_TRUE(reaches([&] { return changes == 3; }));
}

TEST_F(Values, a_listener_may_end_itself_and_outlive_the_watch) {
    Held held;
    int changes = 0;
    auto own = std::make_unique<ValueWatch>(loop, store, random, host("me"));
    held = own->watch_key("one", [&] {
        ++changes;
        const Held ended = std::move(held);
    });
    ASSERT_TRUE(reaches([&] { return changes == 1; }));
    const Held other = own->watch_key("one", [&] { ++changes; });
    own.reset();
    loop.run_for(Seconds{1});
    EXPECT_EQ(changes, 1);
}

}  // namespace
}  // namespace hansa
