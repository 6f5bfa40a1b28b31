#include "base/host.h"

#include "base/text.h"

namespace hansa {
namespace {

constexpr std::size_t host_name_max = 253;  // RFC 1035 2.3.4, in text form

bool allowed(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

Error refused(std::string_view text, std::string_view what) {
    return Error{Code::invalid, "host name \"" + printable(text, 80) + "\" " + std::string(what)};
}

}  // namespace

Result<HostName> HostName::parse(std::string_view text) {
    if (text.empty()) return refused(text, "is empty; write a name such as \"web1\"");
    if (text.size() > host_name_max)
        return refused(text, "is longer than " + std::to_string(host_name_max) +
                                 " bytes; choose a shorter one");
    if (text.front() == '.' || text.front() == '-')
        return refused(text, "begins with '.' or '-'; begin with a letter or a digit");
    for (char c : text) {
        if (!allowed(c))
            return refused(text, "holds \"" + printable(std::string_view(&c, 1)) +
                                     "\"; use letters, digits, '-', '_' and '.'");
    }
    return HostName{std::string(text)};
}

}  // namespace hansa
