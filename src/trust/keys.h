// Keys and signatures: Ed25519 (RFC 8032) for everything that Hansa signs, SHA-256 and HMAC.
//
// Values: copies share the key, which never changes; any thread. A private key leaves this room
// only as PEM for a file of mode 0600 or for TLS, and is never part of an error's text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hansa {

// Of raw Ed25519 keys, seeds and signatures (bytes).
inline constexpr std::size_t signing_key_bytes = 32;
inline constexpr std::size_t signature_bytes = 64;

class VerifyingKey {
 public:
    // Code::invalid unless these are 32 bytes.
    static Result<VerifyingKey> of(std::string_view raw);

    std::string raw() const;
    bool verifies(std::string_view message, std::string_view signature) const;

    friend bool operator==(const VerifyingKey& a, const VerifyingKey& b) {
        return a.raw() == b.raw();
    }

 private:
    struct State;
    explicit VerifyingKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}
    std::shared_ptr<const State> state_;  // shared by copies
};

class SigningKey {
 public:
    static SigningKey make();  // from the kernel's randomness
    // Code::invalid unless the seed is 32 bytes; the same seed makes the same key.
    static Result<SigningKey> of_seed(std::string_view seed);
    static Result<SigningKey> from_pem(std::string_view pem);

    std::string pem() const;  // PKCS #8, not encrypted
    VerifyingKey verifying_key() const;
    std::string sign(std::string_view message) const;

 private:
    struct State;
    explicit SigningKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}
    std::shared_ptr<const State> state_;  // shared by copies
};

std::string sha256(std::string_view bytes);  // 32 bytes
std::string hmac_sha256(std::string_view key, std::string_view bytes);

// In a time that depends on the lengths only.
bool equal_secrets(std::string_view a, std::string_view b);

// The bytes that a signature covers: a purpose, then each part with its length in front, so that
// no two lists of parts give the same bytes and a signature for one purpose is none for another.
class Statement {
 public:
    explicit Statement(std::string_view purpose);
    Statement& add(std::string_view part);
    Statement& add(std::uint64_t number);
    const std::string& bytes() const { return bytes_; }

 private:
    std::string bytes_;
};

}  // namespace hansa
