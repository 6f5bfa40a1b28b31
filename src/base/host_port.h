// Where somebody listens: "HOST:PORT", the host a name, an IPv4 address or "[IPv6]".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hansa {

struct HostPort {
    std::string host;  // without brackets
    std::uint16_t port = 0;

    // Code::invalid, with what would be right; port 0 is no address.
    static Result<HostPort> parse(std::string_view text);

    std::string text() const;  // with brackets where they are needed
    friend bool operator==(const HostPort&, const HostPort&) = default;
};

}  // namespace hansa
