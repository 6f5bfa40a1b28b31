#include "mesh/mesh.h"

#include <algorithm>

#include "mesh/store_testing.h"

namespace hansa {
namespace {

using testing::collect;
using testing::file;
using testing::host;

// One host: its own line to the store, its mesh, and the graph's view of what it collects.
class Host {
 public:
    Host(SimLoop& loop, MemoryCluster& cluster, const Catalog& catalog, std::string name,
         std::uint64_t seed, MemoryStoreOptions line = {})
        : loop_(loop),
          catalog_(catalog),
          name_(std::move(name)),
          random_(seed),
          store(cluster, loop, seed, line) {
        start();
    }

    void start() {
        MeshOptions options{{testing::credentials(name_), testing::anything(), keeper}};
        options.membership.uuid = testing::uuid_of(name_);
        options.membership.incarnation = ++incarnation_;
        options.membership.version = "0.1.0";
        options.membership.where = "test";
        options.membership.admission.founding = Founding::if_empty;
        options.membership.admission.cluster_id = cluster_;
        MeshEvents events;
        events.on_amendment = [this](const Amendment& amendment) { take(amendment); };
        events.on_entered = [this](const std::string& cluster, std::uint64_t) {
            cluster_ = cluster;
        };
        events.on_refused = [this](const Error& error) { refused = error.text; };
        events.on_moved = [] {};
        held.clear();
        mesh.emplace(loop_, store, random_, catalog_, report, host(name_), std::move(options),
                     std::move(events));
        mesh->start();
    }

    // The announcement's demonstration: four files each, collected by all.
    void demonstrate(const std::string& text) {
        std::vector<Wanted> wanted;
        for (int number = 1; number <= 4; ++number)
            wanted.push_back(file("f" + std::to_string(number) + name_, text));
        mesh->collect({collect("file")});
        mesh->publish(std::move(wanted));
    }

    // So many resources, all with that content if one is given.
    bool holds(std::size_t count, const std::string& text) const {
        return held.size() == count &&
               (text.empty() || std::all_of(held.begin(), held.end(), [&text](const auto& each) {
                    return each.second == text;
                }));
    }

    bool at_rest() const { return mesh->standing().at_rest() && mesh->standing().entered; }

 private:
    void take(const Amendment& amendment) {
        ++amendments;
        for (const InstanceId& id : amendment.removals) EXPECT_EQ(held.erase(id), 1U);
        for (const Declaration& each : amendment.upserts)
            held[each.instance()] = each.fields.find("content")->scalar().text;
    }

    SimLoop& loop_;
    const Catalog& catalog_;
    const std::string name_;
    std::string cluster_;  // once in it, as the agent remembers it
    SeededRandom random_;
    std::uint64_t incarnation_ = 0;

 public:
    MemoryStore store;
    MemoryKeeper keeper;
    Report report{loop_.clock()};
    testing::Feed feed{report};
    std::map<InstanceId, std::string> held;
    int amendments = 0;
    std::string refused;
    std::optional<Mesh> mesh;
};

class Meshes : public ::testing::Test {
 protected:
    Host& add(const std::string& name, MemoryStoreOptions line = {}) {
        hosts.push_back(
            std::make_unique<Host>(loop, cluster, catalog, name, hosts.size() + seed, line));
        return *hosts.back();
    }
    bool all_hold(std::size_t count, const std::string& text = {}) {
        return loop.run_until(
            [&] {
                for (const auto& each : hosts)
                    if (!each->at_rest() || !each->holds(count, text)) return false;
                return true;
            },
            Seconds{120});
    }

