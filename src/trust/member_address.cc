#include "trust/member_address.h"

#include <algorithm>

#include "base/host.h"
#include "base/text.h"
#include "trust/authority.h"
#include "trust/ip_address.h"

namespace hansa {
namespace {

Error refused(std::string_view text, const std::string& why) {
    return Error{Code::invalid, "no member of a store can be certified as \"" +
                                    printable(text, 80) + "\": " + why};
}

constexpr const char* no_machine = "it is not the address of one machine";
constexpr const char* of_many = "it is a multicast address";

bool is_zero(std::string_view bytes) {
    return bytes.find_first_not_of('\0') == bytes.npos;
}

// Why nobody can be called by it; empty: somebody can.
std::string fault_of(std::string_view octets) {
    const auto first = static_cast<unsigned char>(octets[0]);
    if (octets.size() == 4) {
        if (first >= 224 && first < 240) return of_many;
        return first == 0 || first >= 240 ? no_machine : "";
    }
    if (is_zero(octets)) return no_machine;
    if (first == 0xff) return of_many;
    if (is_zero(octets.substr(0, 10)) && octets.substr(10, 2) == "\xff\xff")
        return "write the IPv4 address within it by itself";
    return {};
}

}  // namespace

Result<std::string> member_address(std::string_view given) {
    const std::string text{given};
    if (text.find('\0') != text.npos) return refused(text, "it holds a NUL");
    if (const std::string octets = openssl::octets_of_ip(text); !octets.empty()) {
        if (const std::string fault = fault_of(octets); !fault.empty()) return refused(text, fault);
        return openssl::text_of_ip(octets);
    }
    std::string name = lower(text);
    if (name.ends_with('.')) name.pop_back();
    if (auto good = HostName::parse(name); !good) return refused(text, good.error().text);
    if (is_reserved_name(name)) return refused(text, "that name is kept for the store");
    // Resolvers take "127.1" for an address.
    const std::string_view last = std::string_view{name}.substr(name.rfind('.') + 1);
    if (last.find_first_not_of("0123456789") == last.npos)
        return refused(text, "it is neither an IP address nor a name");
    return name;
}

Result<std::vector<std::string>> member_addresses(const std::vector<std::string>& texts) {
    if (texts.empty()) return Error{Code::invalid, "a member of a store has an address; name one"};
    if (texts.size() > member_addresses_max)
        return Error{Code::invalid, "a member of a store has " +
                                        std::to_string(member_addresses_max) +
                                        " addresses at most, not " + std::to_string(texts.size())};
    std::vector<std::string> addresses;
    for (const std::string& text : texts) {
        auto address = member_address(text);
        if (!address) return std::move(address).error();
        addresses.push_back(*std::move(address));
    }
    std::sort(addresses.begin(), addresses.end());
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    return addresses;
}

}  // namespace hansa
