#include "mesh/exports.h"

#include "base/text.h"
#include "mesh/store_testing.h"

namespace hansa {
namespace {

using testing::content;
using testing::file;
using testing::host;

const std::string name_key = "/hansa/v1/names/a";

MemoryStoreOptions narrow() {
    MemoryStoreOptions options;
    options.limits.operations_max = 4;
    return options;
}

class Publishing : public testing::StoreTest {
 protected:
    explicit Publishing(MemoryStoreOptions options = {})
        : testing::StoreTest(options),
          publisher(loop, store, random, report, {host("a"), 7, testing::credentials("a"), keeper},
                    {[] {}, [this] { ++fenced; }}) {
        write(name_key, "mine");
        store.on_status([this](const StoreStatus& status) {
            if (status.state == StoreStatus::State::connected) publisher.store_returned();
        });
    }

    void enter() {
        publisher.enter(Compare::holds(name_key, "mine"), testing::authority().cluster());
    }
    bool settles() {
        return reaches([&] { return publisher.settled(); });
    }

    // Name to content, as a reader that comes now would see it.
    std::map<std::string, std::string> visible() const {
        const Subtree subtree =
            Subtree::of(cluster.read(ReadScope::prefix, keys::exports_of(host("a"))), host("a"));
        std::uint64_t announced = 0;
        if (auto manifest = decode_manifest(keys::manifest_of(host("a")), subtree.manifest))
            announced = manifest->generation;
        std::map<std::string, std::string> found;
        for (const auto& [key, stored] : subtree.records) {
            const auto record = decode_export(key, stored.value);
            if (!record) continue;
            if (const ExportVersion* version = record->visible(announced))
                found[record->id.name] = version->body.fields.find("content")->scalar().text;
        }
        return found;
    }

    static std::vector<Wanted> many(int count, const std::string& text) {
        std::vector<Wanted> wanted;
        for (int number = 0; number < count; ++number)
            wanted.push_back(file("f" + std::to_string(number), text));
        return wanted;
    }

    int fenced = 0;
    MemoryKeeper keeper;
    Publisher publisher;
};

using Names = std::map<std::string, std::string>;

TEST_F(Publishing, writes_once_the_name_is_ours_and_not_before) {
    publisher.declare({file("f1", "1"), file("f2", "2")});
    loop.run_for(Seconds{5});
    EXPECT_EQ(visible(), Names{});
    EXPECT_FALSE(publisher.settled());
    enter();
    ASSERT_TRUE(settles());
    EXPECT_EQ(visible(), (Names{{"f1", "1"}, {"f2", "2"}}));
    const auto told = feed.all<happened::Published>();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].exports, 2U);
    EXPECT_EQ(told[0].written, 2U);
}

TEST_F(Publishing, what_was_written_is_told_also_when_it_is_planned_anew_meanwhile) {
    enter();
    publisher.declare({file("f1", "1"), file("f2", "2")});
    ASSERT_TRUE(reaches([&] { return cluster.commits_tried() > 0; }));
    publisher.declare({file("f1", "1"), file("f2", "2")});  // the answer is on its way
    ASSERT_TRUE(settles());
    publisher.declare({});
    const auto before = cluster.commits_tried();
    ASSERT_TRUE(reaches([&] { return cluster.commits_tried() > before; }));
    publisher.recheck();
    ASSERT_TRUE(settles());
    std::size_t written = 0;
    std::size_t removed = 0;
    for (const auto& told : feed.all<happened::Published>()) {
        written += told.written;
        removed += told.removed;
    }
    EXPECT_EQ(written, 2U);
    EXPECT_EQ(removed, 2U);
}

