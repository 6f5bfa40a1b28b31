// verify_chain: each test is an attacker, or an operator's mistake.
#include <gtest/gtest.h>

#include <algorithm>

#include "trust/certificate.h"
#include "trust/extension.h"
#include "trust/keys.h"
#include "trust/testing.h"

namespace hansa {
namespace {

using namespace testing;

struct Ours {
    Authority authority = Authority::make("c1", noon - day).issuing;
    std::vector<Certificate> roots{authority.root()};
    Identity web1 = peer(authority, "web1");
};

const Ours& ours() {
    static const Ours made;
    return made;
}

std::string verdict(const std::vector<Certificate>& chain, WallTime now = noon,
                    const Revoked& revoked = {}) {
    auto good = verify_chain(chain, ours().roots, now, revoked);
    if (good) return "good";
    EXPECT_EQ(good.error().code, Code::denied);
    return good.error().text;
}

const std::string foreign =
    "the certificate of web1 was not made by an authority that is known here";

TEST(Chain, that_leads_to_a_root_is_good) {
    EXPECT_EQ(verdict(ours().web1.chain), "good");
    // The root may come along, and what stands beside the path does not matter.
    std::vector<Certificate> more = ours().web1.chain;
    more.push_back(ours().authority.root());
    more.push_back(peer(ours().authority, "web2").leaf());
    EXPECT_EQ(verdict(more), "good");
}

TEST(Chain, without_its_issuer_or_without_anything_is_refused) {
    EXPECT_EQ(verdict({}), "no certificate was shown");
    EXPECT_EQ(verdict({ours().web1.leaf()}), foreign);
    EXPECT_FALSE(verify_chain(ours().web1.chain, {}, noon));
}

TEST(Chain, of_another_authority_with_the_same_names_is_refused) {
    const Authority twin = Authority::make("c1", noon - day).issuing;
    const Identity twins_web1 = peer(twin, "web1");
    EXPECT_NE(verdict(twins_web1.chain).find("CN = Hansa issuing key\" was not made by an"),
              std::string::npos);
    EXPECT_EQ(verdict({twins_web1.leaf()}), foreign);
    // Nor does our own issuing certificate help, shown below theirs.
    EXPECT_EQ(verdict({twins_web1.leaf(), ours().authority.chain().front()}), foreign);
    std::vector<Certificate> with_root = twins_web1.chain;
    with_root.push_back(twin.root());
    EXPECT_EQ(verdict(with_root),
              "the certificate of \"O = c1, CN = Hansa root\" was not made by an authority that is "
              "known here");
}

TEST(Chain, of_a_twin_without_key_identifiers_is_refused) {
    const PrivateKey thief = PrivateKey::make();
    const Certificate leaf = edited(ours().web1.leaf(), thief, [](X509* x509) {
        for (const int nid : {NID_authority_key_identifier, NID_subject_key_identifier})
            X509_EXTENSION_free(X509_delete_ext(x509, X509_get_ext_by_NID(x509, nid, -1)));
    });
    EXPECT_EQ(verdict({leaf, ours().authority.chain().front()}), foreign);
}

TEST(Chain, with_tampered_claims_is_refused) {
    // Re-encoded without a new signature: what somebody would show who edits a file.
    const Certificate leaf = edited(ours().web1.leaf(), ours().web1.key, [](X509* x509) {
        const openssl::Object object{OBJ_txt2obj(openssl::claims_oid, 1)};
        X509_EXTENSION_free(X509_delete_ext(x509, X509_get_ext_by_OBJ(x509, object.get(), -1)));
        openssl::add_claims(x509, R"({"v":1,"cluster":"c1",)"
                                  R"("uuid":"5d0f2a4c-1c1b-4c7e-8f0a-2b9d6e4f7a11","name":"db1"})");
    });
    ASSERT_EQ(leaf.claims()->name, "db1");
    EXPECT_EQ(verdict({leaf, ours().authority.chain().front()}),
              "the certificate of db1 was not made by an authority that is known here");
}

TEST(Chain, with_claims_that_cannot_be_read_is_refused) {
    const Certificate leaf = edited(ours().web1.leaf(), ours().authority.key(), [](X509* x509) {
        openssl::add_claims(x509, R"({"v":1,"cluster":"c1"})");
    });
    EXPECT_EQ(verdict({leaf, ours().authority.chain().front()}),
              "the certificate's claims stand twice");
}

TEST(Chain, through_a_peer_as_issuer_is_refused) {
    const Identity& web1 = ours().web1;
    const Certificate forged = made(host_draft("db1"), PrivateKey::make(), &web1.leaf(), web1.key);
    EXPECT_EQ(verdict({forged, web1.leaf(), web1.chain[1]}),
              "the certificate of web1 is no authority's, yet it stands as an issuer");
    // Nor with an authority's flags on what it forges.
    const PrivateKey key = PrivateKey::make();
    const Certificate middle = made(authority_draft("below"), key, &web1.leaf(), web1.key);
    const Certificate leaf = made(host_draft("db1"), PrivateKey::make(), &middle, key);
    EXPECT_NE(verdict({leaf, middle, web1.leaf(), web1.chain[1]}), "good");
}

TEST(Chain, through_an_authority_below_the_issuing_one_is_refused) {
    // pathlen:0: a stolen issuing key makes peers, but no authority that lives on.
    const PrivateKey key = PrivateKey::make();
    const Certificate below = made(authority_draft("below"), key, &ours().authority.chain().front(),
                                   ours().authority.key());
    const Certificate leaf = made(host_draft("db1"), PrivateKey::make(), &below, key);
    EXPECT_NE(verdict({leaf, below, ours().authority.chain().front()}).find("too far below a root"),
              std::string::npos);
}

TEST(Chain, is_not_longer_than_two_authorities_below_the_root) {
    // An in-house authority that sets no limits of its own.
    std::vector<PrivateKey> keys{PrivateKey::make()};
    std::vector<Certificate> chain{made(authority_draft("r0"), keys[0], nullptr, keys[0])};
    const auto accepted = [&](std::size_t authorities) {
        while (chain.size() <= authorities) {
            keys.push_back(PrivateKey::make());
            const std::size_t i = keys.size() - 2;
            chain.push_back(made(authority_draft("r" + std::to_string(i + 1)), keys.back(),
                                 &chain[i], keys[i]));
        }
        std::vector<Certificate> shown{
            made(host_draft("web1"), PrivateKey::make(), &chain.back(), keys.back())};
        shown.insert(shown.end(), chain.rbegin(), chain.rend());
        return bool(verify_chain(shown, {&chain.front(), 1}, noon));
    };
    EXPECT_TRUE(accepted(0));
    EXPECT_TRUE(accepted(2));
    EXPECT_FALSE(accepted(3));
}

TEST(Chain, whose_leaf_is_an_authority_is_no_hosts) {
    std::vector<Certificate> chain = ours().authority.chain();
    EXPECT_EQ(verdict(chain),
              "the certificate of \"O = c1, CN = Hansa issuing key\" is an authority's, not a "
              "host's");
    EXPECT_TRUE(verify_chain(chain, ours().roots, noon, {}, ChainLeaf::authority));
    auto as_authority =
        verify_chain(ours().web1.chain, ours().roots, noon, {}, ChainLeaf::authority);
    ASSERT_FALSE(as_authority);
    EXPECT_EQ(as_authority.error().text, "the certificate of web1 is no authority's");
}

TEST(Chain, counts_no_authority_without_basic_constraints) {
    // OpenSSL takes key usage alone for enough below a root, and a version 1 root for one.
    const PrivateKey root_key = PrivateKey::make(), key = PrivateKey::make();
    const Certificate root = made(authority_draft("root"), root_key, nullptr, root_key);
    openssl::Draft draft = authority_draft("middle");
    draft.extensions = {{NID_key_usage, "critical,keyCertSign"}};
    const Certificate middle = made(draft, key, &root, root_key);
    const Certificate leaf = made(host_draft("web1"), PrivateKey::make(), &middle, key);
    const std::vector<Certificate> chain{leaf, middle};
    auto good = verify_chain(chain, {&root, 1}, noon);
    ASSERT_FALSE(good);
    EXPECT_EQ(good.error().text,
              "the certificate of middle is no authority's, yet it stands as an issuer");
    // As a root it does not count at all.
    EXPECT_FALSE(verify_chain({&leaf, 1}, {&middle, 1}, noon));
    const Certificate own = made(host_draft("web1"), key, nullptr, key);
    EXPECT_FALSE(verify_chain({&own, 1}, {&own, 1}, noon));
}

TEST(Chain, of_the_wrong_purpose_is_refused) {
    const auto with = [](std::vector<std::pair<int, std::string>> extensions) {
        openssl::Draft draft = host_draft("web1");
        draft.extensions = std::move(extensions);
        return verdict({made(draft, PrivateKey::make(), &ours().authority.chain().front(),
                             ours().authority.key()),
                        ours().authority.chain().front()});
    };
    const std::string refused = "the certificate of web1 was not issued for clients";
    EXPECT_EQ(with({{NID_ext_key_usage, "clientAuth"}}), "good");
    EXPECT_EQ(with({}), "good");
    EXPECT_EQ(with({{NID_ext_key_usage, "serverAuth"}}), refused);
    EXPECT_EQ(with({{NID_ext_key_usage, "codeSigning"}}), refused);
    EXPECT_EQ(with({{NID_key_usage, "critical,keyEncipherment"}}), refused);
    EXPECT_EQ(with({{NID_key_usage, "critical,cRLSign"}}), refused);
}

TEST(Chain, tells_expired_and_early_apart_and_names_the_clocks) {
    EXPECT_EQ(verdict(ours().web1.chain, noon + day - Seconds{1}), "good");
    EXPECT_NE(verdict(ours().web1.chain, noon + day), "good");
    EXPECT_EQ(verdict(ours().web1.chain, noon + day + 3 * hour),
              "the certificate of web1 expired at 2016-10-02T12:00:00.000Z, 3 h ago; renew it");
    EXPECT_EQ(verdict(ours().web1.chain, noon - Seconds{300}), "good");
    EXPECT_EQ(verdict(ours().web1.chain, noon - Seconds{600}),
              "the certificate of web1 is not valid before 2016-10-01T11:55:00.000Z, in 5 min; "
              "compare the clocks of the two machines");
    const Identity later = peer(ours().authority, "web1", noon + 3 * day);
    EXPECT_EQ(verdict(later.chain).find("clocks"), std::string::npos);
    EXPECT_NE(verdict(later.chain).find("is not valid before"), std::string::npos);
}

TEST(Chain, is_refused_when_an_authority_on_it_has_expired) {
    // Its own end is cut to the authority's, so the leaf is made elsewhere.
    openssl::Draft draft = host_draft("web1");
    draft.not_after = noon + 900 * day;
    const Certificate leaf =
        made(draft, PrivateKey::make(), &ours().authority.chain().front(), ours().authority.key());
    EXPECT_NE(verdict({leaf, ours().authority.chain().front()}, noon + 800 * day)
                  .find("CN = Hansa issuing key\" expired"),
              std::string::npos);
}

TEST(Chain, that_was_revoked_by_serial_is_refused) {
    Revoked revoked;
    const std::string serial = ours().web1.leaf().serial();
    revoked.serials = {"00", serial, "ff"};
    std::sort(revoked.serials.begin(), revoked.serials.end());
    EXPECT_EQ(verdict(ours().web1.chain, noon, revoked),
              "the certificate of web1 was revoked (serial " + serial + ")");
    EXPECT_EQ(verdict(peer(ours().authority, "web1").chain, noon, revoked), "good");
    // An issuing certificate that was revoked takes all below with it.
    revoked.serials = {ours().authority.chain().front().serial()};
    EXPECT_NE(verdict(ours().web1.chain, noon, revoked).find("Hansa issuing key\" was revoked"),
              std::string::npos);
}

TEST(Chain, that_was_revoked_by_name_is_refused_until_a_new_one_is_issued) {
    Revoked revoked;
    revoked.names = {{"web1", noon}};
    EXPECT_EQ(verdict(ours().web1.chain, noon, revoked),
              "the certificate of web1 was revoked at 2016-10-01T12:00:00.000Z");
    EXPECT_EQ(verdict(peer(ours().authority, "web2").chain, noon, revoked), "good");
    const PrivateKey key = PrivateKey::make();
    IssueOrder order = order_for("web1", key);
    order.begins_after = revoked.names["web1"];
    const Identity again = issued(ours().authority, order, key, noon + Seconds{2});
    EXPECT_EQ(verdict(again.chain, noon + Seconds{2}, revoked), "good");
}

TEST(Chain, from_an_authority_elsewhere_is_good_with_its_root) {
    const PrivateKey root_key = rsa_key(), key = rsa_key();
    openssl::Draft root_draft = authority_draft("Puppet CA: puppet.example.org");
    root_draft.extensions = {{NID_basic_constraints, "critical,CA:TRUE"},
                             {NID_key_usage, "critical,keyCertSign,cRLSign"}};
    const Certificate root = made(root_draft, root_key, nullptr, root_key);
    openssl::Draft draft = host_draft("web1.example.org");
    draft.extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
                        {NID_key_usage, "critical,digitalSignature,keyEncipherment"},
                        {NID_ext_key_usage, "serverAuth,clientAuth"}};
    const Certificate leaf = made(draft, key, &root, root_key);
    EXPECT_TRUE(verify_chain({&leaf, 1}, {&root, 1}, noon));
    const std::vector<Certificate> both{ours().authority.root(), root};
    EXPECT_TRUE(verify_chain({&leaf, 1}, both, noon));
    EXPECT_TRUE(verify_chain(ours().web1.chain, both, noon));
    EXPECT_FALSE(verify_chain({&leaf, 1}, ours().roots, noon));
}

TEST(Chain, from_an_issuing_certificate_as_root_is_good) {
    // An operator of an in-house authority may have no more than that.
    const Certificate issuing = ours().authority.chain().front();
    EXPECT_TRUE(verify_chain(ours().web1.chain, {&issuing, 1}, noon));
}

TEST(Chain, of_weak_keys_or_digests_is_refused) {
    const openssl::Key weak{EVP_RSA_gen(1024)};
    const Certificate small = openssl::make_certificate(
        host_draft("web1"), weak.get(), &ours().authority.chain().front(), ours().authority.key());
    EXPECT_EQ(verdict({small, ours().authority.chain().front()}),
              "the certificate of web1 has a key or a digest that is too weak");
    openssl::X509Owned sha1{X509_dup(ours().web1.leaf().state().x509.get())};
    ASSERT_GT(X509_sign(sha1.get(), ours().authority.key().state().key.get(), EVP_sha1()), 0);
    const Certificate old{
        std::make_shared<const Certificate::State>(Certificate::State{std::move(sha1)})};
    EXPECT_NE(verdict({old, ours().authority.chain().front()}), "good");
}

TEST(Chain, of_an_authority_from_elsewhere_certifies_no_claims_of_ours) {
    const PrivateKey root_key = PrivateKey::make();
    const Certificate root = made(authority_draft("in-house"), root_key, nullptr, root_key);
    const PrivateKey key = PrivateKey::make();
    openssl::Draft draft = host_draft("evil");
    EXPECT_TRUE(
        verify_chain(std::vector{made(draft, key, &root, root_key)}, std::vector{root}, noon));
    Claims claims;
    claims.cluster = "c1";
    claims.uuid = some_uuid;
    claims.name = "victim";
    draft.claims = *encode(claims);
    auto refused =
        verify_chain(std::vector{made(draft, key, &root, root_key)}, std::vector{root}, noon);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().text.find("cannot make"), std::string::npos) << refused.error().text;
}

}  // namespace
}  // namespace hansa
