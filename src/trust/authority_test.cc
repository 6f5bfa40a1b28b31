#include "trust/authority.h"

#include <gtest/gtest.h>
#include <openssl/ec.h>

#include <algorithm>

#include "base/text.h"
#include "trust/extension.h"
#include "trust/testing.h"

namespace hansa {
namespace {

using namespace testing;

const Authority& ours() {
    static const Authority authority = Authority::make("c1", noon - day).issuing;
    return authority;
}

std::vector<std::string> alternative_names(const Certificate& certificate) {
    const openssl::Owned<GENERAL_NAMES, GENERAL_NAMES_free> names{static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate.state().x509.get(), NID_subject_alt_name, nullptr, nullptr))};
    std::vector<std::string> texts;
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const openssl::Bio bio = openssl::writer();
        GENERAL_NAME_print(bio.get(), sk_GENERAL_NAME_value(names.get(), i));
        texts.push_back(openssl::text_of(bio));
    }
    return texts;
}

std::string common_name(const Certificate& certificate) {
    char text[256] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.state().x509.get()), NID_commonName,
                              text, sizeof text);
    return text;
}

std::string refusal(const IssueOrder& order, WallTime now = noon) {
    auto pem = ours().issue(order, now);
    return pem ? "issued" : pem.error().text;
}

TEST(Authority, certifies_a_peer_with_its_claims_inside) {
    const PrivateKey key = PrivateKey::make();
    IssueOrder order = order_for("web1", key);
    order.claims.domain = "dc=lon,rack=r1";
    order.claims.labels = {{"role", "web server"}, {"tier", "ü"}};
    const Identity web1 = issued(ours(), order, key);

    ASSERT_EQ(web1.chain.size(), 2U);
    EXPECT_TRUE(web1.leaf().belongs_to(key));
    Claims expected = order.claims;
    expected.cluster = "c1";
    EXPECT_EQ(*web1.leaf().claims(), expected);
    EXPECT_EQ(common_name(web1.leaf()), "web1");
    EXPECT_EQ(alternative_names(web1.leaf()), std::vector<std::string>{"DNS:web1"});
    EXPECT_FALSE(web1.leaf().may_serve_store());
    EXPECT_FALSE(web1.leaf().is_authority());
    EXPECT_EQ(web1.leaf().not_before(), noon - Seconds{300});
    EXPECT_EQ(web1.leaf().not_after(), noon + day);
    EXPECT_EQ(renewal_time(web1.leaf()), noon - Seconds{300} + (day + Seconds{300}) / 3 * 2);
    EXPECT_TRUE(verify_chain(web1.chain, {&ours().root(), 1}, noon));
}

TEST(Authority, a_short_life_is_not_over_for_the_most_part_when_it_begins) {
    const PrivateKey key = PrivateKey::make();
    IssueOrder order = order_for("a", key);
    order.life = Seconds{6};
    const Certificate leaf = issued(ours(), order, key).leaf();
    EXPECT_EQ(leaf.not_before(), noon - Seconds{6});
    EXPECT_GT(renewal_time(leaf), noon);
}

TEST(Authority, certifies_a_member_for_the_store_and_its_addresses) {
    const PrivateKey key = PrivateKey::make();
    IssueOrder order = order_for("a", key);
    order.use = CertificateUse::member;
    order.addresses = {"127.0.0.1", "fe80::1", "a.example.org"};
    const Identity member = issued(ours(), order, key);
    EXPECT_EQ(common_name(member.leaf()), member_common_name);
    EXPECT_EQ(alternative_names(member.leaf()),
              (std::vector<std::string>{"DNS:store.hansa.internal", "IP Address:127.0.0.1",
                                        "IP Address:FE80:0:0:0:0:0:0:1", "DNS:a.example.org"}));
    EXPECT_TRUE(member.leaf().may_serve_store());
    EXPECT_EQ(member.leaf().claims()->name, "a");
    EXPECT_TRUE(verify_chain(member.chain, {&ours().root(), 1}, noon));
}

