// What a fold collects when somebody else can write to the store.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "mesh/fold.h"
#include "mesh/testing.h"

namespace hansa {
namespace {

using testing::collect;
using testing::content;
using testing::file;
using testing::host;

const WallTime start = SimClock{}.wall();
const std::string key_f1 = "/hansa/v1/exports/a/file/f1";

Wanted thing(std::string name, std::string text) {
    return {{"noop", std::move(name)}, content(std::move(text)), {}};
}

class Judging : public ::testing::Test {
 protected:
    Judging() {
        exporters.use(
            {testing::authority().cluster(), {testing::authority().root()}, {}, Seconds{3600}},
            start);
        for (const char* name : {"a", "b"}) show(name);
        take(fold.want({collect("file")}, now));
    }

    void show(const std::string& name) {
        const Credentials& who = testing::credentials(name);
        (void)exporters.show(name, make_key_set(who, testing::authority().cluster()), now);
    }

    void take(const Amendment& amendment) {
        amendments += amendment.empty() ? 0 : 1;
        for (const InstanceId& id : amendment.removals) EXPECT_EQ(held.erase(id), 1U) << id.text();
        for (const Declaration& each : amendment.upserts)
            held.insert_or_assign(each.instance(), each);
        EXPECT_EQ(fold.collected(), held.size());
        for (happened::Refused& each : fold.take_refusals()) refusals.push_back(std::move(each));
        for (happened::Judged& each : fold.take_judgements()) judged[each.id] = each;
    }

    // What an exporter commits, as a watcher sees it; the store keeps it.
    void commit(const std::vector<Operation>& operations) {
        ++revision;
        EventBatch batch{revision, {}};
        for (const Operation& operation : operations) {
            if (operation.type == Operation::Type::remove) {
                store.erase(operation.key);
                batch.events.push_back(testing::removed(operation.key, revision));
                continue;
            }
            Record& record = store[operation.key];
            record = {operation.key, operation.value, record.created ? record.created : revision,
                      revision, 0};
            batch.events.push_back(testing::put(record));
        }
        take(fold.apply(batch, now));
    }

    void publish(const std::string& name, const std::vector<Wanted>& wanted,
                 const StoreLimits& limits = {}) {
        const Exporter me = testing::exporter(name);
        Subtree& subtree = subtrees[name];
        PublicationOrder order{subtree, wanted, me, limits};
        order.now = since_1970(now + lead);
        order.fence = Fence::needed;
        const auto plan = plan_publication(order);
        ASSERT_TRUE(plan);
        for (const PublicationStep& step : plan->steps) {
            subtree.apply(step.operations, revision + 1, me.host);
            commit(step.operations);
        }
    }

    // `f1` of host a as it stands there now, in the place of what stood there before, under a
    // manifest of a's that vouches for it: what a itself, and nobody else, can write.
    std::vector<Operation> vouched(const ExportRecord& record, std::uint64_t generation,
                                   bool repairs = false) {
        return vouched(*encode(record), generation, repairs);
    }
    std::vector<Operation> vouched(const std::string& value, std::uint64_t generation,
                                   bool repairs = false) {
        Subtree& subtree = subtrees["a"];
        subtree.records.insert_or_assign(key_f1, stored_record(key_f1, value));
        std::vector<Leaf> leaves;
        for (const auto& [key, each] : subtree.records) leaves.push_back(*each.leaf);
        auto manifest = *decode_manifest(keys::manifest_of(host("a")), subtree.manifest);
        manifest.seq += 1;
        manifest.generation = generation;
        manifest.digest = repairs ? "" : digest_of(leaves);
        testing::signer("a").sign(manifest);
        subtree.manifest = encode(manifest);
        return {Operation::put(key_f1, value),
                Operation::put(keys::manifest_of(host("a")), subtree.manifest)};
    }
    ExportVersion version(const std::string& text) const {
        ExportVersion made{{content(text), {}}, {1, 5, Milliseconds{number_max}, {}}};
        testing::signer("a").sign({"file", "f1"}, made);
        return made;
    }

    static CollectPolicy rules(const std::string& rule) {
        return {*Policy::parse("rules: [" + rule + "]", "policy.yaml"), {"root", "/var/lib/hansa"}};
    }

    // Somebody else writes.
    void forge(const std::string& key, const std::string& value) {
        commit({Operation::put(key, value)});
    }

    std::string picture() const {
        std::string text;
        for (const auto& [id, what] : held)
            text += id.exporter + ":" + id.resource.name + "=" +
                    what.fields.find("content")->scalar().text + " ";
        return text;
    }
    std::size_t told(const std::string& cause) const {
        return static_cast<std::size_t>(
            std::count_if(refusals.begin(), refusals.end(),
                          [&](const auto& each) { return each.cause == cause; }));
    }

