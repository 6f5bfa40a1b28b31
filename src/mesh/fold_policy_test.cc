// What a fold lets in by the policy of this host.
#include <gtest/gtest.h>

#include "mesh/fold_testing.h"

namespace hansa {
namespace {

using testing::collect;
using testing::content;
using testing::file;
using testing::Judging;
using testing::thing;

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
    EXPECT_EQ(refusals.back().exporter, "a");
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

}  // namespace
}  // namespace hansa
