#include "base/host_port.h"

#include "base/text.h"

namespace hansa {

namespace {

constexpr std::size_t host_bytes_max = 253;  // RFC 1035 2.3.4, in text form

bool is_host(std::string_view host, bool bracketed) {
    if (host.empty() || host.size() > host_bytes_max) return false;
    for (const char c : host) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool digit = c >= '0' && c <= '9';
        if (!letter && !digit && c != '.' && c != '-' && c != '_' && !(bracketed && c == ':'))
            return false;
    }
    return true;
}

}  // namespace

Result<HostPort> HostPort::parse(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    std::string_view host = text.substr(0, colon == text.npos ? 0 : colon);
    const auto port = colon == text.npos ? std::nullopt : to_int(text.substr(colon + 1));
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (!port || *port < 1 || *port > 65535 || !is_host(host, bracketed))
        return Error{Code::invalid, "\"" + printable(text) +
                                        "\" is not of the form HOST:PORT, PORT from 1 to 65535, "
                                        "as in 192.0.2.1:2381"};
    return HostPort{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::string HostPort::text() const {
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace hansa
