#include "sys/linux/listen.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

#include "sys/linux/failure.h"

namespace hansa {

Result<Listener> listen_at(const HostPort& at) {
    const std::string where = at.text();
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo* list = nullptr;
    if (const int code =
            ::getaddrinfo(at.host.c_str(), std::to_string(at.port).c_str(), &hints, &list))
        return Error{Code::invalid, where + ": " + ::gai_strerror(code)};
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> found(list, ::freeaddrinfo);
    Fd socket{::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const int on = 1;  // a port in TIME_WAIT is free
    if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return failure(where);
    if (::bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0 ||
        ::listen(socket.get(), SOMAXCONN) != 0) {
        if (errno == EADDRINUSE) return Error{Code::conflict, where + " is taken"};
        if (errno == EADDRNOTAVAIL)
            return Error{Code::invalid, where + ": not an address of this machine"};
        return failure(where);
    }
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0)
        return failure(where);
    const in_port_t port = bound.ss_family == AF_INET6
                               ? reinterpret_cast<const sockaddr_in6&>(bound).sin6_port
                               : reinterpret_cast<const sockaddr_in&>(bound).sin_port;
    return Listener{std::move(socket), ntohs(port)};
}

}  // namespace hansa
