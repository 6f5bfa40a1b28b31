// What the DNS says about services (SRV records, RFC 2782).
//
// Real: sys/linux, over the resolver that the machine is configured with. Blocking, for seconds
// where nobody answers: called from workers only. What it tells is unproven, as the DNS is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace hansa {

struct ServiceRecord {
    std::uint16_t priority = 0;  // the lowest first
    std::uint16_t weight = 0;
    std::uint16_t port = 0;
    std::string target = {};
    friend bool operator==(const ServiceRecord&, const ServiceRecord&) = default;
};

class Names {
 public:
    virtual ~Names() = default;

    // Of a name like "_hansa._tcp", in the domains that the machine searches. Code::missing where
    // there are none; Code::unavailable where nobody answers.
    virtual Result<std::vector<ServiceRecord>> services(const std::string& name) const = 0;
};

}  // namespace hansa