TEST(Authority, certifies_a_key_at_hand_as_it_does_its_text) {
    const Authority authority = Authority::make("c1", noon).issuing;
    const PrivateKey key = PrivateKey::make();
    IssueOrder order = order_for("web1", key);
    order.public_pem.clear();
    order.own_key = key;
    const auto chain = authority.issue_chain(order, noon);
    ASSERT_TRUE(chain) << chain.error().text;
    ASSERT_EQ(chain->size(), 2u);
    EXPECT_TRUE(chain->front().belongs_to(key));
    EXPECT_EQ(chain->front().claims()->name, "web1");
    EXPECT_TRUE(verify_chain(*chain, {&authority.root(), 1}, noon));
    const auto read = Certificate::chain_from_pem(pem_of(*chain));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->front().fingerprint(), chain->front().fingerprint());
}

TEST(Authority, lets_no_peer_pass_for_the_store) {
    const PrivateKey key = PrivateKey::make();
    for (const char* name : {"store.hansa.internal", "Store.Hansa.INTERNAL",
                             "store.hansa.internal.", "hansa-member", "HANSA-member"}) {
        EXPECT_EQ(refusal(order_for(name, key)),
                  "the name " + std::string{name} + " is kept for the store; choose another one");
    }
    IssueOrder with_address = order_for("web1", key);
    with_address.addresses = {"store.hansa.internal"};
    EXPECT_EQ(refusal(with_address), "a peer's certificate stands for no address");
    // Its uuid would be the common name of a host whose name is too long for one.
    IssueOrder long_name = order_for(std::string(65, 'a'), key);
    EXPECT_EQ(common_name(issued(ours(), long_name, key).leaf()), some_uuid);
    long_name.claims.uuid = member_common_name;
    EXPECT_NE(refusal(long_name), "issued");
}

TEST(Authority, refuses_claims_that_no_certificate_can_carry) {
    const PrivateKey key = PrivateKey::make();
    const auto with = [&key](const std::function<void(Claims&)>& change) {
        IssueOrder order = order_for("web1", key);
        change(order.claims);
        return refusal(order);
    };
    EXPECT_EQ(with([](Claims&) {}), "issued");
    for (const char* name : {"", "*", "a/b", "a b", ".a", "a\nb", "a*", "ü"})
        EXPECT_NE(with([&](Claims& c) { c.name = name; }), "issued") << name;
    EXPECT_NE(with([](Claims& c) { c.name = std::string{"web1\0x", 6}; }), "issued");
    for (const char* uuid : {"", "x", "5D0F2A4C-1C1B-4C7E-8F0A-2B9D6E4F7A11", "5d0f2a4c"})
        EXPECT_NE(with([&](Claims& c) { c.uuid = uuid; }), "issued") << uuid;
    for (const char* domain : {"lon", "dc=", "dc=lon,", "=lon", "dc=a=b", "dc=l n", "dc=lon\n"})
        EXPECT_NE(with([&](Claims& c) { c.domain = domain; }), "issued") << domain;
    EXPECT_NE(with([](Claims& c) { c.labels = {{"ro le", "web"}}; }), "issued");
    EXPECT_NE(with([](Claims& c) { c.labels = {{"", "web"}}; }), "issued");
    EXPECT_NE(with([](Claims& c) { c.labels = {{"role", "w\neb"}}; }), "issued");
    EXPECT_NE(with([](Claims& c) { c.labels = {{"role", "\xff"}}; }), "issued");
    EXPECT_NE(with([](Claims& c) {
                  for (int i = 0; i < 65; ++i) c.labels["l" + std::to_string(i)] = "x";
              }),
              "issued");
    EXPECT_EQ(with([](Claims& c) {
                  for (int i = 0; i < 30; ++i) c.labels["l" + std::to_string(i)].assign(250, 'x');
              }),
              "claims of web1 take 7853 bytes; 4096 at most");
    EXPECT_EQ(with([](Claims& c) { c.cluster = "c2"; }),
              "this authority is of cluster c1, not of c2");
}

TEST(Authority, refuses_keys_and_addresses_of_the_wrong_kind) {
    const PrivateKey key = PrivateKey::make();
    IssueOrder order = order_for("web1", key);
    order.public_pem = "nonsense";
    EXPECT_EQ(refusal(order), "no public key in PEM form");
    order.public_pem = rsa_key().public_pem();
    EXPECT_EQ(refusal(order), "the public key is not one of ECDSA P-256");
    const openssl::Key p384{EVP_EC_gen("P-384")};
    order.public_pem = PrivateKey::from_pem(openssl::pem_of_private(p384.get()))->public_pem();
    EXPECT_EQ(refusal(order), "the public key is not one of ECDSA P-256");
    order.own_key = *PrivateKey::from_pem(openssl::pem_of_private(p384.get()));
    EXPECT_EQ(refusal(order), "the public key is not one of ECDSA P-256");
    order.own_key.reset();
    order.public_pem = key.pem();  // a private key is no public one
    EXPECT_EQ(refusal(order), "no public key in PEM form");

    order = order_for("a", key);
    order.use = CertificateUse::member;
    for (const std::string& bad : {std::string{"*"}, std::string{""},
                                   std::string{"127.0.0.1\0.x", 12}, std::string{"a b"}}) {
        order.addresses = {bad};
        EXPECT_NE(refusal(order), "issued") << printable(bad);
    }
}

