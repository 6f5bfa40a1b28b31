// What an authority says about a host, and the JSON text that carries it in a certificate's
// extension (docs/formats/certificates.md). Values; pure.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hansa {

struct Claims {
    std::string cluster;  // of the authority; empty: from elsewhere
    std::string uuid;     // of the host; empty: from elsewhere
    std::string name;     // host name
    std::string domain;   // "dc=lon,rack=r1", outermost first; may be empty
    std::map<std::string, std::string> labels;
    friend bool operator==(const Claims&, const Claims&) = default;
};

inline constexpr std::size_t claims_bytes_max = 4 << 10;  // of the text

// The rules of each part (Code::invalid). An authority's own certificate has only a cluster: then
// uuid, name, domain and labels are all empty.
Result<void> check_claims(const Claims& claims);

// "dc=lon,rack=r1", or empty. Code::invalid.
Result<void> check_domain(std::string_view text);

// Code::invalid also for a text above the limit.
Result<std::string> encode(const Claims& claims);
Result<Claims> decode_claims(std::string_view text);

// 8-4-4-4-12 lower-case hexadecimal digits.
bool is_uuid(std::string_view text);

}  // namespace hansa
