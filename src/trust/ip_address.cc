#include "trust/ip_address.h"

#include <array>
#include <charconv>

#include "trust/openssl.h"

namespace hansa::openssl {
namespace {

std::string number(unsigned value, int base) {
    char text[16];
    return {text, std::to_chars(text, text + sizeof text, value, base).ptr};
}

unsigned octet(const std::string& octets, std::size_t at) {
    return static_cast<unsigned char>(octets[at]);
}

struct Run {
    std::size_t begin = 0;
    std::size_t size = 0;
};

// The first of the longest runs of zeros, of at least two.
Run longest_zeros(const std::array<unsigned, 8>& groups) {
    Run best, now;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        now = groups[i] != 0 ? Run{i + 1, 0} : Run{now.begin, now.size + 1};
        if (now.size > best.size) best = now;
    }
    return best.size >= 2 ? best : Run{groups.size(), 0};
}

std::string text_of_ip6(const std::string& octets) {
    std::array<unsigned, 8> groups{};
    for (std::size_t i = 0; i < groups.size(); ++i)
        groups[i] = octet(octets, 2 * i) << 8 | octet(octets, 2 * i + 1);
    const Run left_out = longest_zeros(groups);
    std::string text;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        if (i == left_out.begin) {
            text += "::";
            i += left_out.size - 1;
            continue;
        }
        if (!text.empty() && !text.ends_with(':')) text += ':';
        text += number(groups[i], 16);
    }
    return text;
}

}  // namespace

std::string octets_of_ip(const std::string& text) {
    if (text.find('\0') != text.npos) return {};
    const OctetString address{a2i_IPADDRESS(text.c_str())};
    ERR_clear_error();
    if (!address) return {};
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(address.get())),
            static_cast<std::size_t>(ASN1_STRING_length(address.get()))};
}

std::string text_of_ip(const std::string& octets) {
    if (octets.size() == 16) return text_of_ip6(octets);
    if (octets.size() != 4) return {};
    std::string text = number(octet(octets, 0), 10);
    for (std::size_t i = 1; i < octets.size(); ++i) text += "." + number(octet(octets, i), 10);
    return text;
}

}  // namespace hansa::openssl
