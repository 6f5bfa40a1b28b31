#include "trust/draft.h"

#include <openssl/rand.h>

#include <array>

#include "trust/extension.h"

namespace hansa::openssl {
namespace {

using Names = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;

// Random, so that nobody can foresee what will be signed; positive and always as long.
Integer make_serial() {
    std::array<unsigned char, 16> bytes;
    sure_one(RAND_bytes(bytes.data(), bytes.size()));
    bytes[0] = static_cast<unsigned char>((bytes[0] & 0x3f) | 0x40);
    const Number number{sure(BN_bin2bn(bytes.data(), bytes.size(), nullptr))};
    return Integer{sure(BN_to_ASN1_INTEGER(number.get(), nullptr))};
}

void set_subject(X509* x509, const Draft& draft) {
    X509_NAME* subject = X509_get_subject_name(x509);
    for (const auto& [nid, text] : draft.subject)
        sure_one(X509_NAME_add_entry_by_NID(subject, nid, MBSTRING_UTF8, bytes_of(text),
                                            static_cast<int>(text.size()), -1, 0));
}

void add_extension(X509* x509, X509* issuer, int nid, const std::string& text) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, x509, nullptr, nullptr, 0);
    X509_EXTENSION* extension = sure(X509V3_EXT_conf_nid(nullptr, &context, nid, text.c_str()));
    const int added = X509_add_ext(x509, extension, -1);
    X509_EXTENSION_free(extension);
    sure_one(added);
}

// Built by hand: as a text of openssl.cnf a name could smuggle in others.
GENERAL_NAME* make_name(const AlternativeName& name) {
    GENERAL_NAME* made = sure(GENERAL_NAME_new());
    if (name.type == AlternativeName::Type::ip) {
        GENERAL_NAME_set0_value(made, GEN_IPADD, sure(a2i_IPADDRESS(name.text.c_str())));
        return made;
    }
    ASN1_IA5STRING* text = sure(ASN1_IA5STRING_new());
    sure_one(ASN1_STRING_set(text, name.text.data(), static_cast<int>(name.text.size())));
    GENERAL_NAME_set0_value(made, GEN_DNS, text);
    return made;
}

void add_names(X509* x509, const std::vector<AlternativeName>& names) {
    if (names.empty()) return;
    const Names list{sure(GENERAL_NAMES_new())};
    for (const AlternativeName& name : names)
        check(sk_GENERAL_NAME_push(list.get(), make_name(name)) > 0, "a list of names grows");
    sure_one(X509_add1_ext_i2d(x509, NID_subject_alt_name, list.get(), 0, X509V3_ADD_DEFAULT));
}

}  // namespace

Certificate make_certificate(const Draft& draft, EVP_PKEY* public_key, const Certificate* issuer,
                             const PrivateKey& issuer_key) {
    X509Owned made{sure(X509_new())};
    X509* const x509 = made.get();
    X509* const above = issuer ? issuer->state().x509.get() : x509;
    sure_one(X509_set_version(x509, X509_VERSION_3));
    sure_one(X509_set_serialNumber(x509, make_serial().get()));
    sure_one(X509_set1_notBefore(x509, asn1_time(draft.not_before).get()));
    sure_one(X509_set1_notAfter(x509, asn1_time(draft.not_after).get()));
    sure_one(X509_set_pubkey(x509, public_key));
    set_subject(x509, draft);
    sure_one(X509_set_issuer_name(x509, X509_get_subject_name(above)));
    for (const auto& [nid, text] : draft.extensions) add_extension(x509, above, nid, text);
    add_extension(x509, above, NID_subject_key_identifier, "hash");
    add_extension(x509, above, NID_authority_key_identifier, "keyid:always");
    add_names(x509, draft.names);
    if (!draft.claims.empty()) add_claims(x509, draft.claims);
    EVP_PKEY* const key = issuer_key.state().key.get();
    check(X509_sign(x509, key, digest_for(key)) > 0, "an authority signs");
    return Certificate{
        std::make_shared<const Certificate::State>(Certificate::State{std::move(made)})};
}

}  // namespace hansa::openssl
