#include <gtest/gtest.h>

#include "trust/enrolment.h"
#include "trust/issued.h"
#include "trust/testing.h"

namespace hansa {
namespace {

using namespace testing;

const std::string nonce(32, 'a');

struct Rig {
    Authority authority = Authority::make("c1", noon - day).issuing;
    PrivateKey key = PrivateKey::make();
    MemberRequest request{key.public_pem(), {"192.0.2.7", "::1", "seat.example"}, nonce};
    Revoked revoked;

    Result<IssueOrder> decide(const std::vector<Certificate>& chain, WallTime now = noon) const {
        return decide_member(chain, request, {"c1", {&authority.root(), 1}, revoked}, now);
    }
};

std::string with_addresses(const std::string& addresses) {
    return "hansa member\n{\"v\":1,\"public_key\":\"k\",\"addresses\":" + addresses +
           ",\"nonce\":\"" + nonce + "\"}";
}

TEST(MemberRequest, is_read_strictly_and_within_bounds) {
    ASSERT_TRUE(decode_enrolment_question(with_addresses("[\"192.0.2.7\"]")));
    std::string many = "\"a0\"";
    for (std::size_t i = 1; i < member_addresses_max; ++i)
        many += ",\"a" + std::string(1, static_cast<char>('a' + i)) + "\"";
    EXPECT_TRUE(decode_enrolment_question(with_addresses("[" + many + "]")));
    for (const std::string& addresses :
         {std::string("[]"), std::string("\"192.0.2.7\""), std::string("[7]"),
          std::string("[[\"192.0.2.7\"]]"), std::string("[\"0.0.0.0\"]"),
          std::string("[\"b\",\"a\"]"), std::string("[\"a\",\"a\"]"), std::string("[\"A\"]"),
          std::string("[\"store.hansa.internal\"]"), "[" + many + ",\"b\"]"})
        EXPECT_FALSE(decode_enrolment_question(with_addresses(addresses))) << addresses;
    const std::string good = with_addresses("[\"a\"]");
    const auto changed = [&good](const std::string& from, const std::string& to) {
        std::string text = good;
        return text.replace(text.find(from), from.size(), to);
    };
    EXPECT_TRUE(decode_enrolment_question(good));
    EXPECT_FALSE(decode_enrolment_question(changed("\"v\":1", "\"v\":2")));
    EXPECT_FALSE(decode_enrolment_question(changed("\"v\":1", "\"v\":1,\"name\":\"b\"")))
        << "nobody says who it is: the certificate does";
    EXPECT_FALSE(decode_enrolment_question(changed(nonce, "a")));
    EXPECT_FALSE(decode_enrolment_question(changed("\"k\"", "\"" + std::string(3000, 'k') + "\"")));
    EXPECT_FALSE(decode_enrolment_question(good + std::string(9 << 10, ' ')));
}

TEST(MemberRequest, gives_the_asker_and_nobody_else_a_certificate_for_its_addresses) {
    Rig rig;
    IssueOrder first = order_for("web1", PrivateKey::make());
    first.claims.domain = "dc=lon";
    first.claims.labels = {{"role", "web"}};
    const Identity web1 = issued(rig.authority, first, PrivateKey::make());
    auto order = rig.decide(web1.chain);
    ASSERT_TRUE(order) << order.error().text;
    EXPECT_EQ(order->claims, *web1.leaf().claims());
    const Identity member = issued(rig.authority, *order, rig.key);
    EXPECT_TRUE(member.leaf().belongs_to(rig.key));
    EXPECT_TRUE(member.leaf().may_serve_store());
    EXPECT_EQ(*member.leaf().claims(), *web1.leaf().claims());
    EXPECT_EQ(member.leaf().addresses(), rig.request.addresses);
    EXPECT_TRUE(web1.leaf().addresses() == std::vector<std::string>{"web1"});
}

TEST(MemberRequest, is_refused_to_who_is_revoked_expired_foreign_or_a_member_only) {
    Rig rig;
    const Identity web1 = peer(rig.authority, "web1");
    EXPECT_TRUE(rig.decide(web1.chain));
    EXPECT_FALSE(rig.decide({}));
    EXPECT_FALSE(rig.decide(web1.chain, web1.leaf().not_after())) << "there is no grace";
    EXPECT_FALSE(rig.decide(web1.chain, noon - hour)) << "not yet valid";
    EXPECT_FALSE(rig.decide(rig.authority.chain())) << "an authority's own";
    const Authority foreign = Authority::make("c1", noon - day).issuing;
    EXPECT_FALSE(rig.decide(peer(foreign, "web1").chain));

    const Identity member = issued(rig.authority, *rig.decide(web1.chain), rig.key);
    auto again = rig.decide(member.chain);
    ASSERT_FALSE(again) << "or a stolen one would live for ever";
    EXPECT_NE(again.error().text.find("serves the store"), std::string::npos);

    rig.revoked.serials = {web1.leaf().serial()};
    EXPECT_FALSE(rig.decide(web1.chain));
    rig.revoked = {{}, {{"web1", noon + hour}}};
    auto refused = rig.decide(web1.chain);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::conflict);
    EXPECT_NE(refused.error().text.find("revoked"), std::string::npos);
}

TEST(MemberRequest, addresses_that_nobody_has_are_refused_by_the_decision_too) {
    Rig rig;
    const Identity web1 = peer(rig.authority, "web1");
    for (const char* address : {"0.0.0.0", "::", "store.hansa.internal", "ff02::1"}) {
        rig.request.addresses = {"192.0.2.7", address};
        auto refused = rig.decide(web1.chain);
        ASSERT_FALSE(refused) << address;
        EXPECT_EQ(refused.error().code, Code::denied);
    }
}

TEST(MemberRequest, of_a_host_that_is_back_is_good_at_once) {
    Rig rig;
    rig.revoked.names = {{"web1", noon - Seconds{60}}};
    const PrivateKey key = PrivateKey::make();
    IssueOrder back = order_for("web1", key);
    back.begins_after = noon - Seconds{60};
    const Identity web1 = issued(rig.authority, back, key);
    auto order = rig.decide(web1.chain);
    ASSERT_TRUE(order) << order.error().text;
    const Identity member = issued(rig.authority, *order, rig.key);
    EXPECT_TRUE(verify_chain(member.chain, {&rig.authority.root(), 1}, noon, rig.revoked));
}

TEST(MemberRequest, certificates_are_taken_back_with_their_peer_and_are_few) {
    Rig rig;
    const Identity web1 = peer(rig.authority, "web1");
    auto record = with_issued(IssuedRecord{.name = "web1"}, web1.leaf(), noon);
    ASSERT_TRUE(record);
    std::vector<Identity> members;
    for (std::size_t i = 0; i < issued_members_max; ++i) {
        members.push_back(issued(rig.authority, *rig.decide(web1.chain), rig.key));
        record = with_issued(*record, members.back().leaf(), noon);
        ASSERT_TRUE(record) << record.error().text;
    }
    const Identity more = issued(rig.authority, *rig.decide(web1.chain), rig.key);
    EXPECT_FALSE(with_issued(*record, more.leaf(), noon));
    EXPECT_TRUE(with_issued(*record, peer(rig.authority, "web1").leaf(), noon))
        << "its own is renewed all the same";
    EXPECT_TRUE(with_issued(*record, more.leaf(), noon + 25 * hour));
    EXPECT_EQ(*decode_issued(encode(*record)), *record);

    const RevocationList list = take_back({"c1", 0, {}}, *record, noon + hour);
    const Revoked serials{list.revoked.serials, {}};
    for (const Identity& member : members)
        EXPECT_FALSE(verify_chain(member.chain, {&rig.authority.root(), 1}, noon + hour, serials));
}

}  // namespace
}  // namespace hansa