TEST_F(Publishing, makes_one_commit_for_a_change_and_none_for_the_same) {
    enter();
    publisher.declare({file("f1", "1"), file("f2", "2")});
    ASSERT_TRUE(settles());
    const Revision before = cluster.revision();
    publisher.declare({file("f2", "2"), file("f1", "1")});
    ASSERT_TRUE(settles());
    EXPECT_EQ(cluster.revision(), before);
    publisher.declare({file("f1", "one")});
    ASSERT_TRUE(settles());
    EXPECT_EQ(cluster.revision(), before + 1);
    EXPECT_EQ(visible(), (Names{{"f1", "one"}}));
    EXPECT_EQ(publisher.revision(), cluster.revision());
}

TEST_F(Publishing, reads_its_own_part_only_once) {
    enter();
    for (int round = 0; round < 10; ++round) {
        publisher.declare({file("f1", std::to_string(round))});
        ASSERT_TRUE(settles());
    }
    EXPECT_EQ(cluster.reads(), 2U);  // its exports and its key set
}

TEST_F(Publishing, clears_away_what_an_earlier_run_left) {
    write("/hansa/v1/exports/a/file/old", "garbage");
    const Record old = testing::record("a", file("older", "x"), 1);
    write(old.key, old.value);
    enter();
    publisher.declare({});
    ASSERT_TRUE(settles());
    EXPECT_EQ(stored_below("/hansa/v1/exports/a/file/"), 0U);
}

TEST_F(Publishing, a_commit_of_unknown_fate_is_not_done_twice) {
    enter();
    store.lose_next_answer();
    publisher.declare({file("f1", "1")});
    ASSERT_TRUE(settles());
    EXPECT_EQ(visible(), (Names{{"f1", "1"}}));
    const auto value = stored("/hansa/v1/exports/a/file/f1");
    EXPECT_EQ(decode_export("/hansa/v1/exports/a/file/f1", *value)->version->seal.seq, 1U);
}

TEST_F(Publishing, a_delayed_commit_finds_its_comparison_broken) {
    enter();
    publisher.declare({file("f1", "1")});
    ASSERT_TRUE(settles());
    const Transaction delayed{
        {Compare::holds(name_key, "mine"),
         Compare::modified(keys::manifest_of(host("a")), publisher.revision())},
        {Operation::put("/hansa/v1/exports/a/file/f1", "late")}};
    store.lose_next_answer();
    publisher.declare({file("f1", "2")});
    publisher.declare({file("f1", "1")});
    ASSERT_TRUE(settles());
    EXPECT_FALSE(cluster.commit(delayed)->applied);
    EXPECT_EQ(visible(), (Names{{"f1", "1"}}));
}

TEST_F(Publishing, catches_up_after_an_outage_with_what_is_wanted_last) {
    enter();
    publisher.declare({file("f1", "1")});
    ASSERT_TRUE(settles());
    cluster.stop();
    publisher.declare({file("f1", "2")});
    loop.run_for(Seconds{120});
    EXPECT_FALSE(publisher.settled());
    publisher.declare({file("f1", "3")});
    cluster.start();
    const Instant returned = loop.clock().now();
    ASSERT_TRUE(settles());
    EXPECT_LT(loop.clock().now() - returned, Seconds{5});
    EXPECT_EQ(visible(), (Names{{"f1", "3"}}));
    EXPECT_EQ(feed.refused("store_error"), 0U);
}

TEST_F(Publishing, without_the_name_nothing_is_written_and_somebody_is_told) {
    publisher.enter(Compare::holds(name_key, "somebody else's"), testing::authority().cluster());
    publisher.declare({file("f1", "1")});
    loop.run_for(Seconds{30});
    EXPECT_GE(fenced, 2);
    EXPECT_LE(fenced, 40);
    EXPECT_EQ(stored_below("/hansa/v1/exports/"), 0U);
    write(name_key, "somebody else's");
    ASSERT_TRUE(settles());
}

