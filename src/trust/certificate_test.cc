#include "trust/certificate.h"

#include <gtest/gtest.h>

#include <openssl/pem.h>

#include <algorithm>

#include "base/text.h"
#include "trust/extension.h"
#include "trust/keys.h"
#include "trust/testing.h"

namespace hansa {
namespace {

using namespace testing;

struct Ours {
    Authority authority = Authority::make("c1", noon - day).issuing;
    PrivateKey key = PrivateKey::make();
    Certificate leaf = issued(authority, order_for("web1", key), key).leaf();

    // The leaf after `edit`, signed again by our authority: what it would have issued.
    Certificate edited_leaf(const std::function<void(X509*)>& edit) const {
        return edited(leaf, authority.key(), edit);
    }
};

const Ours& ours() {
    static const Ours made;
    return made;
}

void remove_claims(X509* x509) {
    const openssl::Object object{OBJ_txt2obj(openssl::claims_oid, 1)};
    X509_EXTENSION_free(X509_delete_ext(x509, X509_get_ext_by_OBJ(x509, object.get(), -1)));
}

// The extension with any bytes in it.
void add_raw(X509* x509, const std::string& bytes, int critical) {
    const openssl::Object object{OBJ_txt2obj(openssl::claims_oid, 1)};
    const openssl::OctetString octets{ASN1_OCTET_STRING_new()};
    ASN1_STRING_set(octets.get(), bytes.data(), static_cast<int>(bytes.size()));
    X509_EXTENSION* extension =
        X509_EXTENSION_create_by_OBJ(nullptr, object.get(), critical, octets.get());
    X509_add_ext(x509, extension, -1);
    X509_EXTENSION_free(extension);
}

std::string refusal(const Certificate& certificate) {
    auto claims = certificate.claims();
    return claims ? "read" : claims.error().text;
}

std::string refusal_of(const std::string& claims) {
    return refusal(ours().edited_leaf([&](X509* x509) {
        remove_claims(x509);
        openssl::add_claims(x509, claims);
    }));
}

const std::string good_claims =
    R"({"v":1,"cluster":"c1","uuid":"5d0f2a4c-1c1b-4c7e-8f0a-2b9d6e4f7a11","name":"web1"})";

TEST(Certificate, survives_its_pem) {
    const Certificate again = *Certificate::from_pem(ours().leaf.pem());
    EXPECT_EQ(again.fingerprint(), ours().leaf.fingerprint());
    EXPECT_EQ(again.serial(), ours().leaf.serial());
    EXPECT_EQ(again.serial().size(), 32U);
    EXPECT_EQ(again.key_pin().size(), 64U);
    const openssl::Key key = openssl::public_key_from_pem(ours().key.public_pem());
    EXPECT_EQ(again.key_pin(), hex_encode(sha256(openssl::der_of_public(key.get()))));
}

TEST(Certificate, is_read_from_texts_of_a_bounded_size) {
    const std::string pem = ours().leaf.pem();
    std::string eight;
    for (int i = 0; i < 8; ++i) eight += "subject of a certificate\n" + pem;
    EXPECT_EQ(Certificate::chain_from_pem(eight)->size(), 8U);
    EXPECT_EQ(Certificate::chain_from_pem(eight + pem).error().text,
              "more than 8 certificates in one text");
    EXPECT_EQ(Certificate::chain_from_pem(std::string(65'537, ' ')).error().text,
              "certificates take 65537 bytes; 65536 at most");
    EXPECT_EQ(Certificate::chain_from_pem("").error().text, "no certificate in PEM form");
    EXPECT_EQ(Certificate::chain_from_pem(ours().key.pem()).error().text,
              "no certificate in PEM form");
    std::string damaged = pem;
    damaged[100] = '!';
    EXPECT_EQ(Certificate::chain_from_pem(pem + damaged).error().text,
              "certificate 2 of the text is damaged");
    EXPECT_FALSE(Certificate::chain_from_pem(pem.substr(0, pem.size() / 2)));
    // Half of one certificate with a sound frame around it.
    EXPECT_FALSE(
        Certificate::from_pem("-----BEGIN CERTIFICATE-----\nMIIB\n"
                              "-----END CERTIFICATE-----\n"));
}

// More of them than are remembered, in both orders.
TEST(Certificate, of_an_authority_is_never_taken_for_another) {
    std::vector<Certificate> roots;
    for (int i = 0; i < 20; ++i) roots.push_back(Authority::make("c1", noon).issuing.root());
    for (int round = 0; round < 2; ++round) {
        for (const Certificate& root : roots) {
            const auto read = Certificate::chain_from_pem(root.pem() + root.pem());
            ASSERT_TRUE(read) << read.error().text;
            EXPECT_EQ(read->front().fingerprint(), root.fingerprint());
            EXPECT_EQ(read->back().fingerprint(), root.fingerprint());
        }
        std::reverse(roots.begin(), roots.end());
    }
}

TEST(Certificate, that_is_encrypted_is_refused_without_a_question) {
    std::string pem = ours().leaf.pem();
    pem.insert(pem.find('\n') + 1,
               "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
               "00112233445566778899AABBCCDDEEFF\n\n");
    EXPECT_FALSE(Certificate::from_pem(pem));
}

TEST(PrivateKeys, sign_for_their_certificate_only) {
    const std::string signature = ours().key.sign("message");
    EXPECT_TRUE(ours().leaf.verifies("message", signature));
    EXPECT_FALSE(ours().leaf.verifies("massage", signature));
    EXPECT_FALSE(ours().leaf.verifies("message", ""));
    EXPECT_FALSE(ours().leaf.verifies("message", PrivateKey::make().sign("message")));
    EXPECT_TRUE(ours().leaf.belongs_to(ours().key));
    EXPECT_FALSE(ours().leaf.belongs_to(PrivateKey::make()));
    EXPECT_FALSE(ours().leaf.belongs_to(rsa_key()));
}

TEST(PrivateKeys, from_elsewhere_work_too) {
    for (const PrivateKey& key : {rsa_key(), *PrivateKey::from_pem(SigningKey::make().pem())}) {
        const PrivateKey again = *PrivateKey::from_pem(key.pem());
        const Certificate own = made(host_draft("web1"), PrivateKey::make(), nullptr, again);
        const Certificate other = made(host_draft("web1"), again, nullptr, rsa_key());
        EXPECT_TRUE(other.belongs_to(key));
        EXPECT_FALSE(own.belongs_to(key));
        EXPECT_TRUE(other.verifies("message", again.sign("message")));
        EXPECT_FALSE(other.verifies("massage", again.sign("message")));
    }
}

TEST(PrivateKeys, that_are_useless_are_refused_without_being_shown) {
    const auto refused = [](const std::string& pem) {
        auto key = PrivateKey::from_pem(pem);
        return key ? "read" : key.error().text;
    };
    EXPECT_EQ(refused("secret"), "no private key in PEM form without a passphrase");
    EXPECT_EQ(refused(ours().key.public_pem()), "no private key in PEM form without a passphrase");
    EXPECT_EQ(refused(std::string(70'000, 'A')), "a private key is not that long");
    const openssl::Key weak{EVP_RSA_gen(1024)};
    EXPECT_EQ(refused(openssl::pem_of_private(weak.get())),
              "the private key is too weak; use P-256, or RSA of 2048 bits");
    const openssl::Key no_signer{EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519")};
    EXPECT_EQ(refused(openssl::pem_of_private(no_signer.get())),
              "the private key cannot sign; use P-256, or RSA of 2048 bits");
    const openssl::Bio bio = openssl::writer();
    char passphrase[] = "pass";
    PEM_write_bio_PKCS8PrivateKey(bio.get(), ours().key.state().key.get(), EVP_aes_128_cbc(),
                                  passphrase, 4, nullptr, nullptr);
    EXPECT_EQ(refused(openssl::text_of(bio)), "no private key in PEM form without a passphrase");
}

TEST(Claims, are_read_strictly) {
    EXPECT_EQ(refusal_of(good_claims), "read");
    const std::string body = good_claims.substr(0, good_claims.size() - 1);
    EXPECT_EQ(refusal_of(body + R"(,"extra":1})"),
              "the certificate's: claims has a member \"extra\" unknown here");
    for (const char* more :
         {R"(,"name":"web2"})", R"(,"v":1})", R"(,"labels":{"a":1}})", R"(,"labels":["a"]})",
          R"(,"labels":{"a":"x","a":"y"}})", R"(,"domain":"lon"})", R"(,"domain":7})", "}x"})
        EXPECT_NE(refusal_of(body + more), "read") << more;
    for (const char* text :
         {"", "{}", "[]", "null", R"({"v":2,"cluster":"c1"})", R"({"v":1})",
          R"({"v":1,"cluster":"c1","name":"web1"})",
          R"({"v":1,"cluster":"c1","uuid":"5d0f2a4c-1c1b-4c7e-8f0a-2b9d6e4f7a11"})"})
        EXPECT_NE(refusal_of(text), "read") << text;
    EXPECT_EQ(refusal_of(R"({"v":1,"cluster":"c1"})"),
              "the certificate is an authority's and names no host");
}

TEST(Claims, that_are_huge_are_refused) {
    std::string text = good_claims;
    text.insert(text.size() - 1, R"(,"labels":{"a":")" + std::string(250, 'x') + R"("})");
    EXPECT_EQ(refusal_of(text), "read");
    text.insert(1, std::string(5'000, ' '));
    EXPECT_NE(refusal_of(text), "read");
}

TEST(Claims, stand_once_and_in_the_right_form) {
    EXPECT_EQ(refusal(ours().edited_leaf([](X509* x) { openssl::add_claims(x, good_claims); })),
              "the certificate's claims stand twice");
    const auto with_raw = [](const std::string& bytes, int critical) {
        return refusal(ours().edited_leaf([&](X509* x509) {
            remove_claims(x509);
            add_raw(x509, bytes, critical);
        }));
    };
    const std::string der =
        "\x0c" + std::string(1, static_cast<char>(good_claims.size())) + good_claims;
    EXPECT_EQ(with_raw(der, 0), "read");
    EXPECT_EQ(with_raw(der, 1), "the certificate's claims are marked critical");
    for (const std::string& bytes : {std::string{}, good_claims, der + "x", "\x04" + der.substr(1),
                                     der.substr(0, der.size() - 1)})
        EXPECT_EQ(with_raw(bytes, 0), "the certificate's claims are no UTF8String");
}

TEST(Claims, of_a_certificate_from_elsewhere_are_its_name) {
    const PrivateKey key = rsa_key();
    const auto name_of = [&key](const openssl::Draft& draft) {
        auto claims = made(draft, key, nullptr, key).claims();
        return claims ? claims->name : claims.error().text;
    };
    using Type = openssl::AlternativeName::Type;
    openssl::Draft draft = host_draft("web1");
    EXPECT_EQ(name_of(draft), "web1");
    const Certificate puppet = made(draft, key, nullptr, key);
    EXPECT_EQ(*puppet.claims(), (Claims{"", "", "web1", "", {}}));
    EXPECT_TRUE(puppet.may_serve_store());
    EXPECT_FALSE(puppet.has_claims());

    draft.names = {{Type::ip, "10.0.0.1"}, {Type::dns, "web2"}, {Type::dns, "web3"}};
    EXPECT_EQ(name_of(draft), "web2");
    for (const std::string& bad : {std::string{"*.example.org"}, std::string{"web1\0.evil", 10},
                                   std::string{"a/b"}, std::string{"web1 "}}) {
        draft.names = {{Type::dns, bad}};
        EXPECT_TRUE(name_of(draft).starts_with("the certificate's: host name")) << bad;
    }
    draft.names.clear();
    draft.subject.push_back({NID_commonName, "web2"});
    EXPECT_EQ(name_of(draft), "the certificate has several common names");
    draft.subject = {{NID_organizationName, "web1"}};
    EXPECT_EQ(name_of(draft), "the certificate names no host");
}

TEST(Certificate, has_a_label_that_is_safe_to_print) {
    const PrivateKey key = PrivateKey::make();
    EXPECT_EQ(ours().leaf.label(), "web1");
    openssl::Draft draft = host_draft("we\x1b[31m\nb");
    const std::string label = made(draft, key, nullptr, key).label();
    EXPECT_EQ(label.find('\x1b'), std::string::npos);
    EXPECT_EQ(label.find('\n'), std::string::npos);
    EXPECT_TRUE(label.starts_with("\"CN = we")) << label;
}

TEST(Certificate, of_the_far_future_or_past_has_a_time) {
    const PrivateKey key = PrivateKey::make();
    const Certificate odd = edited(ours().leaf, ours().authority.key(), [](X509* x509) {
        ASN1_TIME_set_string_X509(X509_getm_notBefore(x509), "00010101000000Z");
        ASN1_TIME_set_string_X509(X509_getm_notAfter(x509), "99991231235959Z");
    });
    EXPECT_LT(odd.not_before(), WallTime{});
    EXPECT_GT(odd.not_after(), noon + 30'000 * day);
    EXPECT_GT(renewal_time(odd), odd.not_before());
    EXPECT_LT(renewal_time(odd), odd.not_after());
}

}  // namespace
}  // namespace hansa
