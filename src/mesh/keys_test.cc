#include "mesh/keys.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace hansa {
namespace {

HostName host(std::string_view text) {
    return *HostName::parse(text);
}

TEST(Keys, stand_where_the_manual_says) {
    EXPECT_EQ(keys::cluster(), "/hansa/v1/cluster");
    EXPECT_EQ(keys::name_of(host("a")), "/hansa/v1/names/a");
    EXPECT_EQ(keys::peer(host("web-1.example.org")), "/hansa/v1/peers/web-1.example.org");
    EXPECT_EQ(keys::exported(host("a"), {"file", "f1"}), "/hansa/v1/exports/a/file/f1");
    EXPECT_EQ(keys::manifest_of(host("a")), "/hansa/v1/exports/a/@manifest");
    EXPECT_EQ(keys::value_of("stage"), "/hansa/v1/kv/stage");
    EXPECT_EQ(keys::identity_of(host("a")), "/hansa/v1/identities/a");
    EXPECT_EQ(keys::parse_identity("/hansa/v1/identities/a")->text(), "a");
    EXPECT_EQ(keys::seat_leaving(host("a")), "/hansa/v1/seats/leaving/a");
    EXPECT_EQ(keys::parse_leaving("/hansa/v1/seats/leaving/a")->text(), "a");
    EXPECT_FALSE(keys::parse_leaving("/hansa/v1/seats/sightings/a"));
    EXPECT_FALSE(keys::parse_identity("/hansa/v1/identities/a/b"));
    EXPECT_FALSE(keys::parse_identity("/hansa/v1/names/a"));
    EXPECT_EQ(keys::seat_copy(host("a")), "/hansa/v1/seats/copies/a");
    EXPECT_EQ(keys::parse_copy(keys::seat_copy(host("a")))->text(), "a");
    EXPECT_FALSE(keys::parse_copy(keys::seat_sighting(host("a"))));
}

TEST(Keys, carry_names_of_any_bytes_in_one_segment) {
    const std::string nasty("a/../b\0\n%@\xff", 11);
    const std::string key = keys::exported(host("a"), {"file", nasty});
    EXPECT_EQ(key, "/hansa/v1/exports/a/file/a%2F..%2Fb%00%0A%25%40%FF");

    const auto parsed = keys::parse_export(key);
    ASSERT_TRUE(parsed && parsed->id);
    EXPECT_EQ(parsed->host, "a");
    EXPECT_EQ(parsed->id->name, nasty);
    EXPECT_EQ(keys::parse_value(keys::value_of(nasty)), nasty);
}

TEST(Keys, never_make_a_path_step_of_a_name) {
    EXPECT_EQ(keys::exported(host("a"), {"file", ".."}), "/hansa/v1/exports/a/file/%2E%2E");
    EXPECT_EQ(keys::parse_export("/hansa/v1/exports/a/file/%2E%2E")->id->name, "..");
    EXPECT_FALSE(keys::parse_export("/hansa/v1/exports/a/file/.."));
}

TEST(Keys, know_the_manifest_from_a_record) {
    const auto manifest = keys::parse_export(keys::manifest_of(host("b")));
    ASSERT_TRUE(manifest);
    EXPECT_EQ(manifest->host, "b");
    EXPECT_FALSE(manifest->id);
    // A kind of that name would be encoded, so the two cannot be mistaken for each other.
    EXPECT_EQ(keys::exported(host("b"), {"@manifest", "x"}), "/hansa/v1/exports/b/%40manifest/x");
}

TEST(Keys, call_everything_else_garbage) {
    for (const char* garbage : {"",
                                "/",
                                "/hansa/v1/exports",
                                "/hansa/v1/exports/",
                                "/hansa/v1/exports/a",
                                "/hansa/v1/exports/a/",
                                "/hansa/v1/exports/a/file",
                                "/hansa/v1/exports/a/file/",
                                "/hansa/v1/exports/a//x",
                                "/hansa/v1/exports//file/x",
                                "/hansa/v1/exports/a/file/x/y",
                                "/hansa/v1/exports/a/file/x%",
                                "/hansa/v1/exports/a/file/%2f",
                                "/hansa/v1/exports/a/file/%41",
                                "/hansa/v1/exports/a/@other",
                                "/hansa/v1/exports/a/@manifest/x",
                                "/hansa/v1/exports/.a/file/x",
                                "/hansa/v1/exports/a%2Fb/file/x",
                                "/hansa/v2/exports/a/file/x",
                                "/hansa/v1/exports/a/file/a b",
                                "/hansa/v1/exports/a/file/x\n"})
        EXPECT_FALSE(keys::parse_export(garbage)) << garbage;
    for (const char* garbage : {"/hansa/v1/peers/", "/hansa/v1/peers/a/b", "/hansa/v1/peers/-a"})
        EXPECT_FALSE(keys::parse_peer(garbage)) << garbage;
    EXPECT_FALSE(keys::parse_name("/hansa/v1/peers/a"));
    EXPECT_FALSE(keys::parse_value("/hansa/v1/kv/"));
    EXPECT_FALSE(keys::parse_value("/hansa/v1/kv/" + std::string(keys::length_max, 'x')));
}

TEST(Keys, give_back_what_went_in) {
    SeededRandom random(7);
    const auto text = [&random] {
        std::string made;
        for (std::uint64_t left = 1 + random.below(12); left > 0; --left)
            made += static_cast<char>(random.below(256));
        return made;
    };
    for (int round = 0; round < 2000; ++round) {
        const ResourceId id{text(), text()};
        const auto parsed = keys::parse_export(keys::exported(host("h.9"), id));
        ASSERT_TRUE(parsed && parsed->id);
        EXPECT_EQ(*parsed->id, id);
    }
}

}  // namespace
}  // namespace hansa