    WallTime now = start;
    Duration lead{0};  // the exporters' clocks, of ours
    Catalog catalog = testing::two_kinds();
    MemoryKeeper keeper;
    Exporters exporters{keeper};
    ExportFold fold{catalog, host("me"), exporters, testing::anything()};
    std::map<InstanceId, Declaration> held;
    std::vector<happened::Refused> refusals;
    std::map<std::string, happened::Judged> judged;
    std::map<std::string, Record> store;
    std::map<std::string, Subtree> subtrees;
    Revision revision = 1;
    int amendments = 0;
};

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

TEST_F(Judging, another_policy_does_not_leave_what_it_cannot_be_asked_about) {
    const std::string forged = [&] {
        ExportRecord record{{"file", "f1"}, "a", 0, version("2"), std::nullopt};
        record.version->body.fields = content("evil");
        return *encode(record);
    }();
    for (const std::string& worse : {forged, std::string{"{}"}}) {
        SCOPED_TRACE(worse);
        take(fold.use(testing::anything(), now));
        publish("a", {file("f1", "1")});
        ASSERT_EQ(picture(), "a:f1=1 ");
        commit(vouched(worse, 0));
        EXPECT_EQ(picture(), "a:f1=1 ");
        take(fold.use(rules("{deny: file, from: a}"), now));
        EXPECT_EQ(picture(), "");
        subtrees["a"].records.clear();
    }
}

TEST_F(Judging, what_was_judged_and_is_gone_is_told_whatever_was_decided) {
    using Told = happened::Judged::Verdict;
    take(fold.use(rules("{allow: file, from: a, name: f1, path: ['/own/*']}"), now));
    publish("a", {file("f1", "1"), file("f2", "2")});
    EXPECT_EQ(judged["file[f1] from a"].verdict, Told::allowed);
    EXPECT_EQ(judged["file[f2] from a"].verdict, Told::denied);
    publish("a", {});
    EXPECT_EQ(judged["file[f1] from a"].verdict, Told::gone);
    EXPECT_EQ(judged["file[f2] from a"].verdict, Told::gone);
    publish("a", {file("f2", "2")});
    EXPECT_EQ(judged["file[f2] from a"].verdict, Told::denied);
    take(fold.want({}, now));
    EXPECT_EQ(judged["file[f2] from a"].verdict, Told::gone);
    // What the exporter signed badly is refused, and gone with it.
    take(fold.want({collect("file")}, now));
    ExportRecord record{{"file", "f1"}, "a", 0, version("2"), std::nullopt};
    record.version->body.fields = content("evil");
    commit(vouched(record, 0));
    EXPECT_EQ(judged["file[f1] from a"].verdict, Told::refused);
    publish("a", {});
    EXPECT_EQ(judged["file[f1] from a"].verdict, Told::gone);
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

TEST_F(Judging, who_is_cut_off_is_let_into_no_other_policy) {
    publish("a", {file("f1", "1")});
    TrustTerms terms = testing::terms();
    terms.revoked.names["a"] = now;
    exporters.use(terms, now);
    take(fold.judge_again({"a"}, now));
    EXPECT_EQ(picture(), "a:f1=1 ") << "what was allowed stays";
    take(fold.use(testing::anything(), now));
    EXPECT_EQ(picture(), "") << "nobody can be asked about";
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

TEST_F(Judging, a_policy_decides_what_is_let_in_and_edits_judge_again) {
    const auto policy = [](const std::string& text) {
        return CollectPolicy{*Policy::parse(text, "policy.yaml"), {"root", "/var/lib/hansa"}};
    };
    take(fold.want({collect("noop")}, now));
    publish("a", {thing("f1", "1")});
    publish("b", {thing("f1", "1")});
    take(
        fold.use(policy("rules:\n- {allow: noop, from: a}\n- {quarantine: noop, from: b}\n"), now));
    EXPECT_EQ(picture(), "a:f1=1 b:f1=1 ");
    EXPECT_FALSE((held[{{"noop", "f1"}, "a", ""}].meta.noop));
    EXPECT_TRUE((held[{{"noop", "f1"}, "b", ""}].meta.noop));
    EXPECT_EQ(judged["noop[f1] from b"].verdict, happened::Judged::Verdict::quarantined);
    EXPECT_EQ(judged["noop[f1] from b"].rule, "policy.yaml:3");
    EXPECT_EQ(judged["noop[f1] from a"].uuid, testing::uuid_of("a"));

    publish("b", {thing("f1", "1"), thing("looks", "1")});
    EXPECT_EQ(picture(), "a:f1=1 b:f1=1 ") << "to look at it would be to run it";
    EXPECT_EQ(judged["noop[looks] from b"].verdict, happened::Judged::Verdict::quarantined);
    publish("b", {thing("f1", "1")});

    CollectPolicy accepting = policy("rules:\n- {quarantine: noop, from: b}\n");
    accepting.accepted.insert("b");
    take(fold.use(accepting, now));
    EXPECT_EQ(picture(), "b:f1=1 ");
    EXPECT_FALSE((held[{{"noop", "f1"}, "b", ""}].meta.noop));
    EXPECT_EQ(told("denied"), 2U);
    EXPECT_EQ(judged["noop[f1] from a"].verdict, happened::Judged::Verdict::denied);
    publish("a", {thing("f1", "2")});
    EXPECT_EQ(told("denied"), 3U);
    EXPECT_NE(refusals.back().text.find("default"), std::string::npos) << refusals.back().text;
}

TEST_F(Judging, what_is_allowed_is_tied_to_the_directory_that_the_rule_names) {
    take(fold.use(rules("{allow: file, from: a, path: ['/own/*']}"), now));
    Wanted addressed = file("f1", "1");
    addressed.meta.export_to = {"me"};
    publish("a", {addressed});
    const InstanceId id{{"file", "f1"}, "a", ""};
    ASSERT_TRUE(held.contains(id));
    EXPECT_EQ(held[id].beneath, "/own");
    EXPECT_TRUE(held[id].meta.export_to.empty()) << "it is not exported on";
    // Another rule lets it out of there: that is a change, though what it says is the same.
    const int before = amendments;
    take(fold.use(rules("{allow: file, from: a, path: ['/**']}"), now));
    EXPECT_EQ(amendments, before + 1);
    EXPECT_NE(held[id].beneath, "/own");
}

TEST_F(Judging, every_property_of_a_file_reaches_the_policy) {
    take(fold.use(rules("{allow: file, from: a, path: ['/own/*']}"), now));
    const auto with = [](std::string name, Value value) {
        return Wanted{{"file", "f1"}, Value::of_map({{std::move(name), {}, std::move(value)}}), {}};
    };
    publish("a", {file("f1", "1")});
    ASSERT_EQ(picture(), "a:f1=1 ");
    for (const Wanted& denied :
         {with("symlink", Value::of_bool(true)), with("mode", Value::of_int(04755)),
          with("owner", Value::of_text("other")), with("group", Value::of_text("other")),
          with("bytes", Value::of_int(2 << 20)), with("removes", Value::of_bool(true)),
          with("path", Value::of_text("/etc/f1"))}) {
        SCOPED_TRACE(text_of({denied.fields, {}}));
        const std::size_t before = told("denied");
        publish("a", {denied});
        EXPECT_EQ(picture(), "a:f1=1 ") << "the version before stays";
        EXPECT_EQ(told("denied"), before + 1);
    }
}

TEST_F(Judging, domain_and_labels_reach_the_policy_as_certified) {
    const Credentials who =
        testing::credentials_of({.name = "d", .domain = "dc=lon", .role = "web"});
    (void)exporters.show("d", make_key_set(who, testing::authority().cluster()), now);
    take(fold.want({collect("noop")}, now));
    take(fold.use(rules("{allow: noop, domain: dc=par}"), now));
    publish("d", {thing("f1", "1")});
    EXPECT_EQ(picture(), "");
    take(fold.use(rules("{allow: noop, domain: dc=lon}"), now));
    EXPECT_EQ(picture(), "d:f1=1 ");
    take(fold.use(rules("{allow: noop, labels: {role: db}}"), now));
    EXPECT_EQ(picture(), "");
    take(fold.use(rules("{allow: noop, labels: {role: web}}"), now));
    EXPECT_EQ(picture(), "d:f1=1 ");
}

TEST_F(Judging, an_allowed_version_stays_when_the_next_is_denied) {
    CollectPolicy policy = {*Policy::parse("rules:\n- {deny: noop, name: g*}\n"
                                           "- {allow: noop, from: '*', max_number: 1}\n",
                                           "policy.yaml"),
                            {"root", "/var/lib/hansa"}};
    take(fold.want({collect("noop")}, now));
    take(fold.use(policy, now));
    publish("a", {thing("f1", "1")});
    EXPECT_EQ(picture(), "a:f1=1 ");
    publish("a", {thing("f1", "2"), thing("f2", "2")});
    EXPECT_EQ(picture(), "a:f1=2 ");  // one is allowed, and it is there already
    EXPECT_EQ(told("denied"), 1U);
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
