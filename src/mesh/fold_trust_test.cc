// What a fold collects when somebody else can write to the store.
#include <gtest/gtest.h>

#include "base/random.h"
#include "mesh/fold_testing.h"

namespace hansa {
namespace {

using testing::collect;
using testing::content;
using testing::file;
using testing::host;
using testing::Judging;
using testing::key_f1;
using testing::thing;

TEST_F(Judging, what_its_exporter_signed_is_collected_at_once) {
    publish("a", {file("f1", "1"), file("f2", "2")});
    EXPECT_EQ(picture(), "a:f1=1 a:f2=2 ");
    publish("a", {file("f1", "one")});
    EXPECT_EQ(picture(), "a:f1=one ");
    publish("a", {});
    EXPECT_EQ(picture(), "");
    EXPECT_TRUE(refusals.empty());
    EXPECT_EQ(amendments, 3);
}

TEST_F(Judging, parts_of_a_publication_are_seen_as_one) {
    std::vector<Wanted> wanted;
    for (int number = 0; number < 9; ++number)
        wanted.push_back(file("f" + std::to_string(number), "1"));
    publish("a", wanted, {4, 1'500'000});
    EXPECT_EQ(amendments, 1);
    for (Wanted& each : wanted) each.fields = content("2");
    publish("a", wanted, {4, 1'500'000});
    EXPECT_EQ(amendments, 2);
    EXPECT_EQ(held.size(), 9U);
    EXPECT_TRUE(refusals.empty());
}

TEST_F(Judging, a_record_that_is_not_vouched_for_changes_nothing) {
    publish("a", {file("f1", "1")});
    const std::string first = store[key_f1].value;
    publish("a", {file("f1", "2")});
    forge(key_f1, first);  // its own words, but old ones
    EXPECT_EQ(picture(), "a:f1=2 ");
    EXPECT_EQ(told("digest"), 1U);
    forge("/hansa/v1/exports/a/exec/evil", first);
    commit({Operation::remove(key_f1)});
    EXPECT_EQ(picture(), "a:f1=2 ");
    EXPECT_EQ(told("digest"), 1U);  // once for one manifest
    EXPECT_EQ(fold.distrusted().size(), 1U);
    publish("a", {file("f1", "3")});  // it believes that f1 is there, and does not know of exec
    EXPECT_EQ(picture(), "a:f1=2 ");
    commit({Operation::remove("/hansa/v1/exports/a/exec/evil")});
    EXPECT_EQ(picture(), "a:f1=3 ");
    EXPECT_TRUE(fold.distrusted().empty());
}

TEST_F(Judging, a_whole_old_state_changes_nothing) {
    publish("a", {file("f1", "1")});
    const auto old = store;
    publish("a", {file("f1", "2")});
    commit(
        {Operation::put(key_f1, old.at(key_f1).value),
         Operation::put(keys::manifest_of(host("a")), old.at(keys::manifest_of(host("a"))).value)});
    EXPECT_EQ(picture(), "a:f1=2 ");
    EXPECT_EQ(told("rollback"), 1U);
}

TEST_F(Judging, deleting_everything_changes_nothing) {
    publish("a", {file("f1", "1")});
    commit({Operation::remove(key_f1), Operation::remove(keys::manifest_of(host("a")))});
    EXPECT_EQ(picture(), "a:f1=1 ");
    EXPECT_EQ(told("withheld"), 1U);
    take(fold.replace({revision + 1, {}}, now));
    EXPECT_EQ(picture(), "a:f1=1 ");
    EXPECT_EQ(fold.hosts(), std::vector<std::string>{"a"});
    // Once it has expired, whoever clears it away is right.
    take(fold.use("a", ExportFold::Use::drop, now));
    EXPECT_EQ(picture(), "");
    EXPECT_TRUE(fold.hosts().empty());
}

TEST_F(Judging, each_loss_of_a_manifest_is_told) {
    publish("a", {file("f1", "1")});
    const std::string manifest = keys::manifest_of(host("a"));
    const std::string signed_by_a = store.at(manifest).value;
    commit({Operation::remove(manifest)});
    commit({Operation::remove(key_f1)});
    EXPECT_EQ(told("withheld"), 1U);
    commit({Operation::put(key_f1, subtrees.at("a").records.at(key_f1).value),
            Operation::put(manifest, signed_by_a)});
    commit({Operation::remove(manifest)});
    EXPECT_EQ(told("withheld"), 2U);
    EXPECT_EQ(picture(), "a:f1=1 ");
}

TEST_F(Judging, more_than_a_host_may_export_is_not_looked_at) {
    const StoreLimits at_once{20'000, std::size_t{64} << 20};
    std::vector<Wanted> many{file("f1", "1")};
    for (std::size_t i = 1; i < exports_of_host_max; ++i)
        many.push_back(thing("n" + std::to_string(i), ""));
    publish("a", many, at_once);
    EXPECT_EQ(picture(), "a:f1=1 ");
    many[0] = file("f1", "2");
    many.push_back(thing("more", ""));
    publish("a", many, at_once);
    EXPECT_EQ(picture(), "a:f1=1 ");
    EXPECT_EQ(told("quota"), 1U);
    many.pop_back();
    publish("a", many, at_once);
    EXPECT_EQ(picture(), "a:f1=2 ");
}

TEST_F(Judging, one_hosts_exports_do_not_pass_for_anothers) {
    publish("a", {file("f1", "1")});
    std::vector<Operation> swapped;
    for (const auto& [key, record] : store) {
        std::string to = key;
        to.replace(to.find("/a/"), 3, "/b/");
        std::string value = record.value;
        value.replace(value.find("\"from\":\"a\""), 10, "\"from\":\"b\"");
        swapped.push_back(Operation::put(to, value));
    }
    commit(swapped);
    EXPECT_EQ(picture(), "a:f1=1 ");
    fold.review({}, now + Seconds{10});
    take({});
    EXPECT_EQ(told("bad_signature"), 1U);
}

TEST_F(Judging, a_forged_manifest_with_right_digest_changes_nothing) {
    publish("a", {file("f1", "1")});
    Record evil = testing::record("a", file("f1", "evil"), 1);
    auto manifest =
        *decode_manifest(keys::manifest_of(host("a")), store[keys::manifest_of(host("a"))].value);
    manifest.seq += 10;
    manifest.digest = digest_of(std::vector<Leaf>{leaf_of(evil.key, evil.value)});
    const std::string key = manifest.key;
    testing::signer("b").sign(manifest);
    manifest.key = key;
    commit({Operation::put(key_f1, evil.value),
            Operation::put(keys::manifest_of(host("a")), encode(manifest))});
    EXPECT_EQ(picture(), "a:f1=1 ");
    EXPECT_EQ(told("bad_signature"), 1U);
}

// Its manifest vouches for a record that it did not sign itself: an exporter that is broken.
TEST_F(Judging, each_record_is_verified_besides) {
    publish("a", {file("f1", "1"), file("f2", "2")});
    ExportRecord unsigned_record = *decode_export(key_f1, store[key_f1].value);
    unsigned_record.version->body.fields = content("evil");
    const std::string value = *encode(unsigned_record);
    Subtree& subtree = subtrees["a"];
    subtree.records.insert_or_assign(key_f1, stored_record(key_f1, value));
    std::vector<Leaf> leaves;
    for (const auto& [key, record] : subtree.records) leaves.push_back(*record.leaf);
    auto manifest = *decode_manifest(keys::manifest_of(host("a")), subtree.manifest);
    manifest.seq += 1;
    manifest.digest = digest_of(leaves);
    testing::signer("a").sign(manifest);
    commit({Operation::put(key_f1, value),
            Operation::put(keys::manifest_of(host("a")), encode(manifest))});
    EXPECT_EQ(picture(), "a:f1=1 a:f2=2 ");
    EXPECT_EQ(told("bad_signature"), 1U);
    EXPECT_EQ(judged["file[f1] from a"].verdict, happened::Judged::Verdict::refused);
    // Nor when somebody asks for it anew.
    take(fold.want({collect("file", "", "f2")}, now));
    take(fold.want({collect("file")}, now));
    EXPECT_EQ(picture(), "a:f2=2 ");
}

TEST_F(Judging, both_versions_of_a_record_are_verified) {
    publish("a", {file("f1", "1")});
    ExportRecord record{{"file", "f1"}, "a", 1, version("evil"), version("2")};
    record.version->body.fields = content("worse");
    commit(vouched(record, 0));
    EXPECT_EQ(picture(), "a:f1=2 ");
    commit(vouched(record, 1));
    EXPECT_EQ(picture(), "a:f1=2 ");
    EXPECT_EQ(told("bad_signature"), 1U);
}

TEST_F(Judging, a_generation_that_is_taken_back_shows_what_was_there_before) {
    publish("a", {file("f1", "1")});
    const ExportRecord record{{"file", "f1"}, "a", 1, version("3"), version("2")};
    commit(vouched(record, 1));
    EXPECT_EQ(picture(), "a:f1=3 ");
    commit({vouched(record, 0).back()});
    EXPECT_EQ(picture(), "a:f1=2 ");
}

TEST_F(Judging, what_is_being_repaired_is_not_taken_before_it_is_vouched_for) {
    publish("a", {file("f1", "1")});
    const ExportRecord record{{"file", "f1"}, "a", 0, version("2"), std::nullopt};
    commit(vouched(record, 0, true));
    EXPECT_EQ(picture(), "a:f1=1 ");
    EXPECT_TRUE(refusals.empty());
    commit(vouched(record, 0));
    EXPECT_EQ(picture(), "a:f1=2 ");
}

TEST_F(Judging, a_repair_does_not_last_for_ever) {
    publish("a", {file("f1", "1")});
    const ExportRecord record{{"file", "f1"}, "a", 0, version("2"), std::nullopt};
    const auto repair = vouched(record, 0, true);
    now += Seconds{601};
    commit(repair);
    EXPECT_EQ(told("expired"), 1U);
    // One that stands there while its time ends is told of as well, also by who came to see it.
    MemoryKeeper other_keeper;
    Exporters others(other_keeper);
    others.use(testing::terms(), start);
    (void)others.show("a", make_key_set(testing::credentials("a"), testing::authority().cluster()),
                      start);
    ExportFold late(catalog, host("me"), others, testing::anything());
    (void)late.want({collect("file")}, start);
    Reading reading{revision, {}};
    for (const auto& [key, each] : store) reading.records.push_back(each);
    EXPECT_TRUE(late.replace(reading, start).upserts.empty());
    late.review({"a"}, start + Seconds{599});
    EXPECT_TRUE(late.distrusted().empty());
    late.review({"a"}, start + Seconds{601});
    ASSERT_EQ(late.distrusted().size(), 1U);
    EXPECT_EQ(late.distrusted()[0].cause, "frozen");
}

TEST_F(Judging, a_store_that_counts_anew_does_not_bring_what_was_verified_into_another_body) {
    publish("a", {file("f1", "1")});
    ExportRecord record = *decode_export(key_f1, store[key_f1].value);
    record.version->body.fields = content("evil");
    const Revision then = store[key_f1].modified;
    const auto operations = vouched(record, 0);
    take(fold.replace({++revision,
                       {{key_f1, operations[0].value, then, then, 0},
                        {operations[1].key, operations[1].value, then, then, 0}}},
                      now));
    EXPECT_EQ(picture(), "a:f1=1 ");
    EXPECT_EQ(told("bad_signature"), 1U);
}

// Both stand in one record, so no new revision tells them apart.
TEST_F(Judging, each_version_of_a_record_is_verified) {
    publish("a", {file("f1", "1")});
    ExportVersion forged = version("2");
    forged.body.fields = content("evil");
    const ExportRecord record{{"file", "f1"}, "a", 1, forged, version("1")};
    commit(vouched(record, 0));
    EXPECT_EQ(picture(), "a:f1=1 ");
    commit({vouched(record, 1)[1]});  // the manifest alone announces it
    EXPECT_EQ(picture(), "a:f1=1 ");
    EXPECT_EQ(told("bad_signature"), 1U);
}

TEST_F(Judging, a_clock_that_is_ahead_gives_nobody_more_time) {
    lead = Seconds{3600};
    publish("a", {file("f1", "1")});
    now += Seconds{601};
    fold.review({"a"}, now);
    take({});
    EXPECT_EQ(told("frozen"), 1U);
}

TEST_F(Judging, what_has_expired_may_be_cleared_away_but_not_replaced) {
    publish("a", {file("f1", "1")});
    take(fold.use("a", ExportFold::Use::drop, now));
    auto forged = *decode_manifest(keys::manifest_of(host("a")), subtrees["a"].manifest);
    testing::signer("b").sign(forged);
    commit(
        {Operation::remove(key_f1), Operation::put(keys::manifest_of(host("a")), encode(forged))});
    fold.review({}, now + Seconds{6});
    take({});
    EXPECT_EQ(told("bad_signature"), 1U);
    EXPECT_TRUE(fold.exports("a"));
    commit({Operation::remove(keys::manifest_of(host("a")))});
    EXPECT_FALSE(fold.exports("a"));
    EXPECT_TRUE(fold.distrusted().empty());
}

TEST_F(Judging, without_a_key_set_it_waits_and_then_tells) {
    subtrees.clear();
    publish("c", {file("f1", "1")});
    EXPECT_EQ(picture(), "");
    EXPECT_TRUE(fold.is_late("c"));
    EXPECT_TRUE(refusals.empty());
    fold.review({}, now + Seconds{4});
    take({});
    EXPECT_TRUE(refusals.empty());
    fold.review({}, now + Seconds{6});
    take({});
    EXPECT_EQ(told("unsigned"), 1U);
    EXPECT_FALSE(fold.any_late());
    show("c");
    take(fold.judge_again({"c"}, now));
    EXPECT_EQ(picture(), "c:f1=1 ");
}

TEST_F(Judging, a_manifest_that_is_not_renewed_is_told_as_frozen_and_since_when) {
    publish("a", {file("f1", "1")});
    now += Seconds{300};
    publish("a", {file("f1", "1")});
    now += Seconds{599};
    fold.review({"a"}, now);
    take({});
    EXPECT_TRUE(refusals.empty());
    now += Seconds{2};
    fold.review({"b"}, now);  // it has ended: stale, not frozen
    take({});
    EXPECT_TRUE(refusals.empty());
    fold.review({"a"}, now);
    fold.review({"a"}, now + Seconds{30});
    take({});
    ASSERT_EQ(told("frozen"), 1U);
    EXPECT_NE(refusals[0].text.find(iso8601(start + Seconds{300})), std::string::npos);
    EXPECT_EQ(picture(), "a:f1=1 ");
    publish("a", {file("f1", "1")});
    EXPECT_TRUE(fold.distrusted().empty());
    EXPECT_EQ(amendments, 1);
}

TEST_F(Judging, clocks_that_differ_are_named) {
    now += Seconds{60};
    const WallTime ahead = now;
    publish("a", {file("f1", "1")});
    EXPECT_EQ(told("clock_skew"), 0U);
    now = ahead - Seconds{31};
    publish("b", {file("f1", "1")});
    now = ahead - Seconds{70};
    // What a signed "now" reaches us 39 s before: b's clock is ahead of ours.
    take(fold.use("b", ExportFold::Use::drop, now));
    take(fold.use("b", ExportFold::Use::collect, now));
    EXPECT_EQ(told("clock_skew"), 1U);
}

// An attacker who can write anything, with every value that ever stood there, against one truth:
// what is collected from a host is always a state that it published, and never an earlier one.
TEST_F(Judging, never_shows_what_was_not_published_nor_what_is_older) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        SCOPED_TRACE(seed);
        SeededRandom random(seed);
        const std::string name = "h" + std::to_string(seed);
        show(name);
        take(fold.want({collect("file", "", "", name)}, now));
        std::vector<std::string> history = {""};
        std::vector<std::map<std::string, Record>> past;
        std::size_t seen = 0;
        for (int round = 0; round < 60; ++round) {
            if (random.chance(0.3)) {
                std::vector<Wanted> wanted;
                for (int number = 0; number < 3; ++number)
                    if (random.chance(0.7))
                        wanted.push_back(file("f" + std::to_string(number), std::to_string(round)));
                std::string text;
                for (const Wanted& each : wanted)
                    text += name + ":" + each.id.name + "=" + std::to_string(round) + " ";
                history.push_back(text);
                publish(name, wanted);
                past.push_back(store);
            } else if (!past.empty()) {
                const auto& then = past[random.below(past.size())];
                std::vector<Operation> operations;
                for (const auto& [key, record] : then)
                    if (key.find("/" + name + "/") != std::string::npos && random.chance(0.6))
                        operations.push_back(Operation::put(key, record.value));
                if (random.chance(0.3)) operations.clear();
                const std::string one =
                    "/hansa/v1/exports/" + name + "/file/f" + std::to_string(random.below(4));
                std::erase_if(operations, [&](const auto& each) { return each.key == one; });
                operations.push_back(store.contains(one) ? Operation::remove(one)
                                                         : Operation::put(one, "forged"));
                commit(operations);
            }
            std::size_t at = history.size();
            while (at > seen && history[at - 1] != picture()) --at;
            ASSERT_GT(at, seen) << picture() << "is not among what was published since";
            seen = at - 1;
        }
        subtrees.clear();
        store.clear();
    }
}

}  // namespace
}  // namespace hansa
