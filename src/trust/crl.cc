// crl_of of revocation.h.
#include "base/text.h"
#include "trust/openssl.h"
#include "trust/revocation.h"

namespace hansa {
namespace {

using Crl = openssl::Owned<X509_CRL, X509_CRL_free>;
using Entry = openssl::Owned<X509_REVOKED, X509_REVOKED_free>;

// Readers may refuse one that is older; a new one is made with every change and every start.
constexpr std::chrono::days life{30};

openssl::Integer integer_of(const std::string& hexadecimal) {
    BIGNUM* number = nullptr;
    const int digits = BN_hex2bn(&number, hexadecimal.c_str());
    const openssl::Number owned{number};
    if (digits != static_cast<int>(hexadecimal.size())) return nullptr;
    return openssl::Integer{openssl::sure(BN_to_ASN1_INTEGER(owned.get(), nullptr))};
}

Result<void> add_entries(X509_CRL* crl, const std::vector<std::string>& serials, WallTime now) {
    const openssl::Time time = openssl::asn1_time(now);
    for (const std::string& serial : serials) {
        const openssl::Integer number =
            hex_decode(serial).value_or("").empty() ? nullptr : integer_of(serial);
        if (!number)
            return Error{Code::invalid, "\"" + printable(serial, 80) + "\" is no serial number"};
        Entry entry{openssl::sure(X509_REVOKED_new())};
        openssl::sure_one(X509_REVOKED_set_serialNumber(entry.get(), number.get()));
        openssl::sure_one(X509_REVOKED_set_revocationDate(entry.get(), time.get()));
        openssl::sure_one(X509_CRL_add0_revoked(crl, entry.release()));
    }
    return {};
}

void add_issuer(X509_CRL* crl, X509* issuer) {
    if (!X509_get0_subject_key_id(issuer)) return;
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, nullptr, nullptr, crl, 0);
    X509_EXTENSION* extension = openssl::sure(
        X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
    const int added = X509_CRL_add_ext(crl, extension, -1);
    X509_EXTENSION_free(extension);
    openssl::sure_one(added);
}

void add_number(X509_CRL* crl, std::uint64_t epoch) {
    const openssl::Integer number{openssl::sure(ASN1_INTEGER_new())};
    openssl::sure_one(ASN1_INTEGER_set_uint64(number.get(), epoch));
    openssl::sure_one(
        X509_CRL_add1_ext_i2d(crl, NID_crl_number, number.get(), 0, X509V3_ADD_DEFAULT));
}

}  // namespace

Result<std::string> crl_of(const RevocationList& list, const Authority& authority, WallTime now) {
    return crl_of(list, authority.chain().front(), authority.key(), now);
}

Result<std::string> crl_of(const RevocationList& list, const Certificate& signer,
                           const PrivateKey& signing, WallTime now) {
    X509* const issuer = signer.state().x509.get();
    const Crl crl{openssl::sure(X509_CRL_new())};
    openssl::sure_one(X509_CRL_set_version(crl.get(), 1));  // 1 is version 2
    openssl::sure_one(X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer)));
    openssl::sure_one(
        X509_CRL_set1_lastUpdate(crl.get(), openssl::asn1_time(now - Seconds{60}).get()));
    openssl::sure_one(X509_CRL_set1_nextUpdate(crl.get(), openssl::asn1_time(now + life).get()));
    if (auto added = add_entries(crl.get(), list.revoked.serials, now); !added)
        return std::move(added).error().during("revocation list");
    add_issuer(crl.get(), issuer);
    add_number(crl.get(), list.epoch);
    openssl::sure_one(X509_CRL_sort(crl.get()));
    EVP_PKEY* const key = signing.state().key.get();
    check(X509_CRL_sign(crl.get(), key, openssl::digest_for(key)) > 0, "a key signs");

    unsigned char* der = nullptr;
    const int size = i2d_X509_CRL(crl.get(), &der);
    check(size > 0, "a CRL has an encoding");
    std::string text{reinterpret_cast<char*>(der), static_cast<std::size_t>(size)};
    OPENSSL_free(der);
    return text;
}

}  // namespace hansa