TEST_F(Publishing, above_the_quota_everything_old_stays) {
    enter();
    publisher.declare({file("f1", "1")});
    ASSERT_TRUE(settles());
    publisher.declare(many(5001, "x"));
    loop.run_for(Seconds{5});
    EXPECT_TRUE(publisher.settled());
    EXPECT_NE(publisher.refusal().find("5001"), std::string::npos);
    EXPECT_EQ(feed.refused("quota"), 1U);
    EXPECT_EQ(visible(), (Names{{"f1", "1"}}));
    publisher.declare({file("f2", "2")});
    ASSERT_TRUE(settles());
    EXPECT_EQ(publisher.refusal(), "");
    EXPECT_EQ(visible(), (Names{{"f2", "2"}}));
}

TEST_F(Publishing, above_the_quota_from_the_start_what_an_earlier_run_left_is_renewed) {
    enter();
    publisher.declare({file("f1", "1"), file("f2", "2")});
    ASSERT_TRUE(settles());
    publisher.halt();
    const auto manifest = [this] {
        const std::string key = keys::manifest_of(host("a"));
        return *decode_manifest(key, *stored(key));
    };
    const auto until = manifest().until;
    Publisher later(loop, store, random, report, {host("a"), 8, testing::credentials("a"), keeper},
                    {[] {}, [] {}});
    later.declare(many(5001, "x"));
    later.enter(Compare::holds(name_key, "mine"), testing::authority().cluster());
    loop.run_for(Seconds{2000});
    EXPECT_TRUE(later.settled());
    EXPECT_NE(later.refusal(), "");
    EXPECT_GT(manifest().until, until + Seconds{1200});
    EXPECT_EQ(manifest().incarnation, 8U);
    EXPECT_EQ(visible(), (Names{{"f1", "1"}, {"f2", "2"}}));
    later.declare({file("f3", "3")});
    ASSERT_TRUE(reaches([&] { return visible() == Names{{"f3", "3"}}; }));
}

TEST_F(Publishing, above_the_quota_from_the_start_nothing_that_others_wrote_is_vouched_for) {
    enter();
    publisher.declare({file("f1", "1")});
    ASSERT_TRUE(settles());
    publisher.halt();
    const std::string key = keys::exported(host("a"), {"file", "f1"});
    ExportRecord record = *decode_export(key, *stored(key));
    record.version->body.fields = content("evil");
    write(key, *encode(record));
    const Revision before = cluster.revision();
    Publisher later(loop, store, random, report, {host("a"), 8, testing::credentials("a"), keeper},
                    {[] {}, [] {}});
    later.declare(many(5001, "x"));
    later.enter(Compare::holds(name_key, "mine"), testing::authority().cluster());
    loop.run_for(Seconds{2000});
    EXPECT_EQ(cluster.revision(), before);
    later.declare({file("f2", "2")});
    ASSERT_TRUE(reaches([&] { return visible() == Names{{"f2", "2"}}; }));
}

TEST_F(Publishing, looks_again_after_the_store_may_have_lost_it) {
    enter();
    publisher.declare({file("f1", "1")});
    ASSERT_TRUE(settles());
    erase("/hansa/v1/exports/a/file/f1");
    erase("/hansa/v1/exports/a/@manifest");
    publisher.recheck();
    ASSERT_TRUE(settles());
    EXPECT_EQ(visible(), (Names{{"f1", "1"}}));
}

TEST_F(Publishing, what_was_removed_behind_its_back_returns_within_minutes) {
    publisher.declare({file("f1", "1")});
    enter();
    ASSERT_TRUE(settles());
    erase("/hansa/v1/exports/a/file/f1");
    const auto revision = cluster.revision();
    loop.run_for(Seconds{370});
    EXPECT_EQ(visible(), (std::map<std::string, std::string>{{"f1", "1"}}));
    EXPECT_TRUE(publisher.settled());
    const auto repaired = cluster.revision();
    EXPECT_GT(repaired, revision);
    const auto written = [this] {
        return cluster.read(ReadScope::key, "/hansa/v1/exports/a/file/f1").records.at(0).modified;
    };
    const Revision put_back = written();
    loop.run_for(Seconds{3000});
    EXPECT_EQ(written(), put_back) << "a look that finds nothing amiss writes nothing";
    EXPECT_LE(cluster.revision() - repaired, 13) << "and nothing else but the manifest's renewal";
}

