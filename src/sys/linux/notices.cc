#include "sys/linux/notices.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "base/check.h"
#include "base/text.h"
#include "sys/linux/failure.h"
#include "sys/linux/fd.h"

namespace hansa {

namespace {

constexpr std::size_t field_name_max = 64;  // of the journal
constexpr int facility_user = 1;

Result<void> send_to(const std::string& path, const std::string& datagram) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    check(path.size() < sizeof address.sun_path, "a socket's path is short");
    std::memcpy(address.sun_path, path.data(), path.size());
    Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket) return failure("making a socket");
    ssize_t sent =
        ::sendto(socket.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                 reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (sent >= 0) return {};
    if (errno == EMSGSIZE) {
        return Error{Code::invalid, path + ": a message of " + std::to_string(datagram.size()) +
                                        " bytes is too long"};
    }
    if (errno == ECONNREFUSED) return Error{Code::missing, path + ": nobody listens there"};
    return failure(path);
}

// Letters, digits and '_' only, a letter first; a leading '_' is the journal's own.
std::string field_name(const std::string& text) {
    std::string name;
    for (char byte : text.substr(0, field_name_max)) {
        bool small = byte >= 'a' && byte <= 'z';
        bool fits = (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
        char mapped = small ? static_cast<char>(byte - 'a' + 'A') : fits ? byte : '_';
        bool leads = name.empty() && (mapped == '_' || (mapped >= '0' && mapped <= '9'));
        if (!leads) name += mapped;
    }
    return name;
}

void append_field(std::string& datagram, const std::string& name, const std::string& value) {
    datagram += name;
    if (value.find('\n') == std::string::npos) {
        datagram += "=" + value + "\n";
        return;
    }
    datagram += '\n';
    for (int shift = 0; shift < 64; shift += 8) {
        datagram += static_cast<char>((std::uint64_t{value.size()} >> shift) & 0xff);
    }
    datagram += value + "\n";
}

std::string timestamp() {
    std::time_t now = std::time(nullptr);
    std::tm local{};
    ::localtime_r(&now, &local);
    char text[32];
    std::size_t size = std::strftime(text, sizeof text, "%b %e %H:%M:%S", &local);
    return std::string(text, size);
}

}  // namespace

Result<void> LinuxNotices::to_journal(const Notice& notice) {
    std::string datagram;
    append_field(datagram, "MESSAGE", notice.text);
    append_field(datagram, "PRIORITY", std::to_string(static_cast<int>(notice.priority)));
    append_field(datagram, "SYSLOG_IDENTIFIER", "hansa");
    for (const auto& [name, value] : notice.fields) {
        std::string clean = field_name(name);
        if (!clean.empty()) append_field(datagram, clean, value);
    }
    auto sent = send_to(paths_.journal, datagram);
    return sent ? std::move(sent) : std::move(sent).error().during("sending to the journal");
}

Result<void> LinuxNotices::to_syslog(const Notice& notice) {
    std::string line = notice.text;
    for (const auto& [name, value] : notice.fields) line += " " + name + "=" + value;
    int code = facility_user * 8 + static_cast<int>(notice.priority);
    std::string datagram = "<" + std::to_string(code) + ">" + timestamp() + " hansa[" +
                           std::to_string(::getpid()) + "]: " + printable(line, 4 * line.size());
    auto sent = send_to(paths_.syslog, datagram);
    return sent ? std::move(sent) : std::move(sent).error().during("sending to syslog");
}

}  // namespace hansa
