// X.509 certificates (RFC 5280): who somebody is, as an authority says it.
//
// A certificate made by Hansa's own authority carries its Claims in a non-critical extension
// (docs/formats/certificates.md); one from elsewhere (Puppet's CA, an in-house one) has only a
// name: its first DNS name, else its common name. Pure but for what OpenSSL holds; values, any
// thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "trust/claims.h"

namespace hansa {

// What a TLS or authority key can do here. P-256 is what Hansa makes; RSA of 2,048 bits and more,
// other curves and Ed25519 are accepted beside certificates from elsewhere.
class PrivateKey {
 public:
    static PrivateKey make();  // ECDSA P-256
    static Result<PrivateKey> from_pem(std::string_view pem);

    std::string pem() const;                           // PKCS #8, not encrypted
    std::string public_pem() const;                    // SubjectPublicKeyInfo
    std::string sign(std::string_view message) const;  // with SHA-256

    struct State;
    const State& state() const { return *state_; }

 private:
    explicit PrivateKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}
    std::shared_ptr<const State> state_;  // shared by copies
};

class Certificate {
 public:
    // The first, or all, of a PEM text of at most 64 KiB and 8 certificates.
    static Result<Certificate> from_pem(std::string_view pem);
    static Result<std::vector<Certificate>> chain_from_pem(std::string_view pem);

    std::string pem() const;
    std::string public_pem() const;   // SubjectPublicKeyInfo of its key
    std::string fingerprint() const;  // SHA-256 of the whole, lower-case hexadecimal
    std::string key_pin() const;      // SHA-256 of the SubjectPublicKeyInfo, likewise
    std::string serial() const;       // lower-case hexadecimal, two digits a byte
    WallTime not_before() const;
    WallTime not_after() const;
    bool is_authority() const;  // by its basic constraints

    // Code::invalid when there is no usable name, or an extension of ours that cannot be read.
    Result<Claims> claims() const;

    // Whether an authority of Hansa made it, by the extension of ours.
    bool has_claims() const;

    // The purposes that it was issued for; one from elsewhere: both.
    bool may_serve_store() const;

    // IP addresses and DNS names that it stands for, each once, in the form and order of
    // member_addresses(); without the name that every member has.
    std::vector<std::string> addresses() const;

    // Whether the holder of this certificate's key signed `message`.
    bool verifies(std::string_view message, std::string_view signature) const;
    bool belongs_to(const PrivateKey& key) const;

    // For people: "web1", or its subject where it names no host. Safe to print.
    std::string label() const;

    struct State;
    const State& state() const { return *state_; }
    explicit Certificate(std::shared_ptr<const State> state) : state_(std::move(state)) {}

 private:
    std::shared_ptr<const State> state_;  // shared by copies
};

// The texts of all, one after another.
std::string pem_of(std::span<const Certificate> chain);

// Serial numbers and names that an authority has taken back (revocation.h makes one of a list).
struct Revoked {
    std::vector<std::string> serials;       // sorted
    std::map<std::string, WallTime> names;  // every certificate of it that begins until then
};

// What the leaf of a chain is asked to be.
enum class ChainLeaf {
    host,       // a peer's or member's: may be a TLS client, names a host, is no authority
    authority,  // an issuing certificate: signs certificates and revocation lists
};

// Whether `chain` (leaf first) leads to one of `roots` at `now`; not_after is over already. The
// error says in words which certificate fails and how: of another authority, expired since, not
// valid before (naming clock skew where it is less than a day), revoked. Code::denied. Order of
// what follows the leaf does not matter; roots that are no authorities count for nothing.
Result<void> verify_chain(std::span<const Certificate> chain, std::span<const Certificate> roots,
                          WallTime now, const Revoked& revoked = {},
                          ChainLeaf leaf = ChainLeaf::host);

// When it is time to ask for a new one: at two thirds of the life.
WallTime renewal_time(const Certificate& certificate);

}  // namespace hansa