    std::uint64_t seed = 1;
    SimLoop loop;
    MemoryCluster cluster{loop};
    Catalog catalog = testing::two_kinds();
    std::vector<std::unique_ptr<Host>> hosts;
};

TEST_F(Meshes, the_demonstration_in_turn_gives_4_12_and_24_files) {
    std::size_t files = 0;
    for (const char* name : {"a", "b", "c"}) {
        add(name).demonstrate("hello");
        files += 4;
        ASSERT_TRUE(all_hold(files)) << name;
    }
    for (const auto& each : hosts) EXPECT_EQ(each->refused, "");
}

TEST_F(Meshes, the_demonstration_at_one_instant_gives_the_same) {
    for (seed = 1; seed < 30; ++seed) {
        SCOPED_TRACE(seed);
        for (const char* name : {"a", "b", "c"}) add(name).demonstrate("hello");
        ASSERT_TRUE(all_hold(12));
        EXPECT_LE(cluster.leases(), 3U);
        hosts.clear();
        loop.run_for(Seconds{60});
        ASSERT_TRUE(cluster.commit({{}, {Operation::remove_prefix("/")}}));
    }
}

TEST_F(Meshes, a_joining_peer_waits_for_few_round_trips) {
    add("a").demonstrate("x");
    ASSERT_TRUE(all_hold(4));
    MemoryStoreOptions slow;
    slow.latency_max = Milliseconds{10};  // one way
    const Instant begun = loop.clock().now();
    add("b", slow).demonstrate("y");
    ASSERT_TRUE(all_hold(8));
    // Looking, then claiming and publishing, then the event: five ways, each at most 10 ms.
    EXPECT_LE(loop.clock().now() - begun, Milliseconds{60});
}

TEST_F(Meshes, a_change_is_one_redraw_at_each_peer_and_none_when_nothing_changed) {
    for (const char* name : {"a", "b", "c"}) add(name).demonstrate("1");
    ASSERT_TRUE(all_hold(12));
    for (const auto& each : hosts) each->amendments = 0;
    hosts[1]->demonstrate("2");
    const InstanceId id{{"file", "f1b"}, "b", ""};
    ASSERT_TRUE(loop.run_until([&] { return hosts[2]->held.at(id) == "2"; }, Seconds{10}));
    loop.run_for(Seconds{5});
    for (const auto& each : hosts) EXPECT_EQ(each->amendments, 1);
    const Revision before = cluster.revision();
    hosts[1]->demonstrate("2");
    loop.run_for(Seconds{5});
    EXPECT_EQ(cluster.revision(), before);
    for (const auto& each : hosts) EXPECT_EQ(each->amendments, 1);
}

TEST_F(Meshes, at_rest_almost_nothing_happens) {
    add("a").demonstrate("1");
    ASSERT_TRUE(all_hold(4));
    loop.run_for(Seconds{5});
    const Revision revision = cluster.revision();
    std::uint64_t steps = 0;
    const Instant end = loop.clock().now() + Seconds{200};
    while (loop.clock().now() < end && loop.step()) ++steps;
    EXPECT_EQ(cluster.revision(), revision);
    EXPECT_LE(steps, 200U);  // one a second, lease beats of both sides included
}

TEST_F(Meshes, a_second_host_of_the_same_name_is_refused_and_writes_nothing) {
    add("a").demonstrate("first");
    ASSERT_TRUE(all_hold(4));
    Host& second = add("a");
    second.mesh.reset();
    SeededRandom random(99);
    MeshOptions options{{testing::credentials_of({"a", testing::uuid_of("another")}),
                         testing::anything(), second.keeper}};
    options.membership.uuid = options.trust.credentials.uuid;
    options.membership.where = "elsewhere";
    MeshEvents events;
    std::string refused;
    events.on_amendment = [](const Amendment&) {};
    events.on_entered = [](const std::string&, std::uint64_t) { ADD_FAILURE(); };
    events.on_refused = [&](const Error& error) { refused = error.text; };
    events.on_moved = [] {};
    Mesh mesh(loop, second.store, random, catalog, second.report, host("a"), options, events);
    mesh.publish({file("evil", "x")});
    mesh.start();
    ASSERT_TRUE(loop.run_until([&] { return !refused.empty(); }, Seconds{10}));
    EXPECT_NE(refused.find(testing::uuid_of("a")), std::string::npos);
    loop.run_for(Seconds{60});
    EXPECT_EQ(hosts[0]->held.size(), 4U);
    EXPECT_EQ(hosts[0]->held.begin()->second, "first");
}

TEST_F(Meshes, a_store_away_at_start_is_waited_for) {
    cluster.stop();
    add("a").demonstrate("1");
    loop.run_for(Seconds{60});
    EXPECT_FALSE(hosts[0]->mesh->standing().at_rest());
    EXPECT_EQ(hosts[0]->feed.all<happened::StoreChanged>().back().state,
              happened::StoreChanged::State::away);
    cluster.start();
    ASSERT_TRUE(all_hold(4));
    EXPECT_EQ(hosts[0]->feed.all<happened::StoreChanged>().back().state,
              happened::StoreChanged::State::connected);
}

TEST_F(Meshes, a_store_without_a_quorum_is_read_only_and_what_is_known_stays) {
    for (const char* name : {"a", "b"}) add(name).demonstrate("1");
    ASSERT_TRUE(all_hold(8));
    const WallTime before = loop.clock().wall();
    cluster.lose_quorum();
    loop.run_for(Seconds{60});
    auto told = hosts[0]->feed.all<happened::StoreChanged>().back();
    EXPECT_EQ(told.state, happened::StoreChanged::State::read_only);
    EXPECT_EQ(told.detail, "1 of 3 members answer");
    EXPECT_GE(told.since, before);
    EXPECT_LE(told.since, before + Seconds{1});
    loop.run_for(Seconds{1000});
    EXPECT_EQ(hosts[0]->held.size(), 8U);
    EXPECT_EQ(hosts[1]->held.size(), 8U);
    cluster.start();
    loop.run_for(Seconds{1});
    told = hosts[0]->feed.all<happened::StoreChanged>().back();
    EXPECT_EQ(told.state, happened::StoreChanged::State::connected);
}

TEST_F(Meshes, an_edit_during_an_outage_arrives_after_it) {
    for (const char* name : {"a", "b"}) add(name).demonstrate("1");
    ASSERT_TRUE(all_hold(8));
    hosts[0]->store.go_away();
    hosts[0]->demonstrate("2");
    loop.run_for(Seconds{300});
    EXPECT_EQ(hosts[1]->held.begin()->second, "1");
    EXPECT_EQ(hosts[1]->mesh->standing().stale.size(), 1U);
    hosts[0]->store.come_back();
    const InstanceId id{{"file", "f1a"}, "a", ""};
    ASSERT_TRUE(loop.run_until([&] { return hosts[1]->held.at(id) == "2"; }, Seconds{30}));
    ASSERT_TRUE(all_hold(8));
    EXPECT_TRUE(hosts[1]->mesh->standing().stale.empty());
}

TEST_F(Meshes, who_was_taken_for_dead_publishes_again) {
    for (const char* name : {"a", "b"}) add(name).demonstrate("1");
    ASSERT_TRUE(all_hold(8));
    hosts[0]->store.go_away();
    loop.run_for(Seconds{1000});
    EXPECT_EQ(hosts[1]->held.size(), 4U);
    // What a steward does with records of a peer that stays away.
    ASSERT_TRUE(cluster.commit({{}, {Operation::remove_prefix("/hansa/v1/exports/a/")}}));
    hosts[0]->store.come_back();
    ASSERT_TRUE(all_hold(8));
}

TEST_F(Meshes, stopping_shows_at_once_and_a_restart_renews_simply) {
    for (const char* name : {"a", "b"}) add(name).demonstrate("1");
    ASSERT_TRUE(all_hold(8));
    bool stopped = false;
    hosts[0]->mesh->stop(Milliseconds{300}, [&] { stopped = true; });
    ASSERT_TRUE(loop.run_until([&] { return stopped; }, Seconds{1}));
    hosts[0]->mesh.reset();
    loop.run_for(Seconds{5});
    ASSERT_EQ(hosts[1]->mesh->standing().stale.size(), 1U);
    const int before = hosts[1]->amendments;
    hosts[0]->start();
    hosts[0]->demonstrate("1");
    ASSERT_TRUE(all_hold(8));
    EXPECT_TRUE(
        loop.run_until([&] { return hosts[1]->mesh->standing().stale.empty(); }, Seconds{5}));
    EXPECT_EQ(hosts[1]->amendments, before);
}

TEST_F(Meshes, no_exit_waits_for_a_store_that_is_away) {
    add("a").demonstrate("1");
    ASSERT_TRUE(all_hold(4));
    hosts[0]->store.go_away();
    loop.run_for(Seconds{5});
    const Instant asked = loop.clock().now();
    int answers = 0;
    hosts[0]->mesh->stop(Milliseconds{300}, [&] { ++answers; });
    ASSERT_TRUE(loop.run_until([&] { return answers > 0; }, Seconds{10}));
    EXPECT_LE(loop.clock().now() - asked, Milliseconds{300});
    loop.run_for(Seconds{10});
    EXPECT_EQ(answers, 1);
}

TEST_F(Meshes, what_an_earlier_run_left_is_withdrawn_before_there_is_rest) {
    Host& a = add("a");
    a.demonstrate("x");
    ASSERT_TRUE(all_hold(4));
    a.start();
    a.mesh->publish({});
    EXPECT_FALSE(a.mesh->standing().at_rest());
    ASSERT_TRUE(loop.run_until([&] { return a.mesh->standing().at_rest(); }, Seconds{10}));
    EXPECT_EQ(cluster.read(ReadScope::prefix, "/hansa/v1/exports/a/file/").records.size(), 0U);
}

TEST_F(Meshes, who_exports_nothing_rests_without_the_store) {
    Host& a = add("a");
    a.demonstrate("x");
    ASSERT_TRUE(all_hold(4));
    a.store.go_away();
    loop.run_for(Seconds{10});
    a.start();
    a.mesh->publish({});
    EXPECT_TRUE(a.mesh->standing().at_rest());
}

TEST_F(Meshes, who_never_was_in_a_cluster_and_exports_nothing_waits_for_nothing) {
    Host& a = add("a");
    a.mesh->publish({});
    EXPECT_TRUE(a.mesh->standing().at_rest());
}

TEST_F(Meshes, leaving_withdraws_at_once) {
    for (const char* name : {"a", "b"}) add(name).demonstrate("1");
    ASSERT_TRUE(all_hold(8));
    std::optional<Result<void>> left;
    hosts[0]->mesh->leave(Mesh::Departure::withdraw_exports, Seconds{5},
                          [&](Result<void> result) { left = result; });
    ASSERT_TRUE(loop.run_until([&] { return left && hosts[1]->held.size() == 4; }, Seconds{10}));
    EXPECT_TRUE(*left);
    EXPECT_TRUE(hosts[1]->mesh->standing().stale.empty());
    EXPECT_TRUE(hosts[1]->mesh->standing().distrusted.empty());
}

// Lost requests and answers, outages and cut lines: in the end everybody holds the same.
TEST_F(Meshes, agree_after_any_faults) {
    for (seed = 1; seed <= 25; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        SeededRandom chance(seed);
        MemoryStoreOptions line;
        line.request_lost = 0.1;
        line.answer_lost = 0.1;
        line.limits.operations_max = 3;
        for (const char* name : {"a", "b", "c"}) add(name, line);
        for (int round = 0; round < 12; ++round) {
            Host& one = *hosts[chance.below(hosts.size())];
            one.demonstrate(std::to_string(chance.below(3)));
            if (chance.chance(0.3)) one.store.go_away();
            if (chance.chance(0.1)) cluster.stop();
            if (chance.chance(0.2)) cluster.compact(cluster.revision());
            loop.run_for(Milliseconds{static_cast<std::int64_t>(chance.below(20'000))});
            cluster.start();
            one.store.come_back();
        }
        for (const auto& each : hosts) each->demonstrate("end");
        ASSERT_TRUE(all_hold(12, "end"));
        for (const auto& each : hosts) {
            EXPECT_EQ(each->feed.refused("fold_difference"), 0U);
            EXPECT_EQ(each->feed.refused("bad_record"), 0U);
        }
        hosts.clear();
        loop.run_for(Seconds{60});
        ASSERT_TRUE(cluster.commit({{}, {Operation::remove_prefix("/")}}));
    }
}

}  // namespace
}  // namespace hansa
