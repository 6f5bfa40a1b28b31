// The part of LinuxSockets that knows about TCP ports.
#include <arpa/inet.h>
#include <dirent.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <memory>
#include <string>

#include "base/text.h"
#include "sys/linux/failure.h"
#include "sys/linux/fd.h"
#include "sys/linux/sockets.h"

namespace hansa {

namespace {

// proc(5), /proc/net/tcp: local_address is the second column, "ADDRESS:PORT" in hex; st the
// fourth, 0A is LISTEN; inode the tenth.
std::string listener_inode(const char* table, std::uint16_t port) {
    std::ifstream file(table);
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
        std::string columns[10];
        std::size_t at = 0;
        for (std::string& column : columns) {
            at = line.find_first_not_of(' ', at);
            if (at == std::string::npos) break;
            const std::size_t end = std::min(line.find(' ', at), line.size());
            column = line.substr(at, end - at);
            at = end;
        }
        const std::string& local = columns[1];
        const std::size_t colon = local.rfind(':');
        if (colon == std::string::npos || columns[3] != "0A") continue;
        if (std::strtoul(local.c_str() + colon + 1, nullptr, 16) == port) return columns[9];
    }
    return {};
}

bool has_socket(const std::string& fd_directory, const std::string& link) {
    std::unique_ptr<DIR, int (*)(DIR*)> fds(::opendir(fd_directory.c_str()), ::closedir);
    if (!fds) return false;
    while (const dirent* entry = ::readdir(fds.get())) {
        char target[64];
        const std::string path = fd_directory + "/" + entry->d_name;
        const ssize_t length = ::readlink(path.c_str(), target, sizeof target);
        if (length > 0 && link == std::string_view(target, static_cast<std::size_t>(length)))
            return true;
    }
    return false;
}

// "etcd (process 123)", or nothing where we may not look.
std::string listener(std::uint16_t port) {
    std::string inode = listener_inode("/proc/net/tcp", port);
    if (inode.empty()) inode = listener_inode("/proc/net/tcp6", port);
    if (inode.empty()) return {};
    std::unique_ptr<DIR, int (*)(DIR*)> processes(::opendir("/proc"), ::closedir);
    if (!processes) return {};
    while (const dirent* entry = ::readdir(processes.get())) {
        const std::string directory = std::string("/proc/") + entry->d_name;
        if (!to_int(entry->d_name) || !has_socket(directory + "/fd", "socket:[" + inode + "]"))
            continue;
        std::ifstream name(directory + "/comm");
        std::string command;
        std::getline(name, command);
        return printable(command) + " (process " + entry->d_name + ")";
    }
    return {};
}

struct AddressList {
    addrinfo* first = nullptr;
    ~AddressList() {
        if (first) ::freeaddrinfo(first);
    }
};

}  // namespace

Result<std::uint16_t> LinuxSockets::free_port() {
    Fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (!socket || ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
        return failure("a free port of 127.0.0.1");
    return ntohs(address.sin_port);
}

Result<void> LinuxSockets::port_is_free(const std::string& host, std::uint16_t port) {
    std::string bare = host;
    if (bare.starts_with('[') && bare.ends_with(']')) bare = bare.substr(1, bare.size() - 2);
    const std::string where = host + ":" + std::to_string(port);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    AddressList found;
    if (const int code =
            ::getaddrinfo(bare.c_str(), std::to_string(port).c_str(), &hints, &found.first))
        return Error{Code::invalid, where + ": " + ::gai_strerror(code)};
    Fd socket{::socket(found.first->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const int on = 1;  // as servers do: a port in TIME_WAIT is free
    if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return failure(where);
    if (::bind(socket.get(), found.first->ai_addr, found.first->ai_addrlen) == 0 &&
        ::listen(socket.get(), 1) == 0)
        return {};
    if (errno != EADDRINUSE) return failure(where);
    const std::string by = listener(port);
    return Error{Code::conflict, where + " is taken" + (by.empty() ? "" : " by " + by)};
}

}  // namespace hansa
