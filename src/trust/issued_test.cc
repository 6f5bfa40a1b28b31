#include "trust/issued.h"

#include <gtest/gtest.h>

#include "trust/testing.h"

namespace hansa {
namespace {

using namespace testing;

const Authority& authority() {
    static const Authority made = Authority::make("c1", noon - day).issuing;
    return made;
}

IssuedRecord with(IssuedRecord record, const Identity& host, WallTime now) {
    auto next = with_issued(std::move(record), host.leaf(), now);
    check(bool(next), "there is room for one more");
    return *std::move(next);
}

TEST(Issued, certificates_are_kept_until_they_expire) {
    const Identity first = peer(authority(), "web1", noon);
    const Identity second = peer(authority(), "web1", noon + 16 * hour);
    IssuedRecord record = with(IssuedRecord{.name = "web1"}, first, noon);
    record = with(record, second, noon + 16 * hour);
    ASSERT_EQ(record.certificates.size(), 2u);
    EXPECT_EQ(record.certificates[0].serial, first.leaf().serial());
    EXPECT_GE(record.certificates[0].until, first.leaf().not_after());

    const Identity third = peer(authority(), "web1", noon + 32 * hour);
    record = with(record, third, noon + 32 * hour);
    ASSERT_EQ(record.certificates.size(), 2u);
    EXPECT_EQ(record.certificates[0].serial, second.leaf().serial());
}

TEST(Issued, come_back_as_they_were_written_and_nothing_else_is_read) {
    const IssuedRecord record = with(IssuedRecord{.name = "web1"}, peer(authority(), "web1"), noon);
    auto read = decode_issued(encode(record));
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(*read, record);
    for (const char* text :
         {"", "{}", R"({"v":2,"name":"a","certificates":[]})",
          R"({"v":1,"name":"../a","certificates":[]})",
          R"({"v":1,"uuid":"u","name":"a","certificates":{}})",
          R"({"v":1,"uuid":"u","name":"a","certificates":[1]})",
          R"({"v":1,"uuid":"u","name":"a","certificates":[{"serial":"x","until":1}]})",
          R"({"v":1,"uuid":"u","name":"a","certificates":[{"serial":"0a"}]})",
          R"({"v":1,"uuid":"u","name":"a","certificates":[],"more":1})"})
        EXPECT_FALSE(decode_issued(text)) << text;
}

TEST(Issued, a_name_is_one_hosts_until_that_is_taken_back) {
    const IssuedRecord record = with(IssuedRecord{.name = "web1"}, peer(authority(), "web1"), noon);
    const PrivateKey key = PrivateKey::make();
    IssueOrder order = order_for("web1", key);
    order.claims.uuid = "00000000-0000-4000-8000-00000000000f";
    const Identity thief = issued(authority(), order, key);
    auto refused = with_issued(record, thief.leaf(), noon + hour);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::denied);
    EXPECT_NE(refused.error().text.find("hansa peers revoke web1"), std::string::npos);
    RevocationList list;
    list.cluster = "c1";
    list = take_back(list, record, noon + hour);
    auto replaced = with_issued(record, thief.leaf(), noon + hour, list.revoked);
    ASSERT_TRUE(replaced) << replaced.error().text;
    EXPECT_EQ(replaced->uuid, order.claims.uuid);
    EXPECT_EQ(replaced->certificates.size(), 2u) << "both can still be shown";
    EXPECT_TRUE(with_issued(record, thief.leaf(), noon + 30 * hour)) << "or its time is over";
}

TEST(Issued, there_is_a_limit) {
    IssuedRecord record{.name = "web1", .uuid = some_uuid};
    for (std::size_t i = 0; i < issued_max; ++i) record.certificates.push_back({"0a", noon});
    const Identity host = peer(authority(), "web1");
    auto refused = with_issued(record, host.leaf(), noon);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::denied);
    EXPECT_TRUE(with_issued(record, host.leaf(), noon + hour)) << "all others have expired";
}

TEST(Issued, a_peer_is_taken_back_with_all_that_it_can_still_show) {
    const Identity old = peer(authority(), "web1", noon);
    const Identity renewed = peer(authority(), "web1", noon + 16 * hour);
    const IssuedRecord record =
        with(with(IssuedRecord{.name = "web1"}, old, noon), renewed, noon + 16 * hour);
    RevocationList before;
    before.cluster = "c1";
    before.epoch = 7;
    const auto list = take_back(before, record, noon + 17 * hour);
    EXPECT_EQ(list.epoch, 8u);
    EXPECT_EQ(list.revoked.serials.size(), 2u);
    const std::vector<Certificate> roots{authority().root()};
    for (const Identity* host : {&old, &renewed}) {
        EXPECT_FALSE(verify_chain(host->chain, roots, noon + 17 * hour, list.revoked));
        // For whoever looks at serials only, and at names only.
        EXPECT_FALSE(
            verify_chain(host->chain, roots, noon + 17 * hour, Revoked{list.revoked.serials, {}}));
        EXPECT_FALSE(
            verify_chain(host->chain, roots, noon + 17 * hour, Revoked{{}, list.revoked.names}));
    }
    EXPECT_TRUE(sign_revocations(list, authority()));

    const auto later = take_back(before, record, noon + 30 * hour);
    EXPECT_EQ(later.revoked.serials, std::vector<std::string>{renewed.leaf().serial()});
    const Identity other = peer(authority(), "web2", noon);
    EXPECT_TRUE(verify_chain(other.chain, roots, noon + 17 * hour, list.revoked));
}

}  // namespace
}  // namespace hansa
