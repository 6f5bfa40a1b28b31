// Tests only: a key of P-256 and a certificate that it signed itself.
#pragma once

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "base/check.h"
#include "sys/secure_sockets.h"

namespace hansa::test {

inline TlsIdentity make_identity(const std::string& name) {
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const std::unique_ptr<X509, void (*)(X509*)> made(X509_new(), X509_free);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_set_pubkey(made.get(), key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(made.get(), X509_get_subject_name(made.get()));
    check(X509_sign(made.get(), key.get(), EVP_sha256()) > 0, "a certificate can be signed");
    const auto text = [](auto&& write) {
        const std::unique_ptr<BIO, int (*)(BIO*)> out(BIO_new(BIO_s_mem()), BIO_free);
        check(write(out.get()) == 1, "PEM can be written");
        char* bytes = nullptr;
        const long length = BIO_get_mem_data(out.get(), &bytes);
        return std::string(bytes, static_cast<std::size_t>(length));
    };
    return {text([&](BIO* out) { return PEM_write_bio_X509(out, made.get()); }),
            text([&](BIO* out) {
                return PEM_write_bio_PKCS8PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr,
                                                     nullptr);
            })};
}

}  // namespace hansa::test
