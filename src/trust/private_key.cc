// PrivateKey of certificate.h.
#include <openssl/ec.h>
#include <openssl/pem.h>

#include "trust/certificate.h"
#include "trust/openssl.h"

namespace hansa {
namespace {

constexpr std::size_t pem_bytes_max = 64 << 10;
constexpr int security_bits_min = 112;  // RSA of 2,048 bits (NIST SP 800-57, table 2)

}  // namespace

PrivateKey PrivateKey::make() {
    openssl::Key key{openssl::sure(EVP_EC_gen("P-256"))};
    return PrivateKey{std::make_shared<const State>(State{std::move(key)})};
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
    if (pem.size() > pem_bytes_max) return Error{Code::invalid, "a private key is not that long"};
    openssl::Key key = openssl::private_key_from_pem(pem);
    if (!key) return Error{Code::invalid, "no private key in PEM form without a passphrase"};
    if (EVP_PKEY_get_security_bits(key.get()) < security_bits_min)
        return Error{Code::invalid, "the private key is too weak; use P-256, or RSA of 2048 bits"};
    // A damaged one, or one of a kind that cannot sign, is found here and not at the first use.
    if (!openssl::sign(key.get(), "probe"))
        return Error{Code::invalid, "the private key cannot sign; use P-256, or RSA of 2048 bits"};
    return PrivateKey{std::make_shared<const State>(State{std::move(key)})};
}

std::string PrivateKey::pem() const {
    return openssl::pem_of_private(state_->key.get());
}

std::string PrivateKey::public_pem() const {
    const openssl::Bio bio = openssl::writer();
    openssl::sure_one(PEM_write_bio_PUBKEY(bio.get(), state_->key.get()));
    return openssl::text_of(bio);
}

std::string PrivateKey::sign(std::string_view message) const {
    auto signature = openssl::sign(state_->key.get(), message);
    check(bool(signature), "a key that signed once signs again");
    return *std::move(signature);
}

}  // namespace hansa
