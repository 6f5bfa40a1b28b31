// Owners of OpenSSL's objects, and the few calls that several sources of this room share.
//
// Only for the .cc files of this room: no other header of it includes this one.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/result.h"
#include "base/time.h"
#include "trust/certificate.h"

namespace hansa::openssl {

template <auto free>
struct Free {
    template <class T>
    void operator()(T* object) const {
        free(object);
    }
};
template <class T, auto free>
using Owned = std::unique_ptr<T, Free<free>>;

using Bio = Owned<BIO, BIO_free_all>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using KeyContext = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using DigestContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using X509Owned = Owned<X509, X509_free>;
using Object = Owned<ASN1_OBJECT, ASN1_OBJECT_free>;
using OctetString = Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;
using Time = Owned<ASN1_TIME, ASN1_TIME_free>;
using Integer = Owned<ASN1_INTEGER, ASN1_INTEGER_free>;
using Number = Owned<BIGNUM, BN_free>;

// What can only fail for want of memory, or by a mistake of ours.
template <class T>
T sure(T result) {
    check(bool(result), "OpenSSL carries out what cannot fail");
    return result;
}
inline void sure_one(int result) {
    check(result == 1, "OpenSSL carries out what cannot fail");
}

inline const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

// The same key once more.
inline Key shared(EVP_PKEY* key) {
    sure_one(EVP_PKEY_up_ref(key));
    return Key{key};
}

Bio reader(std::string_view text);  // `text` must outlive it
Bio writer();
std::string text_of(const Bio& bio);

// PEM texts without a passphrase; never asks the terminal for one. Null when there is no such key.
Key private_key_from_pem(std::string_view pem);
Key public_key_from_pem(std::string_view pem);
std::string pem_of_private(EVP_PKEY* key);
std::string der_of_public(EVP_PKEY* key);
// For PEM readers: there is no passphrase.
int no_passphrase(char*, int, int, void*);

// SHA-256, but none for Ed25519 and Ed448, which hash by themselves.
const EVP_MD* digest_for(EVP_PKEY* key);

// Empty when the key cannot sign (a damaged one from elsewhere).
std::optional<std::string> sign(EVP_PKEY* key, std::string_view message);
bool verifies(EVP_PKEY* key, std::string_view message, std::string_view signature);

// Whole seconds; what lies before 1824 or after 2116 becomes that, so that any two differ by a
// Duration.
WallTime wall_time(const ASN1_TIME* time);
Time asn1_time(WallTime time);

}  // namespace hansa::openssl

namespace hansa {

struct PrivateKey::State {
    openssl::Key key;
};

struct Certificate::State {
    openssl::X509Owned x509;
};

}  // namespace hansa
