#include "trust/keys.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <array>

#include "trust/openssl.h"

namespace hansa {
namespace {

// A new one for every format of statements.
constexpr std::string_view statement_head = "hansa statement 1\n";

void append_number(std::string& bytes, std::uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xff);
}

std::string of_array(const std::array<unsigned char, SHA256_DIGEST_LENGTH>& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

struct VerifyingKey::State {
    openssl::Key key;
    std::string raw;
};

struct SigningKey::State {
    openssl::Key key;
};

Result<VerifyingKey> VerifyingKey::of(std::string_view raw) {
    if (raw.size() != signing_key_bytes)
        return Error{Code::invalid, "a verifying key has " + std::to_string(signing_key_bytes) +
                                        " bytes, not " + std::to_string(raw.size())};
    openssl::Key key{openssl::sure(EVP_PKEY_new_raw_public_key(
        EVP_PKEY_ED25519, nullptr, openssl::bytes_of(raw), raw.size()))};
    return VerifyingKey{std::make_shared<const State>(State{std::move(key), std::string{raw}})};
}

std::string VerifyingKey::raw() const {
    return state_->raw;
}

bool VerifyingKey::verifies(std::string_view message, std::string_view signature) const {
    return signature.size() == signature_bytes &&
           openssl::verifies(state_->key.get(), message, signature);
}

SigningKey SigningKey::make() {
    std::string seed(signing_key_bytes, '\0');
    openssl::sure_one(RAND_priv_bytes(reinterpret_cast<unsigned char*>(seed.data()),
                                      static_cast<int>(seed.size())));
    SigningKey key = *of_seed(seed);
    OPENSSL_cleanse(seed.data(), seed.size());
    return key;
}

Result<SigningKey> SigningKey::of_seed(std::string_view seed) {
    if (seed.size() != signing_key_bytes)
        return Error{Code::invalid, "the seed of a signing key has " +
                                        std::to_string(signing_key_bytes) + " bytes, not " +
                                        std::to_string(seed.size())};
    openssl::Key key{openssl::sure(EVP_PKEY_new_raw_private_key(
        EVP_PKEY_ED25519, nullptr, openssl::bytes_of(seed), seed.size()))};
    return SigningKey{std::make_shared<const State>(State{std::move(key)})};
}

Result<SigningKey> SigningKey::from_pem(std::string_view pem) {
    openssl::Key key = openssl::private_key_from_pem(pem);
    if (!key) return Error{Code::invalid, "no private key in PEM form without a passphrase"};
    if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519)
        return Error{Code::invalid, "the private key is not one of Ed25519"};
    return SigningKey{std::make_shared<const State>(State{std::move(key)})};
}

std::string SigningKey::pem() const {
    return openssl::pem_of_private(state_->key.get());
}

VerifyingKey SigningKey::verifying_key() const {
    std::string raw(signing_key_bytes, '\0');
    std::size_t size = raw.size();
    openssl::sure_one(EVP_PKEY_get_raw_public_key(
        state_->key.get(), reinterpret_cast<unsigned char*>(raw.data()), &size));
    return *VerifyingKey::of(raw);
}

std::string SigningKey::sign(std::string_view message) const {
    auto signature = openssl::sign(state_->key.get(), message);
    check(signature && signature->size() == signature_bytes, "an Ed25519 key signs");
    return *std::move(signature);
}

std::string sha256(std::string_view bytes) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
    SHA256(openssl::bytes_of(bytes), bytes.size(), digest.data());
    return of_array(digest);
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
    unsigned int size = 0;
    openssl::sure(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                       openssl::bytes_of(bytes), bytes.size(), digest.data(), &size));
    return of_array(digest);
}

bool equal_secrets(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Statement::Statement(std::string_view purpose) : bytes_(statement_head) {
    add(purpose);
}

Statement& Statement::add(std::string_view part) {
    bytes_ += 't';
    append_number(bytes_, part.size());
    bytes_ += part;
    return *this;
}

Statement& Statement::add(std::uint64_t number) {
    bytes_ += 'n';
    append_number(bytes_, number);
    return *this;
}

}  // namespace hansa
