// The list of peers that were taken back, signed by an issuing key. Stands in the store under
// `revocations`; every peer keeps the newest it has seen and never takes an older epoch. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "trust/authority.h"
#include "trust/certificate.h"

namespace hansa {

struct RevocationList {
    std::string cluster;      // of the authority that signed it
    std::uint64_t epoch = 0;  // grows with every change
    Revoked revoked;          // times in whole milliseconds
};

// Of serials and names together, and of the text.
inline constexpr std::size_t revocations_max = 10'000;
inline constexpr std::size_t revocations_bytes_max = 1 << 20;

// JSON text with the issuing certificate and the signature inside. Code::invalid for a list that
// nobody would read: above a limit, serials that are not sorted, names that no host can have.
Result<std::string> sign_revocations(const RevocationList& list, const Authority& authority);

// Code::denied when nobody below `roots` signed it or the signer was no authority of the cluster;
// Code::invalid for text that is no list. A list outlives its signer's certificate: who was taken
// back stays taken back, and the key is the same after that certificate's renewal.
Result<RevocationList> read_revocations(std::string_view text, std::span<const Certificate> roots,
                                        WallTime now);

// `list` with every certificate of `name` that begins until now taken back, in the next epoch.
RevocationList revoke_name(RevocationList list, const std::string& name, WallTime now);
// The same with one certificate.
RevocationList revoke_serial(RevocationList list, const std::string& serial);

// The same for programs that read a CRL (etcd's --client-crl-file): DER, X.509 v2. A list of
// names cannot be told by a CRL, so serials only: `revoked.serials`.
Result<std::string> crl_of(const RevocationList& list, const Authority& authority, WallTime now);
// Signed by whoever has checked the list, for a reader that looks at the serials alone, as etcd 3.4
// does (pkg/transport/listener_tls.go, checkCRL).
Result<std::string> crl_of(const RevocationList& list, const Certificate& signer,
                           const PrivateKey& signing, WallTime now);

}  // namespace hansa
