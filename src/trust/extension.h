// The extension that carries the claims: a UTF8String with JSON text, not critical.
//
// Only for the .cc files of this room.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "trust/openssl.h"

namespace hansa::openssl {

// Made of a random UUID below the arc that Microsoft gives to everybody for that, in pieces of at
// most 24 bits. Not 2.25.UUID: Go, and with it etcd, cannot read certificates that hold a number
// of 128 bits (docs/decisions/006-where-claims-stand.md).
inline constexpr const char* claims_oid =
    "1.2.840.113556.1.8000.2554.1651.47624.5310.20029.40154.4489566.8088230";

void add_claims(X509* certificate, std::string_view text);

bool has_claims(const X509* certificate);

// Code::invalid when there is none, more than one, a critical one, or something else than one
// UTF8String in it.
Result<std::string> claims_text(const X509* certificate);

// Of an authority that Hansa made; Code::invalid for any other certificate.
Result<std::string> cluster_of(const Certificate& certificate);

}  // namespace hansa::openssl
