// A keeper against a store in memory, members that do what they are told, and real files.
#include "daemon/copy_keeper.h"

#include <set>

#include "mesh/electorate_testing.h"
#include "mesh/keys.h"
#include "mesh/store_testing.h"
#include "mesh/testing.h"
#include "sys/linux/test_loop.h"
#include "sys/sim/workers.h"
#include "trust/keys.h"

namespace hansa {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::FakeElectorate;
using testing::host;
using testing::peer_url_of;
using testing::url_of;
using testing::uuid_of;

constexpr std::uint64_t gib = std::uint64_t{1} << 30;

class Keeping : public testing::StoreTest {
 protected:
    void SetUp() override {
        const std::string database(2048, 'x');
        electorate.image = database + sha256(database);
        for (const char* name : {"a", "b"}) add_member(name);
        write(keys::name_of(host("d")), "ours");
        start();
    }

    void add_member(const std::string& name) {
        electorate.members.push_back(
            {++electorate.last_id, "", {peer_url_of(name)}, {}, false, true});
        electorate.start(name);
    }
    // The agent, anew.
    void start() {
        keeper.reset();
        keeper = std::make_unique<CopyKeeper>(
            CopyKeeper::Ports{loop, workers, store, random, report}, host("d"), identity, shelf,
            CopyKeeper::Around{[this]() -> Electorate& { return electorate; },
                               [] {
                                   return std::vector{url_of("a"), url_of("b")};
                               },
                               [] { return Compare::holds(keys::name_of(host("d")), "ours"); }});
    }
    VotersRecord told(const std::vector<std::string>& voters,
                      const std::vector<std::string>& keepers) {
        VotersRecord record;
        for (const std::string& name : voters) record.voters.push_back({name, "", {url_of(name)}});
        for (const std::string& name : keepers) record.keepers.push_back(uuid_of(name));
        return record;
    }
    void hear(const std::vector<std::string>& keepers) { keeper->hear(told({"a", "b"}, keepers)); }

    std::vector<KeptCopy> kept() const { return *shelf.look(); }
    std::optional<CopyRecord> record(const std::string& name = "d") const {
        const auto text = stored(keys::seat_copy(host(name)));
        if (!text) return std::nullopt;
        return *decode_copy(*text);
    }
    // Somebody else tells of one.
    void tell(const std::string& name, Revision revision) {
        write(keys::seat_copy(host(name)), encode(CopyRecord{uuid_of(name), {}, 0, revision, 1}));
    }

