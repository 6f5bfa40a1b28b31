#include "trust/extension.h"

namespace hansa::openssl {
namespace {

using Utf8 = Owned<ASN1_UTF8STRING, ASN1_UTF8STRING_free>;

Object claims_object() {
    return Object{sure(OBJ_txt2obj(claims_oid, 1))};
}

Error unreadable(const char* why) {
    return Error{Code::invalid, std::string{"the certificate's claims "} + why};
}

}  // namespace

void add_claims(X509* certificate, std::string_view text) {
    const Utf8 string{sure(ASN1_UTF8STRING_new())};
    sure_one(ASN1_STRING_set(string.get(), text.data(), static_cast<int>(text.size())));
    unsigned char* der = nullptr;
    const int size = i2d_ASN1_UTF8STRING(string.get(), &der);
    check(size > 0, "a text has an encoding");
    const OctetString octets{sure(ASN1_OCTET_STRING_new())};
    ASN1_STRING_set0(octets.get(), der, size);  // owns it from here on

    X509_EXTENSION* extension =
        X509_EXTENSION_create_by_OBJ(nullptr, claims_object().get(), 0, octets.get());
    sure(extension);
    const int added = X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    sure_one(added);
}

bool has_claims(const X509* certificate) {
    return X509_get_ext_by_OBJ(certificate, claims_object().get(), -1) >= 0;
}

Result<std::string> claims_text(const X509* certificate) {
    const Object object = claims_object();
    const int at = X509_get_ext_by_OBJ(certificate, object.get(), -1);
    if (at < 0) return unreadable("are missing");
    if (X509_get_ext_by_OBJ(certificate, object.get(), at) >= 0) return unreadable("stand twice");
    X509_EXTENSION* extension = X509_get_ext(certificate, at);
    if (X509_EXTENSION_get_critical(extension)) return unreadable("are marked critical");

    const ASN1_OCTET_STRING* octets = X509_EXTENSION_get_data(extension);
    const unsigned char* start = ASN1_STRING_get0_data(octets);
    const unsigned char* end = start + ASN1_STRING_length(octets);
    const Utf8 string{d2i_ASN1_UTF8STRING(nullptr, &start, end - start)};
    ERR_clear_error();
    if (!string || start != end) return unreadable("are no UTF8String");
    return std::string{reinterpret_cast<const char*>(ASN1_STRING_get0_data(string.get())),
                       static_cast<std::size_t>(ASN1_STRING_length(string.get()))};
}

Result<std::string> cluster_of(const Certificate& certificate) {
    auto text = claims_text(certificate.state().x509.get());
    if (!text) return std::move(text).error();
    auto claims = decode_claims(*text);
    if (!claims) return std::move(claims).error();
    if (!certificate.is_authority() || !claims->name.empty())
        return Error{Code::invalid,
                     "the certificate of " + certificate.label() + " is no authority's"};
    return claims->cluster;
}

}  // namespace hansa::openssl