TEST(Authority, issues_nothing_that_outlives_it) {
    const PrivateKey key = PrivateKey::make();
    IssueOrder order = order_for("web1", key);
    order.life = 10'000 * day;
    EXPECT_EQ(issued(ours(), order, key).leaf().not_after(), ours().chain().front().not_after());
    order.life = Duration::max();
    EXPECT_EQ(issued(ours(), order, key).leaf().not_after(), ours().chain().front().not_after());
    order.life = Duration::zero();
    EXPECT_NE(refusal(order), "issued");
    order.life = day;
    EXPECT_EQ(refusal(order, noon + 800 * day),
              "the issuing certificate expired at 2018-09-30T12:00:00.000Z; renew it with "
              "\"hansa ca renew\"");
}

TEST(Authority, makes_certificates_that_begin_after_a_revocation) {
    const PrivateKey key = PrivateKey::make();
    IssueOrder order = order_for("web1", key);
    order.begins_after = noon - Milliseconds{500};
    EXPECT_EQ(issued(ours(), order, key).leaf().not_before(), noon);
    order.begins_after = noon;
    EXPECT_EQ(issued(ours(), order, key).leaf().not_before(), noon + Seconds{1});
    order.begins_after = noon + 30 * day;
    EXPECT_NE(refusal(order), "issued");
}

TEST(Authority, is_opened_again_from_its_files) {
    auto again = Authority::open(ours().key().pem(), ours().chain_pem());
    ASSERT_TRUE(again) << again.error().text;
    EXPECT_EQ(again->cluster(), "c1");
    EXPECT_EQ(again->root().fingerprint(), ours().root().fingerprint());
    EXPECT_TRUE(verify_chain(peer(*again, "web1").chain, {&ours().root(), 1}, noon));
}

TEST(Authority, is_not_opened_from_files_that_do_not_fit) {
    const auto refused = [](const std::string& key, const std::string& chain) {
        auto opened = Authority::open(key, chain);
        return opened ? "opened" : opened.error().text;
    };
    const Authority other = Authority::make("c1", noon).issuing;
    const std::string key = ours().key().pem();
    const std::string issuing = ours().chain().front().pem(), root = ours().root().pem();
    EXPECT_EQ(refused(other.key().pem(), ours().chain_pem()),
              "the authority's key does not belong to its certificate");
    EXPECT_EQ(refused("", ours().chain_pem()),
              "key of the authority: no private key in PEM form without a passphrase");
    EXPECT_NE(refused(key, issuing), "opened");
    EXPECT_NE(refused(key, root + issuing), "opened");
    EXPECT_NE(refused(key, issuing + root + root), "opened");
    EXPECT_EQ(refused(key, issuing + other.root().pem()),
              "the certificate of \"O = c1, CN = Hansa issuing key\" was not made by an authority "
              "that is known here");
    const Authority foreign = Authority::make("c2", noon).issuing;
    EXPECT_EQ(refused(key, issuing + foreign.root().pem()),
              "the issuing certificate is of cluster c1, the root of c2");
    // A peer's certificate and key are no authority.
    const Identity web1 = peer(ours(), "web1");
    EXPECT_NE(refused(web1.key.pem(), web1.leaf().pem() + root), "opened");
}

