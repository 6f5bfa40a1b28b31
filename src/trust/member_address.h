// What a member of the store may be called by: the addresses that its certificate stands for. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hansa {

inline constexpr std::size_t member_addresses_max = 16;  // of one certificate

// An IP address as it is usually written ("192.0.2.1", "::1"), a DNS name in lower case and without
// a final dot. Code::invalid for what nobody can be called by: any address (0.0.0.0, ::), one of
// many (multicast, broadcast), an IPv4 address within an IPv6 one, a name that is kept for the
// store, and what is neither an address nor a name.
Result<std::string> member_address(std::string_view text);

// Each of them once, in order. Code::invalid also for none, and for more than the limit.
Result<std::vector<std::string>> member_addresses(const std::vector<std::string>& texts);

}  // namespace hansa
