// The fixture of the tests that judge: a fold, exporters that sign, and somebody who can write
// anything to the store between them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "mesh/fold.h"
#include "mesh/testing.h"

namespace hansa::testing {

inline const std::string key_f1 = "/hansa/v1/exports/a/file/f1";

inline Wanted thing(std::string name, std::string text) {
    return {{"noop", std::move(name)}, content(std::move(text)), {}};
}

class Judging : public ::testing::Test {
 protected:
    Judging() {
        exporters.use({authority().cluster(), {authority().root()}, {}, Seconds{3600}}, start);
        for (const char* name : {"a", "b"}) show(name);
        take(fold.want({collect("file")}, now));
    }

    void show(const std::string& name) {
        const Credentials& who = credentials(name);
        (void)exporters.show(name, make_key_set(who, authority().cluster()), now);
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
                batch.events.push_back(removed(operation.key, revision));
                continue;
            }
            Record& record = store[operation.key];
            record = {operation.key, operation.value, record.created ? record.created : revision,
                      revision, 0};
            batch.events.push_back(put(record));
        }
        take(fold.apply(batch, now));
    }

    void publish(const std::string& name, const std::vector<Wanted>& wanted,
                 const StoreLimits& limits = {}) {
        const Exporter me = exporter(name);
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
        signer("a").sign(manifest);
        subtree.manifest = encode(manifest);
        return {Operation::put(key_f1, value),
                Operation::put(keys::manifest_of(host("a")), subtree.manifest)};
    }
    ExportVersion version(const std::string& text) const {
        ExportVersion made{{content(text), {}}, {1, 5, Milliseconds{number_max}, {}}};
        signer("a").sign({"file", "f1"}, made);
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

    const WallTime start = SimClock{}.wall();
    WallTime now = start;
    Duration lead{0};  // the exporters' clocks, of ours
    Catalog catalog = two_kinds();
    MemoryKeeper keeper;
    Exporters exporters{keeper};
    ExportFold fold{catalog, host("me"), exporters, anything()};
    std::map<InstanceId, Declaration> held;
    std::vector<happened::Refused> refusals;
    std::map<std::string, happened::Judged> judged;
    std::map<std::string, Record> store;
    std::map<std::string, Subtree> subtrees;
    Revision revision = 1;
    int amendments = 0;
};

}  // namespace hansa::testing
