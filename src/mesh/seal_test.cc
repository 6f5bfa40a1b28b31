#include "mesh/seal.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "mesh/testing.h"

namespace hansa {
namespace {

using testing::content;

const ResourceId f1{"file", "f1"};

ExportVersion signed_version() {
    ExportVersion made{{content("1"), {}}, {2, 5, Milliseconds{9000}, {}}};
    made.body.meta.export_to = {"web*", "db1"};
    testing::signer("a").sign(f1, made);
    return made;
}

ExportManifest signed_manifest() {
    ExportManifest made;
    made.from = "a";
    made.incarnation = 2;
    made.seq = 5;
    made.generation = 1;
    made.exports = 3;
    made.time = Milliseconds{1000};
    made.until = Milliseconds{9000};
    made.digest = "d";
    testing::signer("a").sign(made);
    return made;
}

TEST(Seal, of_a_record_covers_each_part_of_it) {
    const Signer signer = testing::signer("a");
    EXPECT_TRUE(signer.made(f1, signed_version()));
    EXPECT_FALSE(signer.made({"file", "f2"}, signed_version()));
    EXPECT_FALSE(signer.made({"exec", "f1"}, signed_version()));
    const std::vector<std::function<void(ExportVersion&)>> changes{
        [](ExportVersion& each) { each.seal.incarnation = 3; },
        [](ExportVersion& each) { each.seal.seq = 6; },
        [](ExportVersion& each) { each.seal.until = Milliseconds{9001}; },
        [](ExportVersion& each) { each.seal.signature.clear(); },
        [](ExportVersion& each) { each.seal.signature.back() ^= 1; },
        [](ExportVersion& each) { each.body.fields = content("2"); },
        [](ExportVersion& each) { each.body.meta.noop = true; },
        [](ExportVersion& each) { each.body.meta.export_to = {"web*"}; },
        [](ExportVersion& each) { each.body.meta.export_to = {"web*db1"}; },
        [](ExportVersion& each) {
            each.body.meta.export_to = {"web*", "db2"};
        },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
        ExportVersion changed = signed_version();
        changes[i](changed);
        EXPECT_FALSE(signer.made(f1, changed)) << "change " << i;
    }
}

TEST(Seal, of_a_manifest_covers_each_part_of_it) {
    const Signer signer = testing::signer("a");
    EXPECT_TRUE(signer.made(signed_manifest()));
    const std::vector<std::function<void(ExportManifest&)>> changes{
        [](ExportManifest& each) { each.incarnation = 3; },
        [](ExportManifest& each) { each.seq = 6; },
        [](ExportManifest& each) { each.generation = 2; },
        [](ExportManifest& each) { each.exports = 4; },
        [](ExportManifest& each) { each.time = Milliseconds{1001}; },
        [](ExportManifest& each) { each.until = Milliseconds{9001}; },
        [](ExportManifest& each) { each.digest = "e"; },
        [](ExportManifest& each) { each.signature.clear(); },
        [](ExportManifest& each) { each.signature.back() ^= 1; },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
        ExportManifest changed = signed_manifest();
        changes[i](changed);
        EXPECT_FALSE(signer.made(changed)) << "change " << i;
    }
}

TEST(Seal, of_one_host_is_no_others) {
    const Signer signer = testing::signer("a");
    for (const Signer& other :
         {testing::signer("b"), Signer{{"other", signer.scope.uuid, "a"}, signer.key},
          Signer{{signer.scope.cluster, "other", "a"}, signer.key},
          Signer{{signer.scope.cluster, signer.scope.uuid, "b"}, signer.key}}) {
        EXPECT_FALSE(other.made(f1, signed_version()));
        EXPECT_FALSE(other.made(signed_manifest()));
    }
}

// A record is found by its key: what stands under another one is another record.
TEST(Seal, a_leaf_is_of_a_key_and_its_value) {
    EXPECT_EQ(leaf_of("k", "v"), leaf_of("k", "v"));
    EXPECT_NE(leaf_of("k", "v"), leaf_of("k", "w"));
    EXPECT_NE(leaf_of("k", "v"), leaf_of("l", "v"));
    EXPECT_NE(leaf_of("kv", ""), leaf_of("k", "v"));
    const Leaf one = leaf_of("k", "v");
    const Leaf two = leaf_of("l", "v");
    EXPECT_EQ(digest_of({one, two}), digest_of({two, one}));
    EXPECT_NE(digest_of({one, two}), digest_of({one}));
    EXPECT_NE(digest_of({one, one}), digest_of({one}));
}

}  // namespace
}  // namespace hansa
