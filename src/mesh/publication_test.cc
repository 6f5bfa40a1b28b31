#include "mesh/publication.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "mesh/testing.h"

namespace hansa {
namespace {

using testing::content;
using testing::file;
using testing::host;

const Exporter me = testing::exporter("a", 5);
const StoreLimits wide;
constexpr Milliseconds now{1'800'000'000'000};

// What a reader sees in the subtree: name to fields.
std::map<std::string, std::string> seen(const Subtree& subtree) {
    std::uint64_t announced = 0;
    if (auto manifest = decode_manifest(keys::manifest_of(me.host), subtree.manifest))
        announced = manifest->generation;
    std::map<std::string, std::string> found;
    for (const auto& [key, stored] : subtree.records) {
        const auto record = decode_export(key, stored.value);
        if (!record) continue;
        if (const ExportVersion* version = record->visible(announced))
            found[record->id.name] = text_of(version->body);
    }
    return found;
}

std::map<std::string, std::string> wished(const std::vector<Wanted>& wanted) {
    std::map<std::string, std::string> found;
    for (const Wanted& each : wanted)
        found[each.id.name] = text_of({each.fields, travelling(each.meta)});
    return found;
}

PublicationPlan planned(const Subtree& known, const std::vector<Wanted>& wanted,
                        const StoreLimits& limits = wide, Fence fence = Fence::none) {
    PublicationOrder order{known, wanted, me, limits, fence};
    order.now = now;
    auto plan = plan_publication(order);
    EXPECT_TRUE(plan) << (plan ? "" : plan.error().text);
    return plan ? *plan : PublicationPlan{};
}

Subtree published(const std::vector<Wanted>& wanted, Subtree subtree = {}) {
    const PublicationPlan plan = planned(subtree, wanted);
    for (const PublicationStep& step : plan.steps)
        subtree.apply(step.operations, subtree.manifest_modified + 1, me.host);
    return subtree;
}

ExportManifest manifest_in(const PublicationStep& step) {
    auto manifest = decode_manifest(keys::manifest_of(me.host), step.operations.back().value);
    EXPECT_TRUE(manifest);
    return manifest ? *manifest : ExportManifest{};
}

// As somebody else would, below exports/a/.
void overwrite(Subtree& subtree, const std::string& where, const std::string& value) {
    const std::string key = "/hansa/v1/exports/a/" + where;
    subtree.records.insert_or_assign(key, stored_record(key, value));
}

std::vector<Wanted> many(int count, const std::string& text) {
    std::vector<Wanted> wanted;
    for (int number = 0; number < count; ++number)
        wanted.push_back(file("f" + std::to_string(number), text));
    return wanted;
}

TEST(Publication, writes_everything_in_one_transaction_at_first) {
    const auto plan = planned({}, {file("f1", "1"), file("f2", "2")});
    ASSERT_EQ(plan.steps.size(), 1U);
    ASSERT_EQ(plan.steps[0].operations.size(), 3U);
    EXPECT_EQ(plan.steps[0].operations[0].key, "/hansa/v1/exports/a/file/f1");
    EXPECT_EQ(plan.steps[0].operations[2].key, "/hansa/v1/exports/a/@manifest");
    EXPECT_EQ(plan.written, 2U);
    EXPECT_EQ(plan.removed, 0U);
}

TEST(Publication, writes_nothing_when_everything_is_there) {
    std::vector<Wanted> wanted = {file("f1", "1"), file("f2", "2")};
    wanted[0].meta.limit = 0.3;
    wanted[0].meta.burst = 1;
    wanted[1].meta.sema = {{"here", 1}};  // does not travel, so it is no difference
    EXPECT_TRUE(planned(published(wanted), wanted).steps.empty());
}

TEST(Publication, a_new_run_writes_its_manifest_and_nothing_else) {
    const std::vector<Wanted> wanted = {file("f1", "1"), file("f2", "2")};
    const Subtree there = published(wanted);
    const Exporter later = testing::exporter("a", me.incarnation + 1);
    PublicationOrder order{there, wanted, later};
    order.now = now;
    const auto plan = plan_publication(order);
    ASSERT_EQ(plan->steps.size(), 1U);
    ASSERT_EQ(plan->steps[0].operations.size(), 1U);
    EXPECT_EQ(manifest_in(plan->steps[0]).incarnation, later.incarnation);
}

TEST(Publication, writes_only_what_changed) {
    const Subtree before = published({file("f1", "1"), file("f2", "2"), file("f3", "3")});
    const auto plan = planned(before, {file("f1", "1"), file("f2", "two")});
    ASSERT_EQ(plan.steps.size(), 1U);
    ASSERT_EQ(plan.steps[0].operations.size(), 3U);
    EXPECT_EQ(plan.steps[0].operations[0].key, "/hansa/v1/exports/a/file/f2");
    EXPECT_EQ(plan.steps[0].operations[1].type, Operation::Type::remove);
    EXPECT_EQ(plan.steps[0].operations[1].key, "/hansa/v1/exports/a/file/f3");
    EXPECT_EQ(plan.written, 1U);
    EXPECT_EQ(plan.removed, 1U);
}

TEST(Publication, a_change_of_meta_or_addressees_is_a_change) {
    std::vector<Wanted> wanted = {file("f1", "1")};
    const Subtree before = published(wanted);
    wanted[0].meta.export_to = {"b"};
    EXPECT_EQ(planned(before, wanted).written, 1U);
    wanted[0].meta.export_to.clear();
    wanted[0].meta.retry = 3;
    EXPECT_EQ(planned(before, wanted).written, 1U);
}

TEST(Publication, numbers_grow_over_restarts_and_changes) {
    Subtree subtree = published({file("f1", "1")});
    const auto first =
        decode_export("/hansa/v1/exports/a/file/f1", subtree.records.begin()->second.value);
    subtree = published({file("f1", "one")}, subtree);
    const auto second =
        decode_export("/hansa/v1/exports/a/file/f1", subtree.records.begin()->second.value);
    EXPECT_GT(second->version->seal.seq, first->version->seal.seq);
    EXPECT_EQ(decode_manifest(keys::manifest_of(me.host), subtree.manifest)->exports, 1U);
}

TEST(Publication, replaces_garbage_in_its_own_subtree) {
    Subtree subtree = published({file("f1", "1")});
    overwrite(subtree, "file/f1", "{not json");
    overwrite(subtree, "odd", "?");
    overwrite(subtree, "file/f2", testing::record("b", file("f2", "2"), 9).value);
    const std::vector<Wanted> wanted = {file("f1", "1"), file("f2", "2")};
    subtree = published(wanted, subtree);
    EXPECT_EQ(seen(subtree), wished(wanted));
    EXPECT_EQ(subtree.records.size(), 2U);

    subtree.manifest = "broken";
    const auto repaired = planned(subtree, wanted);
    ASSERT_EQ(repaired.steps.size(), 1U);
    EXPECT_EQ(repaired.steps[0].operations.size(), 1U);
}

TEST(Publication, a_fence_writes_the_manifest_alone) {
    const std::vector<Wanted> wanted = {file("f1", "1")};
    const auto plan = planned(published(wanted), wanted, wide, Fence::needed);
    ASSERT_EQ(plan.steps.size(), 1U);
    ASSERT_EQ(plan.steps[0].operations.size(), 1U);
    EXPECT_EQ(plan.steps[0].operations[0].key, keys::manifest_of(me.host));
    EXPECT_EQ(plan.written + plan.removed, 0U);
}

// Every prefix of the steps shows readers the old set, until one step shows them the new one.
void expect_atomic(Subtree subtree, const std::vector<Wanted>& wanted, const StoreLimits& limits) {
    const auto old = seen(subtree);
    const auto aim = wished(wanted);
    const auto plan = planned(subtree, wanted, limits);
    bool switched = false;
    for (const PublicationStep& step : plan.steps) {
        std::size_t bytes = 0;
        for (const Operation& operation : step.operations)
            bytes += operation.key.size() + operation.value.size();
        ASSERT_LE(step.operations.size(), limits.operations_max);
        ASSERT_LE(bytes, limits.bytes_max);
        subtree.apply(step.operations, subtree.manifest_modified + 1, me.host);
        const auto picture = seen(subtree);
        if (!switched && picture == aim) switched = true;
        ASSERT_EQ(picture, switched ? aim : old);
    }
    EXPECT_EQ(seen(subtree), aim);
    EXPECT_EQ(subtree.records.size(), wanted.size());
    EXPECT_TRUE(planned(subtree, wanted, limits).steps.empty());
}

TEST(Publication, too_much_for_one_transaction_becomes_visible_at_once) {
    const StoreLimits narrow{8, 1'500'000};
    expect_atomic({}, many(50, "first"), narrow);
    const Subtree before = published(many(50, "first"));
    expect_atomic(before, many(50, "second"), narrow);
    expect_atomic(before, many(10, "second"), narrow);
    expect_atomic(before, {}, narrow);
}

TEST(Publication, counts_bytes_as_well_as_operations) {
    const StoreLimits narrow{128, 20'000};
    expect_atomic({}, many(20, std::string(3000, 'x')), narrow);
    expect_atomic(published(many(20, std::string(3000, 'x'))), many(20, std::string(3000, 'y')),
                  narrow);
}

TEST(Publication, two_versions_too_large_for_one_request_are_refused_clearly) {
    const StoreLimits narrow{4, 20'000};
    const Subtree before = published(many(5, std::string(9000, 'x')));
    const std::vector<Wanted> wanted = many(5, std::string(9000, 'y'));
    PublicationOrder order{before, wanted, me, narrow};
    order.now = now;
    const auto plan = plan_publication(order);
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, Code::invalid);
    EXPECT_NE(plan.error().text.find("--max-request-bytes"), std::string::npos);
}

std::vector<Wanted> drawn(SeededRandom& random) {
    std::vector<Wanted> wanted;
    for (int number = 0; number < 12; ++number)
        if (random.chance(0.6))
            wanted.push_back(file("f" + std::to_string(number), std::to_string(random.below(3))));
    return wanted;
}

TEST(Publication, broken_off_anywhere_and_planned_anew_it_stays_atomic) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        SCOPED_TRACE(seed);
        SeededRandom random(seed);
        Subtree subtree;
        for (int round = 0; round < 8; ++round) {
            const auto wanted = drawn(random);
            const StoreLimits limits{2 + random.below(8), 1'500'000};
            expect_atomic(subtree, wanted, limits);
            const auto plan = planned(subtree, wanted, limits);
            const std::size_t done = plan.steps.empty() ? 0 : random.below(plan.steps.size() + 1);
            for (std::size_t step = 0; step < done; ++step)
                subtree.apply(plan.steps[step].operations, subtree.manifest_modified + 1, me.host);
        }
    }
}

// What a collector checks: signed by us, and the digest is that of what stands there.
void expect_vouched(const Subtree& subtree, bool vouched = true) {
    const auto manifest = decode_manifest(keys::manifest_of(me.host), subtree.manifest);
    ASSERT_TRUE(manifest);
    EXPECT_TRUE(me.signer.made(*manifest));
    std::vector<Leaf> leaves;
    for (const auto& [key, record] : subtree.records)
        if (record.leaf) leaves.push_back(*record.leaf);
    EXPECT_EQ(manifest->digest == digest_of(leaves), vouched);
}

// So that machines whose char has a sign and others agree.
TEST(Publication, a_digest_takes_hashes_in_the_order_of_their_bytes) {
    Leaf low, high;
    low.fill(0x7f);
    high.fill(0x80);
    EXPECT_EQ(digest_of({high, low}),
              "7cb963b47dd67b86c0ef575a57f4ccc585780d64d13f7e63a69308e4afe7dca7");
}

TEST(Publication, every_step_of_a_generation_vouches_for_what_stands_there_after_it) {
    Subtree subtree = published(many(20, "old"));
    const std::vector<Wanted> wanted = many(15, "new");
    const auto plan = planned(subtree, wanted, {8, 1'500'000});
    ASSERT_GT(plan.steps.size(), 3U);
    std::uint64_t seq = 0;
    for (const PublicationStep& step : plan.steps) {
        subtree.apply(step.operations, subtree.manifest_modified + 1, me.host);
        expect_vouched(subtree);
        const auto manifest = manifest_in(step);
        EXPECT_GT(manifest.seq, seq);
        seq = manifest.seq;
        EXPECT_EQ(manifest.until - manifest.time, ExportTimes{}.manifest_life);
    }
}

TEST(Publication, every_version_is_signed_for_its_name_and_time) {
    const Subtree subtree = published({file("f1", "1")});
    const auto record =
        decode_export("/hansa/v1/exports/a/file/f1", subtree.records.begin()->second.value);
    ExportVersion version = *record->version;
    EXPECT_TRUE(me.signer.made(record->id, version));
    EXPECT_FALSE(me.signer.made({"file", "f2"}, version));
    version.seal.until += Milliseconds{1};
    EXPECT_FALSE(me.signer.made(record->id, version));
}

TEST(Publication, signatures_that_end_soon_are_made_anew_and_only_they) {
    const std::vector<Wanted> wanted = {file("f1", "1")};
    const Subtree there = published(wanted);
    const ExportTimes times;
    const auto written_after = [&](Milliseconds passed) {
        PublicationOrder order{there, wanted, me};
        order.now = now + passed;
        const auto plan = plan_publication(order);
        return std::pair{plan->steps.size(), plan->written};
    };
    const Milliseconds life = times.record_life;
    EXPECT_EQ(written_after(Milliseconds{1}), std::pair(std::size_t{0}, std::size_t{0}));
    EXPECT_EQ(written_after(times.manifest_life / 2 + Milliseconds{1}),
              std::pair(std::size_t{1}, std::size_t{0}));
    EXPECT_EQ(written_after(life - times.record_least), std::pair(std::size_t{1}, std::size_t{0}));
    EXPECT_EQ(written_after(life - times.record_least + Milliseconds{1}),
              std::pair(std::size_t{1}, std::size_t{1}));
}

TEST(Publication, another_key_or_cluster_signs_everything_anew) {
    const std::vector<Wanted> wanted = {file("f1", "1"), file("f2", "2")};
    const Subtree there = published(wanted);
    Exporter other = me;
    other.signer.key = testing::credentials("b").signing_key;
    Exporter moved = me;
    moved.signer.scope.cluster = "elsewhere";
    for (const Exporter& each : {other, moved}) {
        PublicationOrder order{there, wanted, each};
        order.now = now;
        EXPECT_EQ(plan_publication(order)->written, 2U);
    }
}

TEST(Publication, what_somebody_else_wrote_is_repaired_and_vouched_for_only_as_a_whole) {
    const std::vector<Wanted> wanted = many(20, "1");
    const Subtree good = published(wanted);
    const Subtree before = published(many(20, "0"));
    for (const char* name : {"f3", "f7", "f9", "f12", "f15"}) {
        Subtree subtree = good;
        const std::string key = std::string("/hansa/v1/exports/a/file/") + name;
        subtree.records[key] = before.records.at(key);  // an old version, rightly signed
        const auto plan = planned(subtree, wanted);
        ASSERT_EQ(plan.steps.size(), 1U);
        EXPECT_TRUE(plan.repairs);
        EXPECT_EQ(plan.written, 1U);
        subtree.apply(plan.steps[0].operations, 9, me.host);
        expect_vouched(subtree);
        EXPECT_EQ(seen(subtree), wished(wanted));
    }
    Subtree subtree = before;  // everything, with its old manifest
    PublicationOrder order{subtree, wanted, me, {4, 1'500'000}};
    order.now = now;
    order.floor = {me.incarnation, 50, 50, 0};
    const auto plan = plan_publication(order);
    ASSERT_GT(plan->steps.size(), 3U);
    for (std::size_t at = 0; at < plan->steps.size(); ++at) {
        subtree.apply(plan->steps[at].operations, 10, me.host);
        const bool last = at + 1 == plan->steps.size();
        EXPECT_EQ(manifest_in(plan->steps[at]).digest.empty(), !last);
        EXPECT_GT(manifest_in(plan->steps[at]).seq, 50U);
    }
    expect_vouched(subtree);
    EXPECT_EQ(seen(subtree), wished(wanted));
}

TEST(Publication, a_floor_keeps_numbers_from_going_back) {
    const std::vector<Wanted> wanted = {file("f1", "1")};
    const Subtree there = published(wanted);
    PublicationOrder rolled_back{there, wanted, me};
    rolled_back.now = now;
    rolled_back.floor = {me.incarnation, 40, 41, 7};
    const auto plan = plan_publication(rolled_back);
    ASSERT_EQ(plan->steps.size(), 1U);
    EXPECT_TRUE(plan->repairs);
    EXPECT_EQ(manifest_in(plan->steps[0]).seq, 42U);
    EXPECT_EQ(manifest_in(plan->steps[0]).generation, 7U);
    EXPECT_EQ(plan->steps[0].floor.seq, 42U);
}

// Nobody else's numbers count: a manifest with enormous ones would end our counting.
TEST(Publication, numbers_of_a_forged_manifest_are_not_believed) {
    const std::vector<Wanted> wanted = {file("f1", "1")};
    Subtree subtree = published(wanted);
    auto forged = *decode_manifest(keys::manifest_of(me.host), subtree.manifest);
    forged.seq = forged.incarnation = 1U << 30;
    testing::signer("b").sign(forged);
    subtree.manifest = encode(forged);
    const auto plan = planned(subtree, wanted);
    ASSERT_EQ(plan.steps.size(), 1U);
    EXPECT_EQ(manifest_in(plan.steps[0]).incarnation, me.incarnation);
    EXPECT_LT(manifest_in(plan.steps[0]).seq, 10U);
}

TEST(Publication, a_clock_that_was_set_back_does_not_make_a_run_older_than_the_last) {
    const std::vector<Wanted> wanted = {file("f1", "1")};
    const Subtree there = published(wanted);
    const Exporter earlier = testing::exporter("a", me.incarnation - 1);
    const std::vector<Wanted> changed = {file("f1", "2")};
    PublicationOrder order{there, changed, earlier};
    order.now = now;
    const auto plan = plan_publication(order);
    EXPECT_EQ(manifest_in(plan->steps[0]).incarnation, me.incarnation);
    EXPECT_GT(manifest_in(plan->steps[0]).seq, 1U);
}

TEST(Publication, the_key_set_travels_with_the_first_step) {
    const std::vector<Wanted> wanted = many(9, "1");
    const Subtree nothing;
    for (const std::size_t operations : {4, 128}) {
        PublicationOrder order{nothing, wanted, me, {operations, 1'500'000}};
        order.now = now;
        order.identity = "key set";
        const auto plan = plan_publication(order);
        EXPECT_EQ(plan->steps[0].operations[0].key, keys::identity_of(me.host));
        Subtree subtree;
        for (const auto& step : plan->steps) subtree.apply(step.operations, 2, me.host);
        expect_vouched(subtree);
    }
    const std::vector<Wanted> none;
    PublicationOrder silent{nothing, none, me};
    silent.identity = "key set";
    EXPECT_TRUE(plan_publication(silent)->steps.empty());  // who exports nothing needs none
}

TEST(Publication, quotas_name_the_limit_and_what_exceeds_it) {
    EXPECT_TRUE(check_quota(many(5000, "x"), me, {}));
    const auto count = check_quota(many(5001, "x"), me, {});
    ASSERT_FALSE(count);
    EXPECT_NE(count.error().text.find("5001"), std::string::npos);
    EXPECT_NE(count.error().text.find("5000"), std::string::npos);

    const auto total = check_quota(many(9, std::string(1 << 20, 'x')), me, {});
    ASSERT_FALSE(total);
    EXPECT_NE(total.error().text.find("8388608"), std::string::npos);
    EXPECT_TRUE(check_quota(many(7, std::string(1 << 20, 'x')), me, {}));

    const auto each = check_quota(many(1, std::string(version_bytes_max, 'x')), me, {});
    ASSERT_FALSE(each);
    EXPECT_NE(each.error().text.find("file[f0]"), std::string::npos);

    EXPECT_FALSE(check_quota(std::vector{file(std::string(9000, 'n'), "x")}, me, {}));
}

}  // namespace
}  // namespace hansa
