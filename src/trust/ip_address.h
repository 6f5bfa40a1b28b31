// IP addresses as certificates carry them, 4 or 16 octets, and as people write them. Pure.
//
// Only for the .cc files of this room.
#pragma once

#include <string>

namespace hansa::openssl {

// Empty: the text is no address.
std::string octets_of_ip(const std::string& text);

// "192.0.2.1", "2001:db8::7" (RFC 5952); empty for another number of octets.
std::string text_of_ip(const std::string& octets);

}  // namespace hansa::openssl
