// The list of peers that were taken back, signed by an issuing key. Stands in the store under
// `revocations`; every peer keeps the newest it has seen and never takes an older epoch. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "trust/authority.h"
#include "trust/certificate.h"

namespace hansa {

struct RevocationList {
    std::uint64_t epoch = 0;  // grows with every change
    Revoked revoked;
};

// JSON text with the issuing chain and the signature inside.
std::string sign_revocations(const RevocationList& list, const Authority& authority);

// Code::denied when nobody below `roots` signed it or the signer was no authority; Code::invalid
// for text that is no list (at most 1 MiB, 10,000 entries).
Result<RevocationList> read_revocations(std::string_view text, std::span<const Certificate> roots,
                                        WallTime now);

// `list` with every certificate of `name` that was issued until now taken back.
RevocationList revoke_name(RevocationList list, const std::string& name, WallTime now);

// The same for programs that read a CRL (etcd's --client-crl-file): DER, X.509 v2. A list of
// names cannot be told by a CRL, so serials only: `revoked.serials`.
Result<std::string> crl_of(const RevocationList& list, const Authority& authority, WallTime now);

}  // namespace hansa
