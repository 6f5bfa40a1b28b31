#include "mesh/collect.h"

#include "mesh/store_testing.h"

namespace hansa {
namespace {

using testing::collect;
using testing::file;
using testing::host;

class Collecting : public testing::StoreTest {
 protected:
    Collecting() {
        CollectorEvents events;
        events.on_amendment = [this](const Amendment& amendment) {
            ++amendments;
            for (const InstanceId& id : amendment.removals) EXPECT_EQ(held.erase(id), 1U);
            for (const Declaration& each : amendment.upserts)
                held[each.instance()] = each.fields.find("content")->scalar().text;
        };
        events.on_moved = [] {};
        collector.emplace(loop, store, random, catalog, report, host("me"), CollectorTimes{},
                          keeper, testing::anything(), std::move(events));
        collector->use(testing::terms());
        store.on_status([this](const StoreStatus& status) { collector->store_is(status.state); });
    }

    // A peer that exports and lives.
    void export_from(const std::string& from, const Wanted& wanted) {
        commit(agents.put(from, wanted, loop.clock().wall()));
    }
    void withdraw(const std::string& from, const std::string& file_name) {
        commit(agents.remove(from, {"file", file_name}, loop.clock().wall()));
    }
    void commit(std::vector<Operation> operations) {
        if (operations.empty()) return;
        ASSERT_TRUE(cluster.commit({{}, std::move(operations)}));
    }
    void live(const std::string& name) { write("/hansa/v1/peers/" + name, "{}"); }
    void die(const std::string& name) { erase("/hansa/v1/peers/" + name); }

    std::string picture() const {
        std::string text;
        for (const auto& [id, what] : held)
            text += id.exporter + ":" + id.resource.name + "=" + what + " ";
        return text;
    }
    bool folds() {
        return reaches([&] { return collector->folded(cluster.revision()); });
    }

