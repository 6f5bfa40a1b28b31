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

const Exporter me{*HostName::parse("a"), 5};
const StoreLimits wide;

// What a reader sees in the subtree: name to fields.
std::map<std::string, std::string> seen(const Subtree& subtree) {
    std::uint64_t announced = 0;
    if (auto manifest = decode_manifest(keys::manifest_of(me.host), subtree.manifest))
        announced = manifest->generation;
    std::map<std::string, std::string> found;
    for (const auto& [key, value] : subtree.records) {
        const auto record = decode_export(key, value);
        if (!record) continue;
        if (const ExportBody* body = record->visible(announced))
            found[record->id.name] = text_of(*body);
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
    auto plan = plan_publication(known, wanted, me, limits, fence);
    EXPECT_TRUE(plan) << (plan ? "" : plan.error().text);
    return plan ? *plan : PublicationPlan{};
}

Subtree published(const std::vector<Wanted>& wanted, Subtree subtree = {}) {
    for (const PublicationStep& step : planned(subtree, wanted).steps)
        subtree.apply(step.operations, subtree.manifest_modified + 1, me.host);
    return subtree;
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

    // Nor when the agent was started again.
    const Exporter later{me.host, me.incarnation + 1};
    EXPECT_TRUE(
        plan_publication(published(wanted), wanted, later, wide, Fence::none)->steps.empty());
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
        decode_export("/hansa/v1/exports/a/file/f1", subtree.records.begin()->second);
    subtree = published({file("f1", "one")}, subtree);
    const auto second =
        decode_export("/hansa/v1/exports/a/file/f1", subtree.records.begin()->second);
    EXPECT_GT(second->seq, first->seq);
    EXPECT_EQ(decode_manifest(keys::manifest_of(me.host), subtree.manifest)->exports, 1U);
}

TEST(Publication, replaces_garbage_in_its_own_subtree) {
    Subtree subtree = published({file("f1", "1")});
    subtree.records["/hansa/v1/exports/a/file/f1"] = "{not json";
    subtree.records["/hansa/v1/exports/a/odd"] = "?";
    subtree.records["/hansa/v1/exports/a/file/f2"] = testing::record("b", file("f2", "2"), 9).value;
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
        const auto now = seen(subtree);
        if (!switched && now == aim) switched = true;
        ASSERT_EQ(now, switched ? aim : old);
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
    const auto plan =
        plan_publication(before, many(5, std::string(9000, 'y')), me, narrow, Fence::none);
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