class PublishingInVain : public Publishing {
 protected:
    PublishingInVain() : Publishing({.request_lost = 1}) {}
};

TEST_F(PublishingInVain, a_store_that_is_there_and_does_not_answer_is_told_once) {
    publisher.declare({file("f1", "1")});
    enter();
    loop.run_for(Seconds{300});
    EXPECT_EQ(store.status().state, StoreStatus::State::connected);
    EXPECT_EQ(feed.refused("store_error"), 1U);
}

TEST_F(PublishingInVain, a_store_that_is_away_is_no_news) {
    store.go_away();
    publisher.declare({file("f1", "1")});
    enter();
    loop.run_for(Seconds{300});
    EXPECT_EQ(feed.refused("store_error"), 0U);
}

TEST_F(Publishing, halted_it_writes_no_more) {
    enter();
    publisher.declare({file("f1", "1")});
    publisher.halt();
    loop.run_for(Seconds{10});
    EXPECT_EQ(visible(), Names{});
}

ExportManifest manifest_of_a(const std::optional<std::string>& value) {
    EXPECT_TRUE(value);
    auto manifest = decode_manifest(keys::manifest_of(host("a")), value.value_or(""));
    EXPECT_TRUE(manifest);
    return manifest ? *manifest : ExportManifest{};
}

TEST_F(Publishing, shows_its_key_set_once_and_again_when_somebody_spoilt_it) {
    enter();
    publisher.declare({file("f1", "1")});
    ASSERT_TRUE(settles());
    const auto there = stored(keys::identity_of(host("a")));
    ASSERT_TRUE(there);
    const auto verified = verify_key_set(*there, testing::authority().cluster(), "a",
                                         std::vector{testing::authority().root()},
                                         loop.clock().wall(), Seconds{0}, {});
    ASSERT_TRUE(verified) << verified.error().text;
    EXPECT_EQ(verified->key, testing::credentials("a").signing_key.verifying_key());

    const Revision before = cluster.revision();
    publisher.recheck();
    ASSERT_TRUE(settles());
    EXPECT_EQ(cluster.revision(), before);
    write(keys::identity_of(host("a")), "forged");
    EXPECT_TRUE(reaches([&] { return stored(keys::identity_of(host("a"))) == there; }, Seconds{5}));
    erase(keys::identity_of(host("a")));
    EXPECT_TRUE(reaches([&] { return stored(keys::identity_of(host("a"))) == there; }, Seconds{5}));
    EXPECT_EQ(feed.refused("foreign_write"), 2U);
}

TEST_F(Publishing, who_comes_again_with_the_same_certificate_leaves_the_key_set) {
    enter();
    publisher.declare({file("f1", "1")});
    ASSERT_TRUE(settles());
    const auto there = stored(keys::identity_of(host("a")));
    const Revision before = cluster.revision();
    Publisher again(loop, store, random, report, {host("a"), 8, testing::credentials("a"), keeper},
                    {[] {}, [] {}});
    again.enter(Compare::holds(name_key, "mine"), testing::authority().cluster());
    again.declare({file("f1", "1")});
    ASSERT_TRUE(reaches([&] { return again.settled(); }));
    EXPECT_EQ(stored(keys::identity_of(host("a"))), there);
    EXPECT_EQ(cluster.revision(), before + 1);  // the new run's manifest
}