    test::FreshDirectory home;
    LinuxFiles files;
    Result<DiskSpace> space = DiskSpace{100 * gib, 50 * gib};
    CopyShelf shelf{{files, [this](const std::string&) { return space; }}, home.path()};
    Identity identity{uuid_of("d"), "d", "c1", 1, 0};
    SimWorkers workers{loop, 1};
    FakeElectorate electorate{loop};
    std::unique_ptr<CopyKeeper> keeper;
};

TEST_F(Keeping, makes_a_copy_some_minutes_after_it_was_named_and_tells_of_it) {
    hear({"c", "d"});
    loop.run_for(Seconds{59});
    EXPECT_EQ(electorate.lists, 0) << "never at once";
    EXPECT_FALSE(files.status(shelf.directory()));
    loop.run_for(minutes{5});
    ASSERT_EQ(kept().size(), 1U);
    const KeptCopy copy = kept().front();
    EXPECT_TRUE(check_snapshot(copy.path));
    EXPECT_EQ(copy.note.cluster, "c1");
    EXPECT_EQ(copy.note.revision, 1000);
    EXPECT_TRUE(copy.note.had_quorum);
    EXPECT_EQ(copy.note.members, (std::vector{peer_url_of("a"), peer_url_of("b")}));
    ASSERT_TRUE(record());
    EXPECT_EQ(record()->uuid, uuid_of("d"));
    EXPECT_EQ(record()->revision, 1000);
    EXPECT_EQ(record()->bytes, copy.note.bytes);
    EXPECT_EQ(WallTime{record()->at}, copy.begun);
}

TEST_F(Keeping, never_begins_in_the_first_minute_and_not_at_the_same_moment_each_time) {
    std::set<Duration::rep> waits;
    for (int starts = 0; starts < 20; ++starts) {
        start();
        electorate.lists = 0;
        const Instant at = loop.clock().now();
        hear({"d"});
        ASSERT_TRUE(reaches([this] { return electorate.lists > 0; }, minutes{6}));
        waits.insert((loop.clock().now() - at) / Seconds{1});
    }
    EXPECT_GE(*waits.begin(), 60);
    EXPECT_GT(waits.size(), 15U);
}

TEST_F(Keeping, makes_one_a_day_and_keeps_two) {
    hear({"d"});
    loop.run_for(minutes{6});
    loop.run_for(hours{23});
    EXPECT_EQ(electorate.snapshots, 1);
    EXPECT_EQ(workers.running(), 0U);
    for (int days = 1; days < 4; ++days) {
        electorate.revision += 10;
        loop.run_for(hours{24});
        EXPECT_EQ(electorate.snapshots, 1 + days);
        EXPECT_EQ(record()->revision, 1000 + 10 * days);
    }
    ASSERT_EQ(kept().size(), 2U);
    EXPECT_EQ(kept()[0].note.revision, 1030);
    EXPECT_EQ(kept()[1].note.revision, 1020);
}

TEST_F(Keeping, copies_again_soon_after_the_members_have_changed_and_not_for_any_other_news) {
    hear({"d"});
    loop.run_for(minutes{6});
    hear({"c", "d"});
    keeper->hear(told({"b", "a"}, {"d"}));
    loop.run_for(hours{1});
    EXPECT_EQ(electorate.snapshots, 1) << "the members are the same";
    add_member("c");
    keeper->hear(told({"a", "b", "c"}, {"d"}));
    loop.run_for(minutes{6});
    EXPECT_EQ(electorate.snapshots, 2);
    EXPECT_EQ(kept().front().note.members.size(), 3U);
}

TEST_F(Keeping, copies_again_soon_after_the_store_was_recovered) {
    hear({"d"});
    loop.run_for(minutes{6});
    identity.epoch = 1;
    keeper->hear(told({"a"}, {"d"}));
    loop.run_for(minutes{6});
    EXPECT_EQ(electorate.snapshots, 2);
    EXPECT_EQ(record()->epoch, 1U);
}

TEST_F(Keeping, goes_on_with_what_is_there_when_the_agent_starts_again) {
    hear({"d"});
    loop.run_for(minutes{6});
    erase(keys::seat_copy(host("d")));
    loop.run_for(hours{2});
    start();
    hear({"d"});
    loop.run_for(hours{21});
    EXPECT_EQ(electorate.snapshots, 1);
    EXPECT_TRUE(record()) << "told again, for a store that has forgotten it";
    loop.run_for(hours{2});
    EXPECT_EQ(electorate.snapshots, 2);
}

TEST_F(Keeping, uses_the_times_of_the_cluster) {
    write(keys::seat_settings(), encode(SeatSettings{3, "fast"}));
    hear({"d"});
    loop.run_for(Seconds{31});
    EXPECT_EQ(electorate.snapshots, 1);
    loop.run_for(minutes{3 * 60});
    EXPECT_EQ(electorate.snapshots, 2);
}

TEST_F(Keeping, asks_the_next_member_where_one_has_no_majority) {
    electorate.up.erase(url_of("a"));
    hear({"d"});
    loop.run_for(minutes{6});
    ASSERT_EQ(kept().size(), 1U);
    EXPECT_EQ(kept().front().note.member, text_of_member(electorate.id_of("b")));
}

TEST_F(Keeping, tells_a_failure_each_time_and_tries_again_within_the_hour) {
    electorate.readable = false;
    hear({"d"});
    loop.run_for(minutes{6});
    EXPECT_EQ(feed.refused("copies"), 1U);
    loop.run_for(hours{1});
    EXPECT_GE(feed.refused("copies"), 2U);
    EXPECT_LE(feed.refused("copies"), 3U);
    electorate.readable = true;
    loop.run_for(hours{1});
    EXPECT_EQ(kept().size(), 1U);
}

TEST_F(Keeping, a_copy_that_arrives_damaged_is_none) {
    hear({"d"});
    loop.run_for(minutes{6});
    electorate.image[100] ^= 1;
    electorate.revision = 2000;
    loop.run_for(hours{24});
    EXPECT_EQ(feed.refused("copies"), 1U);
    ASSERT_EQ(kept().size(), 1U);
    EXPECT_EQ(record()->revision, 1000);
    EXPECT_EQ(files.list(shelf.directory())->size(), 2U) << "nothing is left of it";
}

TEST_F(Keeping, does_not_fill_the_disk) {
    space = DiskSpace{100 * gib, gib + 4095};
    electorate.bytes[electorate.id_of("a")] = 4096;
    hear({"d"});
    loop.run_for(minutes{6});
    EXPECT_EQ(feed.refused("copies"), 1U);
    EXPECT_EQ(electorate.snapshots, 0) << "the store is not asked for what has no room";
    EXPECT_TRUE(kept().empty());
}

TEST_F(Keeping, who_is_not_named_copies_nothing_and_asks_nobody) {
    hear({"a", "b"});
    loop.run_for(hours{30});
    EXPECT_EQ(electorate.lists, 0);
    EXPECT_FALSE(files.status(shelf.directory()));
}

TEST_F(Keeping, who_was_named_for_a_moment_only_copies_nothing) {
    hear({"d"});
    loop.run_for(Seconds{30});
    hear({"c"});
    loop.run_for(hours{30});
    EXPECT_EQ(electorate.snapshots, 0);
}

TEST_F(Keeping, lets_its_copies_go_a_day_after_it_was_named_when_others_have_as_new_ones) {
    hear({"d"});
    loop.run_for(minutes{6});
    hear({"c"});
    loop.run_for(hours{25});
    EXPECT_EQ(kept().size(), 1U) << "nobody else has one";
    tell("c", 999);
    loop.run_for(hours{25});
    EXPECT_EQ(kept().size(), 1U) << "it is older";
    tell("c", 1000);
    loop.run_for(hours{25});
    EXPECT_TRUE(kept().empty());
    EXPECT_FALSE(record());
    EXPECT_EQ(electorate.snapshots, 1);
    hear({"d"});
    loop.run_for(minutes{6});
    EXPECT_EQ(kept().size(), 1U) << "named again";
    EXPECT_TRUE(record());
}

TEST_F(Keeping, copies_of_an_earlier_run_go_too_but_not_soon) {
    hear({"d"});
    loop.run_for(minutes{6});
    tell("c", 2000);
    start();
    hear({"c"});
    loop.run_for(hours{23});
    EXPECT_EQ(kept().size(), 1U);
    loop.run_for(hours{2});
    EXPECT_TRUE(kept().empty());
}

TEST_F(Keeping, tells_of_nothing_once_the_host_has_left) {
    hear({"d"});
    ASSERT_TRUE(reaches([this] { return electorate.snapshots == 1; }, minutes{6}));
    erase(keys::name_of(host("d")));
    loop.run_for(hours{5});
    EXPECT_EQ(kept().size(), 1U) << "it had begun, and is a copy all the same";
    EXPECT_FALSE(record());
    EXPECT_EQ(feed.refused("copies"), 0U);
    write(keys::name_of(host("d")), "ours");
    loop.run_for(hours{1});
    EXPECT_TRUE(record()) << "it is a peer again";
    EXPECT_EQ(electorate.snapshots, 1);
}

TEST_F(Keeping, leaves_the_record_to_the_machine_that_has_replaced_this_one) {
    hear({"d"});
    loop.run_for(minutes{6});
    hear({"c"});
    tell("c", 1000);
    write(keys::name_of(host("d")), "another machine's");
    const CopyRecord theirs{uuid_of("other"), {}, 0, 700, 1};
    write(keys::seat_copy(host("d")), encode(theirs));
    loop.run_for(hours{25});
    EXPECT_TRUE(kept().empty());
    EXPECT_EQ(record(), theirs);
}

TEST_F(Keeping, ends_in_the_middle_of_a_copy_without_a_trace) {
    electorate.image.assign(std::size_t{700} * 50, 'x');
    hear({"d"});
    ASSERT_TRUE(reaches([this] { return electorate.snapshots == 1; }, minutes{6}));
    (void)loop.step();
    keeper.reset();
    loop.run_for(minutes{1});
    EXPECT_TRUE(kept().empty());
    EXPECT_EQ(feed.refused("copies"), 0U);
}

KeptCopy copy_of(WallTime begun) {
    SnapshotNote note{"c1", 1, "", "", 7, 1, 1, true, "", 1, "00", {"https://a", "https://b"}};
    return {"/x", begun, note};
}

TEST(CopiesWillDo, for_a_day_for_the_same_store) {
    const WallTime now{hours{1000}};
    const StoreNow store{"c1", 1, {"https://b", "https://a"}};
    EXPECT_EQ(copy_will_do({}, store, now, hours{24}), Duration{});
    EXPECT_EQ(copy_will_do({copy_of(now - hours{5})}, store, now, hours{24}), hours{19});
    EXPECT_EQ(copy_will_do({copy_of(now - hours{24})}, store, now, hours{24}), Duration{});
    EXPECT_EQ(copy_will_do({copy_of(now - hours{99})}, store, now, hours{24}), Duration{});
    EXPECT_EQ(copy_will_do({copy_of(now + Seconds{30})}, store, now, hours{24}), hours{24});
    EXPECT_EQ(copy_will_do({copy_of(now + hours{2})}, store, now, hours{24}), Duration{})
        << "the clock was set back";
    for (const StoreNow& other :
         {StoreNow{"c2", 1, store.members}, StoreNow{"c1", 2, store.members},
          StoreNow{"c1", 1, {"https://a"}}})
        EXPECT_EQ(copy_will_do({copy_of(now)}, other, now, hours{24}), Duration{});
}

TEST(Superseded, is_a_copy_when_somebody_else_tells_of_one_as_new) {
    const CopyRecord mine{uuid_of("d"), {}, 1, 100, 1};
    EXPECT_FALSE(is_superseded(mine, {}));
    EXPECT_FALSE(is_superseded(mine, {mine}));
    EXPECT_FALSE(
        is_superseded(mine, {{uuid_of("c"), {}, 1, 99, 1}, {uuid_of("b"), {}, 0, 500, 1}}));
    EXPECT_TRUE(is_superseded(mine, {mine, {uuid_of("c"), {}, 1, 100, 1}}));
    EXPECT_TRUE(is_superseded(mine, {{uuid_of("c"), {}, 2, 5, 1}}));
}

}  // namespace
}  // namespace hansa
