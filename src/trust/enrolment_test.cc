#include "trust/enrolment.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/text.h"
#include "trust/testing.h"

namespace hansa {
namespace {

using namespace testing;

const std::string nonce(32, 'a');

struct Rig {
    Authority authority = Authority::make("c1", noon - day).issuing;
    Authority foreign = Authority::make("c1", noon - day).issuing;
    std::string pin = authority.root().key_pin();
    Revoked revoked;

    // As an issuer shows itself: leaf, issuing certificate, root.
    static std::string shown_by(const Authority& authority, CertificateUse use) {
        const PrivateKey key = PrivateKey::make();
        IssueOrder order = order_for("issuer", key);
        order.use = use;
        return pem_of(issued(authority, order, key).chain) + authority.root().pem();
    }

    EnrolmentAnswer answer_for(const Identity& identity) const {
        return {nonce, Grant{pem_of(identity.chain), authority.root().pem(), {}, {}}};
    }
    Expectation expected(const Identity& identity) const {
        return {nonce, "web1", some_uuid, pin, identity.key};
    }

    Result<IssueOrder> renew(const std::vector<Certificate>& chain, WallTime now) const {
        return decide_renewal(chain, {"c1", {&authority.root(), 1}, revoked}, now);
    }
};

JoinRequest some_request() {
    JoinRequest request;
    request.name = "web1";
    request.uuid = some_uuid;
    request.public_pem = PrivateKey::make().public_pem();
    request.nonce = nonce;
    prove(request, make_token(std::string(64, '0'), {}));
    return request;
}

MemberRequest some_member_request() {
    return {PrivateKey::make().public_pem(), {"192.0.2.7", "seat.example"}, nonce};
}

TEST(Enrolment, questions_and_answers_survive_the_wire) {
    const EnrolmentQuestion join = some_request();
    const EnrolmentQuestion renewal = RenewalRequest{nonce};
    const EnrolmentQuestion member = some_member_request();
    EXPECT_EQ(*decode_enrolment_question(encode(member)), member);
    EXPECT_EQ(*decode_enrolment_question(encode(join)), join);
    EXPECT_EQ(*decode_enrolment_question(encode(renewal)), renewal);

    const Grant grant{"chain", "root", {"https://127.0.0.1:2379"}, {"127.0.0.1:2381"}};
    auto granted = decode_enrolment_answer(encode(EnrolmentAnswer{nonce, grant}));
    ASSERT_TRUE(granted) << granted.error().text;
    EXPECT_EQ(granted->nonce, nonce);
    EXPECT_EQ(std::get<Grant>(granted->verdict), grant);
    for (const Code code : {Code::denied, Code::conflict, Code::unavailable}) {
        auto refused = decode_enrolment_answer(encode(EnrolmentAnswer{"", Error{code, "no\n"}}));
        ASSERT_TRUE(refused) << refused.error().text;
        EXPECT_EQ(std::get<Error>(refused->verdict).code, code);
        EXPECT_EQ(std::get<Error>(refused->verdict).text, "no\\n");
    }
}

TEST(Enrolment, anything_else_is_no_question_and_no_answer) {
    for (const std::string text :
         {"", "hansa join", "hansa join\n", "hansa join\n{}", "hansa renew\n[]", "{}",
          "hansa renew\n{\"v\":1,\"nonce\":\"a\"}", "hansa renew\n{\"v\":2,\"nonce\":\"\"}"})
        EXPECT_FALSE(decode_enrolment_question(text)) << text;
    EXPECT_FALSE(
        decode_enrolment_question("hansa renew\n{\"v\":1,\"nonce\":\"" + nonce + "\",\"more\":1}"));
    for (const std::string text :
         {"", "{}", "{\"v\":1,\"nonce\":\"a\"}", "{\"v\":1,\"chain\":\"c\"}",
          "{\"v\":1,\"chain\":\"c\",\"root\":\"r\",\"stores\":[1]}"})
        EXPECT_FALSE(decode_enrolment_answer(text)) << text;
}

TEST(Enrolment, ten_thousand_damaged_questions_and_answers_do_no_harm) {
    SeededRandom random(11);
    const std::string question = encode(EnrolmentQuestion{some_request()});
    const std::string member = encode(EnrolmentQuestion{some_member_request()});
    const std::string answer =
        encode(EnrolmentAnswer{nonce, Grant{"chain", "root", {"https://a:1"}, {"a:2"}}});
    for (int round = 0; round < 10'000; ++round) {
        std::string text = round % 3 == 0 ? question : round % 3 == 1 ? member : answer;
        for (std::uint64_t left = 1 + random.below(8); left > 0; --left)
            text[random.below(text.size())] = static_cast<char>(random.next());
        if (random.chance(0.2)) text.resize(random.below(text.size()));
        (void)decode_enrolment_question(text);
        (void)decode_enrolment_answer(text);
    }
    EXPECT_TRUE(decode_enrolment_question(question));
}

TEST(Enrolment, an_issuer_is_known_by_the_pin_of_its_root) {
    Rig rig;
    EXPECT_TRUE(judge_issuer(rig.shown_by(rig.authority, CertificateUse::member), rig.pin, noon));

    const std::string foreign = rig.shown_by(rig.foreign, CertificateUse::member);
    auto in_between = judge_issuer(foreign, rig.pin, noon);
    ASSERT_FALSE(in_between);
    EXPECT_EQ(in_between.error().code, Code::denied);
    EXPECT_NE(in_between.error().text.find("somebody may be listening"), std::string::npos);

    // The right root beside a chain that does not lead to it.
    EXPECT_FALSE(judge_issuer(foreign + rig.authority.root().pem(), rig.pin, noon));
    // Nor does the authority's own chain serve without a leaf that it made.
    EXPECT_FALSE(judge_issuer(rig.authority.chain_pem(), rig.pin, noon));
    EXPECT_FALSE(judge_issuer("", rig.pin, noon));
    EXPECT_FALSE(judge_issuer("garbage", rig.pin, noon));
    EXPECT_FALSE(judge_issuer(rig.shown_by(rig.authority, CertificateUse::member), "", noon));
}

TEST(Enrolment, a_peer_of_the_cluster_does_not_pass_for_its_authority) {
    Rig rig;
    auto peer = judge_issuer(rig.shown_by(rig.authority, CertificateUse::peer), rig.pin, noon);
    ASSERT_FALSE(peer);
    EXPECT_NE(peer.error().text.find("may not speak for the authority"), std::string::npos);
}

TEST(Enrolment, a_member_of_the_store_does_not_pass_for_its_authority) {
    Rig rig;
    const PrivateKey key = PrivateKey::make();
    IssueOrder order = order_for("web1", key);
    order.use = CertificateUse::member;
    order.addresses = {"192.0.2.7"};
    const Identity web1 = issued(rig.authority, order, key);
    auto member = judge_issuer(pem_of(web1.chain) + rig.authority.root().pem(), rig.pin, noon);
    ASSERT_FALSE(member);
    EXPECT_NE(member.error().text.find("may not speak for the authority"), std::string::npos);
}

TEST(Enrolment, an_issuer_whose_certificate_has_expired_is_refused) {
    Rig rig;
    EXPECT_FALSE(
        judge_issuer(rig.shown_by(rig.authority, CertificateUse::member), rig.pin, noon + 2 * day));
}

TEST(Enrolment, only_the_answer_to_our_question_for_our_key_and_name_is_accepted) {
    Rig rig;
    const Identity web1 = peer(rig.authority, "web1");
    EXPECT_TRUE(accept_grant(rig.answer_for(web1), rig.expected(web1), noon));

    EnrolmentAnswer replayed = rig.answer_for(web1);
    replayed.nonce = std::string(32, 'b');
    EXPECT_FALSE(accept_grant(replayed, rig.expected(web1), noon));

    Expectation other_key = rig.expected(web1);
    other_key.key = PrivateKey::make();
    EXPECT_FALSE(accept_grant(rig.answer_for(web1), other_key, noon));

    Expectation other_name = rig.expected(web1);
    other_name.name = "web2";
    EXPECT_FALSE(accept_grant(rig.answer_for(web1), other_name, noon));
    Expectation other_uuid = rig.expected(web1);
    other_uuid.uuid.back() = '2';
    EXPECT_FALSE(accept_grant(rig.answer_for(web1), other_uuid, noon));

    EnrolmentAnswer other_root = rig.answer_for(web1);
    std::get<Grant>(other_root.verdict).root_pem = rig.foreign.root().pem();
    EXPECT_FALSE(accept_grant(other_root, rig.expected(web1), noon));

    const Identity foreign = peer(rig.foreign, "web1");
    EXPECT_FALSE(accept_grant(rig.answer_for(foreign), rig.expected(foreign), noon));

    Expectation other_use = rig.expected(web1);
    other_use.use = CertificateUse::member;
    EXPECT_FALSE(accept_grant(rig.answer_for(web1), other_use, noon));
}

TEST(Enrolment, a_refusal_keeps_its_code) {
    Rig rig;
    const Identity web1 = peer(rig.authority, "web1");
    const EnrolmentAnswer busy{nonce, Error{Code::unavailable, "busy"}};
    EXPECT_EQ(accept_grant(busy, rig.expected(web1), noon).error().code, Code::unavailable);
}

TEST(Renewal, keeps_key_and_claims) {
    Rig rig;
    const PrivateKey key = PrivateKey::make();
    IssueOrder first = order_for("web1", key);
    first.claims.domain = "dc=lon";
    first.claims.labels = {{"role", "web"}};
    const Identity web1 = issued(rig.authority, first, key);
    const auto early = rig.renew(web1.chain, noon + 11 * hour);
    ASSERT_FALSE(early) << "who may have any number of certificates can hardly be taken back";
    EXPECT_EQ(early.error().code, Code::unavailable);
    auto order = rig.renew(web1.chain, noon + 13 * hour);
    ASSERT_TRUE(order) << order.error().text;
    EXPECT_EQ(order->claims, *web1.leaf().claims());
    EXPECT_EQ(order->use, CertificateUse::peer);
    const Identity again = issued(rig.authority, *order, key, noon + 13 * hour);
    EXPECT_TRUE(again.leaf().belongs_to(key));
    EXPECT_EQ(again.leaf().key_pin(), web1.leaf().key_pin());
    EXPECT_EQ(*again.leaf().claims(), *web1.leaf().claims());
}

TEST(Renewal, is_granted_for_a_grace_time_after_the_end_and_no_longer) {
    Rig rig;
    const Identity web1 = peer(rig.authority, "web1");
    const WallTime end = web1.leaf().not_after();
    EXPECT_TRUE(rig.renew(web1.chain, end + Seconds{1}));
    EXPECT_TRUE(rig.renew(web1.chain, end + renewal_grace_default));
    auto late = rig.renew(web1.chain, end + renewal_grace_default + Seconds{1});
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Code::denied);
    EXPECT_NE(late.error().text.find("join again with a new token"), std::string::npos);
    EXPECT_FALSE(rig.renew(web1.chain, noon - hour)) << "not yet valid";
}

TEST(Renewal, is_never_granted_to_somebody_revoked_also_within_the_grace) {
    Rig rig;
    const Identity web1 = peer(rig.authority, "web1");
    const WallTime end = web1.leaf().not_after();
    rig.revoked.names["web1"] = end + hour;
    for (const WallTime now : {noon, end + 2 * hour}) {
        auto refused = rig.renew(web1.chain, now);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Code::conflict);
        EXPECT_NE(refused.error().text.find("revoked"), std::string::npos);
    }
    rig.revoked.names.clear();
    rig.revoked.serials = {web1.leaf().serial()};
    EXPECT_EQ(rig.renew(web1.chain, noon).error().code, Code::conflict);
}

TEST(Renewal, needs_a_peers_certificate_of_this_cluster_and_this_root) {
    Rig rig;
    EXPECT_FALSE(rig.renew({}, noon));
    EXPECT_FALSE(rig.renew(peer(rig.foreign, "web1").chain, noon));
    EXPECT_FALSE(rig.renew(rig.authority.chain(), noon)) << "an authority's own";

    const Authority cousin = Authority::make("c2", noon - day).issuing;
    const Revoked none;
    auto elsewhere =
        decide_renewal(peer(cousin, "web1").chain, {"c1", {&cousin.root(), 1}, none}, noon);
    ASSERT_FALSE(elsewhere);
    EXPECT_NE(elsewhere.error().text.find("not of this cluster"), std::string::npos);

    const PrivateKey key = PrivateKey::make();
    IssueOrder member = order_for("web1", key);
    member.use = CertificateUse::member;
    EXPECT_FALSE(rig.renew(issued(rig.authority, member, key).chain, noon));
}

}  // namespace
}  // namespace hansa