TEST_F(Publishing, another_key_is_shown_and_signs_everything) {
    enter();
    publisher.declare({file("f1", "1")});
    ASSERT_TRUE(settles());
    const Credentials other = testing::credentials_of({.name = "a", .secret = "another"});
    publisher.use(other);
    loop.run_for(Seconds{5});
    const Signer signer{testing::signer("a").scope, other.signing_key};
    EXPECT_TRUE(signer.made(manifest_of_a(stored(keys::manifest_of(host("a"))))));
    const auto record =
        decode_export("/hansa/v1/exports/a/file/f1", *stored("/hansa/v1/exports/a/file/f1"));
    EXPECT_TRUE(signer.made(record->id, *record->version));
    const auto shown = stored(keys::identity_of(host("a")));
    EXPECT_NE(shown->find(base64_encode(other.signing_key.verifying_key().raw())),
              std::string::npos);
}

TEST_F(Publishing, renews_its_manifest_before_half_of_its_life_is_over) {
    enter();
    publisher.declare({file("f1", "1")});
    ASSERT_TRUE(settles());
    const Revision first = cluster.revision();
    for (int minute = 0; minute < 60; ++minute) {
        loop.run_for(Seconds{60});
        const auto manifest = manifest_of_a(stored(keys::manifest_of(host("a"))));
        EXPECT_GT(manifest.until, since_1970(loop.clock().wall()) + Seconds{299});
        EXPECT_TRUE(publisher.settled());
    }
    EXPECT_GE(cluster.revision() - first, 12);
    EXPECT_LE(cluster.revision() - first, 15);
    EXPECT_EQ(feed.all<happened::Published>().size(), 1U);
    EXPECT_EQ(feed.refused("foreign_write"), 0U);
}

TEST_F(Publishing, what_somebody_else_writes_is_put_right_and_told) {
    enter();
    publisher.declare({file("f1", "1"), file("f2", "2")});
    ASSERT_TRUE(settles());
    const auto good = stored("/hansa/v1/exports/a/file/f1");
    publisher.declare({file("f1", "one"), file("f2", "2")});
    ASSERT_TRUE(settles());
    loop.run_for(Seconds{1});
    EXPECT_EQ(feed.refused("foreign_write"), 0U);

    const Names wanted{{"f1", "one"}, {"f2", "2"}};
    write("/hansa/v1/exports/a/file/f1", *good);  // an old version
    ASSERT_TRUE(reaches([&] { return visible() == wanted; }, Seconds{5}));
    erase("/hansa/v1/exports/a/file/f2");
    ASSERT_TRUE(reaches([&] { return visible() == wanted; }, Seconds{5}));
    write("/hansa/v1/exports/a/exec/evil", "{}");
    ASSERT_TRUE(reaches([&] { return stored_below("/hansa/v1/exports/a/exec") == 0; }, Seconds{5}));
    const std::uint64_t seq = manifest_of_a(stored(keys::manifest_of(host("a")))).seq;
    ASSERT_TRUE(cluster.commit({{}, {Operation::remove_prefix("/hansa/v1/exports/a/")}}));
    ASSERT_TRUE(reaches([&] { return visible() == wanted; }, Seconds{5}));
    EXPECT_GT(manifest_of_a(stored(keys::manifest_of(host("a")))).seq, seq);
    EXPECT_EQ(feed.refused("foreign_write"), 4U);
}

TEST_F(Publishing, a_busy_attacker_is_answered_more_and_more_slowly) {
    enter();
    publisher.declare({file("f1", "1")});
    ASSERT_TRUE(settles());
    for (int second = 0; second < 3000; ++second) {
        write("/hansa/v1/exports/a/file/f1", "spoilt " + std::to_string(second));
        loop.run_for(Milliseconds{100});
    }
    EXPECT_GE(feed.refused("foreign_write"), 8U);
    EXPECT_LE(feed.refused("foreign_write"), 60U);
    ASSERT_TRUE(reaches([&] { return visible() == Names{{"f1", "1"}}; }, Seconds{60}));
}

