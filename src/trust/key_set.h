// How an exporter shows which key its signatures are made with: its signing key, its certificate
// chain, and a proof that the certificate's own key vouches for the signing key. Stands in the
// store under identities/HOST, not under the leased peer record: exports of a peer that has ended
// stay for a grace time, and somebody who comes later must be able to judge them. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trust/certificate.h"
#include "trust/keys.h"

namespace hansa {

// What this host signs with. Made once at start, replaced when the certificate is renewed.
struct Credentials {
    SigningKey signing_key;
    PrivateKey tls_key;
    std::vector<Certificate> chain;  // leaf first, without the root
    std::vector<Certificate> roots;
    std::string uuid;
    std::string name;

    std::string chain_pem() const;
    std::string roots_pem() const;
};

// JSON text of at most key_set_bytes_max.
inline constexpr std::size_t key_set_bytes_max = 64 << 10;
std::string make_key_set(const Credentials& mine, std::string_view cluster);

// Somebody whose key set was found good.
struct VerifiedPeer {
    VerifyingKey key;
    Claims claims;    // of a certificate from elsewhere: uuid from the key set itself
    WallTime issued;  // the leaf's not_before
    WallTime until;   // the leaf's not_after
    std::string serial;
};

// Whose key set this is, if it is `name`'s in `cluster`. A certificate that has expired within
// `lapse` is still good: an exporter that was away may not have renewed it. Code::denied with the
// reason in words; Code::invalid for text that is no key set.
Result<VerifiedPeer> verify_key_set(std::string_view text, std::string_view cluster,
                                    std::string_view name, std::span<const Certificate> roots,
                                    WallTime now, Duration lapse, const Revoked& revoked);

}  // namespace hansa
