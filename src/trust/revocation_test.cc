#include "trust/revocation.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "data/json.h"
#include "trust/keys.h"
#include "trust/testing.h"

namespace hansa {
namespace {

using namespace testing;

struct Ours {
    Authority::Made made = Authority::make("c1", noon - day);
    const Authority& authority = made.issuing;
    std::vector<Certificate> roots{authority.root()};
};

const Ours& ours() {
    static const Ours made;
    return made;
}

RevocationList some_list() {
    RevocationList list;
    list = revoke_name(list, "web1", noon);
    list = revoke_serial(list, "0b");
    list = revoke_serial(list, "0a");
    return list;
}

std::string some_text() {
    return *sign_revocations(some_list(), ours().authority);
}

std::string refusal(const std::string& text, WallTime now = noon) {
    auto list = read_revocations(text, ours().roots, now);
    return list ? "read" : list.error().text;
}

// The list with one member changed by hand, as the holder of a store could.
std::string with(const std::string& member, const Value& value) {
    Value tree = *parse_json(some_text());
    for (Value::Entry& entry : tree.map())
        if (entry.key == member) entry.value = value;
    return to_json(tree);
}

TEST(Revocations, are_read_as_they_were_signed) {
    auto list = read_revocations(some_text(), ours().roots, noon);
    ASSERT_TRUE(list) << list.error().text;
    EXPECT_EQ(list->cluster, "c1");
    EXPECT_EQ(list->epoch, 3U);
    EXPECT_EQ(list->revoked.serials, (std::vector<std::string>{"0a", "0b"}));
    EXPECT_EQ(list->revoked.names, (std::map<std::string, WallTime>{{"web1", noon}}));
}

TEST(Revocations, that_nobody_signed_are_refused) {
    const std::string changed = "revocation list was changed after it was signed";
    EXPECT_EQ(refusal(with("epoch", Value::of_int(4))), changed);
    EXPECT_EQ(refusal(with("serials", Value::of_list({}))), changed);
    EXPECT_EQ(refusal(with("serials", Value::of_list({Value::of_text("0a0b")}))), changed);
    EXPECT_EQ(refusal(with("names", Value::of_map({}))), changed);
    EXPECT_EQ(refusal(with("names", Value::of_map({{"db1", {}, Value::of_int(1)}}))), changed);
    EXPECT_EQ(refusal(with("sig", Value::of_text(base64_encode("x")))), changed);
    EXPECT_EQ(refusal(with("cluster", Value::of_text("c2"))),
              "revocation list of cluster c2 was signed by no authority of it");
}

TEST(Revocations, that_a_peer_signed_are_refused) {
    // A peer's key and certificate in place of the authority's; the statement is the same.
    const Identity web1 = peer(ours().authority, "web1");
    std::string chain;
    for (const Certificate& certificate : web1.chain) chain += certificate.pem();
    EXPECT_EQ(refusal(with("chain", Value::of_text(chain))),
              "revocation list: the certificate of web1 is no authority's");
}

TEST(Revocations, of_a_twin_authority_are_refused) {
    const Authority twin = Authority::make("c1", noon - day).issuing;
    EXPECT_EQ(refusal(*sign_revocations(some_list(), twin)),
              "revocation list: the certificate of \"O = c1, CN = Hansa issuing key\" was not made "
              "by an authority that is known here");
}

TEST(Revocations, of_an_authority_that_hansa_did_not_make_are_refused) {
    // Below the same root, but it speaks for no cluster.
    const PrivateKey key = PrivateKey::make();
    openssl::Draft draft = authority_draft("in-house");
    const Certificate stranger = made(draft, key, &ours().authority.root(), ours().made.root_key);
    ASSERT_TRUE(verify_chain({&stranger, 1}, ours().roots, noon, {}, ChainLeaf::authority));
    EXPECT_EQ(refusal(with("chain", Value::of_text(stranger.pem()))),
              "revocation list of cluster c1 was signed by no authority of it");
}

TEST(Revocations, outlive_the_certificate_of_their_signer) {
    EXPECT_EQ(refusal(some_text(), noon + 800 * day), refusal(some_text(), noon));
    EXPECT_NE(refusal(some_text(), noon - 2 * day).find("not valid before"), std::string::npos);
}

TEST(Revocations, that_cannot_be_read_are_invalid) {
    const std::string text = some_text();
    const std::string body = text.substr(0, text.size() - 1);
    const auto texts = [](std::vector<std::string> list) {
        Value::List values;
        for (std::string& item : list) values.push_back(Value::of_text(std::move(item)));
        return Value::of_list(std::move(values));
    };
    const auto name = [](const std::string& host, Value value) {
        return Value::of_map({{host, {}, std::move(value)}});
    };
    for (const std::string& bad :
         {std::string{}, std::string{"{}"}, body, body + R"(,"x":1})",
          with("serials", texts({"0b", "0a"})), with("serials", texts({"0a", "0a"})),
          with("serials", texts({"0A"})), with("serials", texts({"a"})),
          with("serials", texts({""})), with("serials", texts({std::string(82, 'a')})),
          with("names", name("../x", Value::of_int(1))),
          with("names", name("a", Value::of_int(-1))),
          with("names", name("a", Value::of_text("1"))), with("names", Value::of_list({})),
          with("epoch", Value::of_int(-1)), with("epoch", Value::of_int(std::int64_t{1} << 53)),
          with("sig", Value::of_text("!")), with("chain", Value::of_text("x")),
          text + std::string(revocations_bytes_max, ' ')}) {
        auto list = read_revocations(bad, ours().roots, noon);
        ASSERT_FALSE(list) << printable(bad);
        EXPECT_EQ(list.error().code, Code::invalid) << list.error().text;
    }
}

TEST(Revocations, beyond_the_limit_are_neither_signed_nor_read) {
    RevocationList list;
    for (std::size_t i = 0; i < revocations_max; ++i)
        list.revoked.names.emplace("h" + std::to_string(i), noon);
    auto full = sign_revocations(list, ours().authority);
    ASSERT_TRUE(full) << full.error().text;
    EXPECT_EQ(refusal(*full), "read");
    list = revoke_serial(list, "0a");
    EXPECT_EQ(sign_revocations(list, ours().authority).error().text,
              "revocation list has 10001 entries; 10000 at most");
}

TEST(Revocations, that_nobody_would_read_are_not_signed) {
    const auto refused = [](const std::function<void(RevocationList&)>& change) {
        RevocationList list = some_list();
        change(list);
        return !sign_revocations(list, ours().authority);
    };
    EXPECT_FALSE(refused([](RevocationList&) {}));
    EXPECT_TRUE(refused([](RevocationList& l) { l.revoked.names["a/b"] = noon; }));
    EXPECT_TRUE(refused([](RevocationList& l) { l.revoked.serials = {"b", "a"}; }));
    EXPECT_TRUE(refused([](RevocationList& l) { l.revoked.names["a"] = WallTime{Seconds{-1}}; }));
    EXPECT_TRUE(refused([](RevocationList& l) { l.epoch = UINT64_MAX; }));
}

TEST(Revocations, of_a_name_never_go_back_in_time) {
    RevocationList list = revoke_name({}, "web1", noon);
    list = revoke_name(list, "web1", noon - hour);
    EXPECT_EQ(list.revoked.names["web1"], noon);
    EXPECT_EQ(list.epoch, 2U);
    list = revoke_serial(revoke_serial(list, "0a"), "0a");
    EXPECT_EQ(list.revoked.serials.size(), 1U);
}

TEST(Revocations, of_a_name_reach_what_was_issued_before_and_not_after) {
    const Identity before = peer(ours().authority, "web1", noon - Milliseconds{1});
    const RevocationList list = revoke_name({}, "web1", noon + Nanoseconds{1});
    EXPECT_FALSE(verify_chain(before.chain, ours().roots, noon, list.revoked));
    const PrivateKey key = PrivateKey::make();
    IssueOrder order = order_for("web1", key);
    order.begins_after = list.revoked.names.at("web1");
    const Identity after = issued(ours().authority, order, key, noon + Seconds{1});
    EXPECT_TRUE(verify_chain(after.chain, ours().roots, noon + Seconds{1}, list.revoked));
}

TEST(Crl, tells_serials_to_programs_that_know_nothing_else) {
    const Identity web1 = peer(ours().authority, "web1");
    RevocationList list = revoke_serial(some_list(), web1.leaf().serial());
    auto der = crl_of(list, ours().authority, noon);
    ASSERT_TRUE(der) << der.error().text;

    const unsigned char* start = openssl::bytes_of(*der);
    const openssl::Owned<X509_CRL, X509_CRL_free> crl{
        d2i_X509_CRL(nullptr, &start, static_cast<long>(der->size()))};
    ASSERT_TRUE(crl);
    X509* const issuer = ours().authority.chain().front().state().x509.get();
    EXPECT_EQ(X509_CRL_get_version(crl.get()), 1);
    EXPECT_EQ(X509_CRL_verify(crl.get(), X509_get0_pubkey(issuer)), 1);
    EXPECT_EQ(X509_NAME_cmp(X509_CRL_get_issuer(crl.get()), X509_get_subject_name(issuer)), 0);
    EXPECT_EQ(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl.get())), 3);
    X509_REVOKED* found = nullptr;
    EXPECT_EQ(X509_CRL_get0_by_cert(crl.get(), &found, web1.leaf().state().x509.get()), 1);
    const Identity web2 = peer(ours().authority, "web2");
    EXPECT_EQ(X509_CRL_get0_by_cert(crl.get(), &found, web2.leaf().state().x509.get()), 0);
    EXPECT_EQ(openssl::wall_time(X509_CRL_get0_lastUpdate(crl.get())), noon - Seconds{60});
    EXPECT_EQ(openssl::wall_time(X509_CRL_get0_nextUpdate(crl.get())), noon + 30 * day);
}

TEST(Crl, of_serials_that_are_none_is_refused) {
    for (const char* serial : {"", "x", "0x", "abc", "-1", "AB"}) {
        RevocationList list;
        list.revoked.serials = {serial};
        EXPECT_FALSE(crl_of(list, ours().authority, noon)) << serial;
    }
    EXPECT_TRUE(crl_of({}, ours().authority, noon));
}

}  // namespace
}  // namespace hansa