TEST_F(Publishing, a_withdrawal_stays_vouched_for) {
    enter();
    publisher.declare({file("f1", "1")});
    ASSERT_TRUE(settles());
    publisher.declare({});
    ASSERT_TRUE(settles());
    loop.run_for(Seconds{3600});
    const auto manifest = manifest_of_a(stored(keys::manifest_of(host("a"))));
    EXPECT_EQ(manifest.exports, 0U);
    EXPECT_GT(manifest.until, since_1970(loop.clock().wall()));
}

TEST_F(Publishing, a_withdrawal_is_said_even_where_somebody_erased_everything) {
    enter();
    publisher.declare({file("f1", "1")});
    ASSERT_TRUE(settles());
    publisher.halt();
    ASSERT_TRUE(cluster.commit({{}, {Operation::remove_prefix("/hansa/v1/exports/a/")}}));
    const auto runs_and_declares_nothing = [this](TrustKeeper& memory) {
        Publisher again(loop, store, random, report,
                        {host("a"), 8, testing::credentials("a"), memory}, {[] {}, [] {}});
        again.enter(Compare::holds(name_key, "mine"), testing::authority().cluster());
        again.declare({});
        EXPECT_TRUE(reaches([&] { return again.settled(); }));
    };
    MemoryKeeper nothing;
    runs_and_declares_nothing(nothing);
    EXPECT_EQ(stored_below("/hansa/v1/exports/a/"), 0U) << "who never exported writes nothing";
    runs_and_declares_nothing(keeper);
    EXPECT_EQ(manifest_of_a(stored(keys::manifest_of(host("a")))).exports, 0U);
}

class PublishingInParts : public Publishing {
 protected:
    PublishingInParts() : Publishing(narrow()) { enter(); }
};

TEST_F(PublishingInParts, readers_see_the_old_set_or_the_new_one) {
    publisher.declare(many(20, "1"));
    ASSERT_TRUE(settles());
    std::set<Names> pictures;
    const Held listening = cluster.listen([&] { pictures.insert(visible()); });
    publisher.declare(many(15, "2"));
    ASSERT_TRUE(settles());
    ASSERT_EQ(pictures.size(), 2U);
    for (const Names& picture : pictures)
        EXPECT_TRUE((picture.size() == 20 && picture.at("f0") == "1") ||
                    (picture.size() == 15 && picture.at("f0") == "2"));
    EXPECT_EQ(stored_below("/hansa/v1/exports/a/file/"), 15U);
}

TEST_F(PublishingInParts, a_new_wish_in_the_middle_replaces_the_old_one) {
    publisher.declare(many(20, "1"));
    ASSERT_TRUE(settles());
    std::set<std::string> first_contents;
    const Held listening = cluster.listen([&] {
        const Names now = visible();
        std::set<std::string> contents;
        for (const auto& [name, text] : now) contents.insert(text);
        EXPECT_EQ(contents.size(), 1U);
        first_contents.insert(*contents.begin());
    });
    publisher.declare(many(20, "2"));
    loop.run_for(Milliseconds{2});
    publisher.declare(many(20, "3"));
    ASSERT_TRUE(settles());
    EXPECT_EQ(visible().at("f19"), "3");
    EXPECT_FALSE(first_contents.contains("2"));
}

TEST_F(PublishingInParts, faults_at_any_step_leave_it_whole) {
    for (int lost = 0; lost < 12; ++lost) {
        SCOPED_TRACE(lost);
        publisher.declare(many(20, "old"));
        ASSERT_TRUE(settles());
        std::set<std::size_t> mixed;
        const Held listening = cluster.listen([&] {
            std::set<std::string> contents;
            for (const auto& [name, text] : visible()) contents.insert(text);
            mixed.insert(contents.size());
        });
        publisher.declare(many(20, "new"));
        loop.run_for(std::chrono::microseconds{lost * 700});
        store.lose_next_answer();
        ASSERT_TRUE(settles());
        EXPECT_EQ(mixed, std::set<std::size_t>{1});
        EXPECT_EQ(visible().at("f7"), "new");
    }
}

}  // namespace
}  // namespace hansa