TEST(Authority, renews_its_issuing_certificate_and_both_halves_of_a_fleet_verify) {
    const Authority::Made made = Authority::make("c1", noon - day);
    const WallTime later = noon + 729 * day - hour;  // an hour before the first one's end
    const Identity before = peer(made.issuing, "web1", later - hour);
    auto renewed = made.issuing.renew_issuing(made.root_key, later);
    ASSERT_TRUE(renewed) << renewed.error().text;
    const Identity after = peer(*renewed, "web2", later);

    const std::span<const Certificate> roots{&made.issuing.root(), 1};
    EXPECT_TRUE(verify_chain(before.chain, roots, later));
    EXPECT_TRUE(verify_chain(after.chain, roots, later));
    // Each leads over either certificate: it is one key.
    const Certificate& old = before.chain.back();
    const Certificate& fresh = after.chain.back();
    EXPECT_NE(old.serial(), fresh.serial());
    EXPECT_EQ(old.key_pin(), fresh.key_pin());
    EXPECT_TRUE(verify_chain(std::vector{before.leaf(), fresh}, roots, later));
    EXPECT_TRUE(verify_chain(std::vector{after.leaf(), old}, roots, later));
    EXPECT_EQ(fresh.not_before(), later - Seconds{300});
    EXPECT_EQ(fresh.not_after(), later + 730 * day);
    EXPECT_EQ(after.leaf().not_after(), later + day) << "no longer cut short";

    auto again = Authority::open(renewed->key().pem(), renewed->chain_pem());
    ASSERT_TRUE(again) << again.error().text;
    EXPECT_EQ(again->cluster(), "c1");
    EXPECT_EQ(again->root().fingerprint(), made.issuing.root().fingerprint());
}

TEST(Authority, renews_an_issuing_certificate_that_has_expired) {
    const Authority::Made made = Authority::make("c1", noon - day);
    const WallTime late = noon + 800 * day;
    const PrivateKey key = PrivateKey::make();
    EXPECT_FALSE(made.issuing.issue(order_for("web1", key), late));
    auto renewed = made.issuing.renew_issuing(made.root_key, late);
    ASSERT_TRUE(renewed) << renewed.error().text;
    EXPECT_TRUE(verify_chain(peer(*renewed, "web1", late).chain, {&renewed->root(), 1}, late));
}

TEST(Authority, is_renewed_by_its_own_root_key_alone_and_within_the_roots_life) {
    const Authority::Made made = Authority::make("c1", noon - day);
    const auto refused = [&made](const PrivateKey& key, WallTime now) {
        auto renewed = made.issuing.renew_issuing(key, now);
        return renewed ? "renewed" : renewed.error().text;
    };
    EXPECT_EQ(refused(Authority::make("c1", noon).root_key, noon),
              "this is not the root key of cluster c1; the right one belongs to root.pem");
    EXPECT_NE(refused(made.issuing.key(), noon), "renewed");
    EXPECT_NE(refused(made.root_key, noon - 2 * day).find("not valid before"), std::string::npos);
    EXPECT_NE(refused(made.root_key, noon + 7300 * day).find("expired"), std::string::npos);
    auto last = made.issuing.renew_issuing(made.root_key, noon + 7000 * day);
    ASSERT_TRUE(last);
    EXPECT_EQ(last->chain().front().not_after(), made.issuing.root().not_after());
}

TEST(Authority, says_when_its_issuing_certificate_is_due) {
    const Authority::Made made = Authority::make("c1", noon);
    EXPECT_FALSE(made.issuing.issuing_is_due(noon));
    EXPECT_FALSE(made.issuing.issuing_is_due(noon + 486 * day));
    EXPECT_TRUE(made.issuing.issuing_is_due(noon + 487 * day));
    EXPECT_TRUE(made.issuing.issuing_is_due(noon + 800 * day));
    // A clock that was ahead when it was renewed.
    auto ahead = made.issuing.renew_issuing(made.root_key, noon + 400 * day);
    ASSERT_TRUE(ahead);
    EXPECT_TRUE(ahead->issuing_is_due(noon));
    EXPECT_FALSE(ahead->issuing_is_due(noon + 400 * day));
    // Nothing is gained once it lives as long as the root.
    auto last = made.issuing.renew_issuing(made.root_key, noon + 7299 * day);
    ASSERT_TRUE(last);
    EXPECT_FALSE(last->issuing_is_due(noon + 7300 * day - hour));
}

TEST(Authority, has_an_extension_that_etcd_can_read) {
    // Go's parser takes numbers of 31 bits at most, and refuses the whole certificate otherwise.
    for (const std::string& number : split(openssl::claims_oid, '.')) {
        const auto value = to_int(number);
        ASSERT_TRUE(value);
        EXPECT_LT(*value, std::int64_t{1} << 31);
    }
}

}  // namespace
}  // namespace hansa
