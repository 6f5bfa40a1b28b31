// One certificate in the making: fields in, signed certificate out.
//
// Only for the .cc files of this room.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "trust/certificate.h"
#include "trust/openssl.h"

namespace hansa::openssl {

// A subject alternative name.
struct AlternativeName {
    enum class Type { dns, ip };
    Type type = Type::dns;
    std::string text;
};

struct Draft {
    std::vector<std::pair<int, std::string>> subject;     // NID and text, at most 64 bytes each
    std::vector<std::pair<int, std::string>> extensions;  // NID and text of ours, as in openssl.cnf
    std::vector<AlternativeName> names;
    std::string claims;  // JSON text
    WallTime not_before;
    WallTime not_after;
};

// Without an issuer: one that signs itself. REQUIRES: the names are of their type.
Certificate make_certificate(const Draft& draft, EVP_PKEY* public_key, const Certificate* issuer,
                             const PrivateKey& issuer_key);

}  // namespace hansa::openssl