    Catalog catalog = testing::two_kinds();
    MemoryKeeper keeper;
    testing::Agents agents;
    std::map<InstanceId, std::string> held;
    int amendments = 0;
    std::optional<Collector> collector;
};

TEST_F(Collecting, nothing_asked_for_is_nothing_read) {
    export_from("a", file("f1", "1"));
    loop.run_for(Seconds{1000});
    EXPECT_EQ(cluster.reads(), 0U);
    EXPECT_TRUE(collector->folded(100));
}

TEST_F(Collecting, what_is_there_and_what_comes) {
    live("a");
    export_from("a", file("f1", "1"));
    collector->want({collect("file")});
    EXPECT_FALSE(collector->folded(0));
    ASSERT_TRUE(folds());
    EXPECT_EQ(picture(), "a:f1=1 ");
    export_from("a", file("f2", "2"));
    ASSERT_TRUE(reaches([&] { return held.size() == 2; }));
    withdraw("a", "f1");
    ASSERT_TRUE(reaches([&] { return held.size() == 1; }));
    EXPECT_EQ(amendments, 3);
    const auto told = feed.all<happened::Collected>();
    ASSERT_EQ(told.size(), 3U);
    EXPECT_EQ(told[2].resources, 1U);
    EXPECT_EQ(told[2].withdrawn, 1U);
}

TEST_F(Collecting, is_not_folded_before_its_own_publication_came_round) {
    collector->want({collect("file")});
    ASSERT_TRUE(folds());
    export_from("me", file("f1", "1"));
    EXPECT_FALSE(collector->folded(cluster.revision()));
    ASSERT_TRUE(folds());
    EXPECT_EQ(picture(), "me:f1=1 ");
}

TEST_F(Collecting, other_kinds_and_the_same_again_change_nothing) {
    live("a");
    collector->want({collect("file")});
    export_from("a", file("f1", "1"));
    ASSERT_TRUE(reaches([&] { return held.size() == 1; }));
    export_from("a", {{"noop", "n"}, Value::of_map({}), {}});
    export_from("a", file("f1", "1"));
    write("/hansa/v1/exports/a/file/broken", "}");
    loop.run_for(Seconds{10});
    EXPECT_EQ(amendments, 1);
    EXPECT_EQ(feed.refused("digest"), 1U);
    EXPECT_EQ(picture(), "a:f1=1 ");
}

TEST_F(Collecting, new_requests_are_answered_from_the_copy_while_the_store_is_away) {
    live("a");
    export_from("a", file("f1", "1"));
    export_from("a", file("g1", "2"));
    collector->want({collect("file", "", "f*")});
    ASSERT_TRUE(folds());
    store.go_away();
    loop.run_for(Seconds{10});
    collector->want({collect("file", "", "g*")});
    EXPECT_TRUE(reaches([&] { return picture() == "a:g1=2 "; }));
}

TEST_F(Collecting, what_one_turn_of_the_loop_brings_is_told_at_once) {
    live("a");
    export_from("a", file("f1", "1"));
    export_from("a", file("g1", "2"));
    collector->want({collect("file", "", "f*")});
    ASSERT_TRUE(folds());
    collector->want({collect("file", "", "g*")});
    collector->want({collect("file", "", "?1")});
    EXPECT_EQ(picture(), "a:f1=1 ") << "not from within the call";
    EXPECT_FALSE(collector->folded(0)) << "what is not told yet is not folded";
    ASSERT_TRUE(folds());
    EXPECT_EQ(picture(), "a:f1=1 a:g1=2 ");
    EXPECT_EQ(amendments, 2);
}

TEST_F(Collecting, keeps_what_it_knows_while_the_store_is_away_and_catches_up) {
    live("a");
    export_from("a", file("f1", "1"));
    collector->want({collect("file")});
    ASSERT_TRUE(folds());
    store.go_away();
    export_from("a", file("f1", "2"));
    export_from("a", file("f2", "2"));
    loop.run_for(Seconds{3600});
    EXPECT_EQ(picture(), "a:f1=1 ");
    commit(agents.renew("a", loop.clock().wall()));
    store.come_back();
    ASSERT_TRUE(reaches([&] { return held.size() == 2; }));
    EXPECT_EQ(picture(), "a:f1=2 a:f2=2 ");
}

TEST_F(Collecting, exports_of_a_dead_peer_go_stale_expire_and_return) {
    live("a");
    live("b");
    export_from("a", file("f1", "1"));
    export_from("b", file("f2", "2"));
    collector->want({collect("file")});
    ASSERT_TRUE(folds());
    loop.run_for(Seconds{60});
    EXPECT_TRUE(collector->stale().empty());

    die("a");
    loop.run_for(Seconds{590});
    ASSERT_EQ(collector->stale().size(), 1U);
    EXPECT_EQ(collector->stale()[0].host, "a");
    EXPECT_EQ(collector->stale()[0].life, Life::stale);
    EXPECT_EQ(picture(), "a:f1=1 b:f2=2 ");

    loop.run_for(Seconds{20});
    EXPECT_EQ(collector->stale()[0].life, Life::expired);
    EXPECT_EQ(picture(), "b:f2=2 ");

    live("a");
    ASSERT_TRUE(reaches([&] { return held.size() == 2; }));
    EXPECT_TRUE(collector->stale().empty());
    EXPECT_EQ(amendments, 3);
}

TEST_F(Collecting, a_peer_that_returns_within_the_grace_changes_nothing) {
    live("a");
    export_from("a", file("f1", "1"));
    collector->want({collect("file")});
    ASSERT_TRUE(folds());
    die("a");
    loop.run_for(Seconds{500});
    live("a");
    loop.run_for(Seconds{2000});
    EXPECT_EQ(amendments, 1);
    EXPECT_TRUE(collector->stale().empty());
}

TEST_F(Collecting, exports_without_a_peer_count_from_first_sight) {
    export_from("a", file("f1", "1"));
    collector->want({collect("file")});
    ASSERT_TRUE(folds());
    loop.run_for(Seconds{1});
    EXPECT_EQ(collector->stale().size(), 1U);
    loop.run_for(Seconds{590});
    EXPECT_EQ(held.size(), 1U);
    loop.run_for(Seconds{20});
    EXPECT_EQ(held.size(), 0U);
    // Its records may be deleted now, and the host forgotten.
    erase("/hansa/v1/exports/a/file/f1");
    erase("/hansa/v1/exports/a/@manifest");
    loop.run_for(Seconds{1});
    EXPECT_TRUE(collector->stale().empty());
    agents.restart("a");
    export_from("a", file("f1", "1"));
    ASSERT_TRUE(reaches([&] { return held.size() == 1; }));
}

TEST_F(Collecting, nothing_is_read_any_more_once_nothing_is_asked_for) {
    live("a");
    export_from("a", file("f1", "1"));
    collector->want({collect("file")});
    ASSERT_TRUE(folds());
    collector->want({});
    loop.run_for(Seconds{1});
    EXPECT_EQ(picture(), "");
    const auto reads = cluster.reads();
    export_from("a", file("f1", "2"));
    die("a");
    loop.run_for(Seconds{1000});
    EXPECT_EQ(cluster.reads(), reads);
    EXPECT_TRUE(collector->stale().empty());

    live("a");
    commit(agents.renew("a", loop.clock().wall()));
    collector->want({collect("file")});
    ASSERT_TRUE(folds());
    loop.run_for(Seconds{1});
    EXPECT_EQ(picture(), "a:f1=2 ");
}

TEST_F(Collecting, a_peer_that_goes_expires_and_returns_is_told_each_time) {
    live("a");
    export_from("a", file("f1", "1"));
    collector->want({collect("file")});
    ASSERT_TRUE(folds());
    using State = happened::PeerTurned::State;
    const auto told = [this] {
        std::vector<State> states;
        for (const auto& turn : feed.all<happened::PeerTurned>()) {
            EXPECT_EQ(turn.host, "a");
            states.push_back(turn.state);
        }
        return states;
    };
    EXPECT_TRUE(told().empty());
    die("a");
    loop.run_for(Seconds{3});
    ASSERT_EQ(told(), std::vector{State::stale});
    EXPECT_EQ(feed.all<happened::PeerTurned>()[0].grace, Seconds{600});
    loop.run_for(Seconds{700});
    EXPECT_EQ(told(), (std::vector{State::stale, State::expired}));
    live("a");
    loop.run_for(Seconds{3});
    EXPECT_EQ(told(), (std::vector{State::stale, State::expired, State::back}));
    die("a");
    loop.run_for(Seconds{3});
    withdraw("a", "f1");
    loop.run_for(Seconds{3});
    EXPECT_EQ(told().size(), 5U);
    EXPECT_EQ(told().back(), State::forgotten) << "it exports nothing any more";
    EXPECT_TRUE(report.snapshot().absent_hosts.empty());
}

TEST_F(Collecting, who_collects_nothing_any_more_misses_nobody) {
    live("a");
    export_from("a", file("f1", "1"));
    collector->want({collect("file")});
    ASSERT_TRUE(folds());
    die("a");
    loop.run_for(Seconds{3});
    EXPECT_EQ(report.snapshot().absent_hosts.size(), 1U);
    collector->want({});
    EXPECT_TRUE(report.snapshot().absent_hosts.empty());
}

TEST_F(Collecting, moments_of_absence_are_not_told) {
    collector->want({collect("file")});
    ASSERT_TRUE(folds());
    export_from("a", file("f1", "1"));  // overtakes the record of its peer
    loop.run_for(Seconds{1});
    EXPECT_EQ(collector->stale().size(), 1U);
    live("a");
    loop.run_for(Seconds{10});
    EXPECT_TRUE(collector->stale().empty());
    EXPECT_TRUE(feed.all<happened::PeerTurned>().empty());
}

TEST_F(Collecting, own_exports_never_go_stale) {
    export_from("me", file("f1", "1"));
    collector->want({collect("file")});
    ASSERT_TRUE(folds());
    loop.run_for(Seconds{10'000});
    EXPECT_EQ(picture(), "me:f1=1 ");
    EXPECT_TRUE(collector->stale().empty());
}

TEST_F(Collecting, nothing_expires_while_the_store_is_away_nor_right_after) {
    live("a");
    export_from("a", file("f1", "1"));
    collector->want({collect("file")});
    ASSERT_TRUE(folds());
    die("a");
    loop.run_for(Seconds{10});
    store.go_away();
    loop.run_for(Seconds{5000});
    EXPECT_EQ(held.size(), 1U);
    store.come_back();
    loop.run_for(Seconds{20});
    EXPECT_EQ(held.size(), 1U);
    live("a");
    loop.run_for(Seconds{1000});
    EXPECT_EQ(amendments, 1);
}

TEST_F(Collecting, full_readings_find_no_difference_over_a_long_history) {
    live("a");
    collector->want({collect("file")});
    for (int round = 0; round < 1500; ++round) {
        const std::string name = "f" + std::to_string(random.below(20));
        if (random.chance(0.3))
            withdraw("a", name);
        else
            export_from("a", file(name, std::to_string(round)));
        if (random.chance(0.01)) random.chance(0.5) ? live("b") : die("b");
        if (round == 700) cluster.compact(cluster.revision());
        loop.run_for(Milliseconds{static_cast<std::int64_t>(random.below(2000))});
    }
    ASSERT_TRUE(folds());
    EXPECT_EQ(held.size() + 1, stored_below("/hansa/v1/exports/a/")) << "and a manifest";
    EXPECT_EQ(feed.refused("fold_difference"), 0U);
    EXPECT_GE(cluster.reads(), 8U);
}

TEST_F(Collecting, thousands_of_exports_cost_one_amendment_and_then_one_each) {
    live("a");
    std::vector<Wanted> many;
    for (int number = 0; number < 2000; ++number)
        many.push_back(file("f" + std::to_string(number), "x"));
    commit(agents.declare("a", std::move(many), loop.clock().wall()));
    collector->want({collect("file")});
    ASSERT_TRUE(folds());
    EXPECT_EQ(held.size(), 2000U);
    EXPECT_EQ(amendments, 1);
    export_from("a", file("f77", "y"));
    ASSERT_TRUE(reaches([&] { return amendments == 2; }));
    EXPECT_EQ(feed.all<happened::Collected>().back().changed, 1U);
}

}  // namespace
}  // namespace hansa
