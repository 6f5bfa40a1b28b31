#include "sys/linux/sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "base/text.h"
#include "sys/linux/clock.h"
#include "sys/linux/failure.h"
#include "sys/linux/fd.h"
#include "sys/linux/path.h"
#include "sys/linux/text_sender.h"

namespace hansa {

namespace {

constexpr std::size_t groups_max = 1024;  // of one process; whoever is in more counts by its first

constexpr Duration rest_after_failure = Milliseconds{200};

// unix(7) allows 107 bytes; the directory is named by its descriptor, so that a long prefix fits.
struct Address {
    Fd directory;
    sockaddr_un name{};
};

Result<Address> address_of(const std::string& path) {
    auto place = open_parent(path, ParentUse::lookup);
    if (!place) return std::move(place).error();
    Address address{std::move(place->parent), {}};
    const std::string name =
        "/proc/self/fd/" + std::to_string(address.directory.get()) + "/" + place->name;
    if (name.size() >= sizeof address.name.sun_path)
        return Error{Code::invalid, path + ": too long a name for a socket"};
    address.name.sun_family = AF_UNIX;
    std::memcpy(address.name.sun_path, name.data(), name.size());
    return address;
}

Result<Fd> connect_to(const std::string& path) {
    auto address = address_of(path);
    if (!address) return std::move(address).error();
    Fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!socket) return failure(path);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address->name),
                  sizeof address->name) == 0)
        return socket;
    if (errno == ECONNREFUSED)
        return Error{Code::missing, path + ": nobody answers; its process has ended"};
    return failure(path);
}

LocalPeer peer_of(int socket) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return {};
    LocalPeer peer{credentials.pid, credentials.uid, {credentials.gid}};
    std::vector<GroupId> more(groups_max);
    size = static_cast<socklen_t>(more.size() * sizeof(GroupId));
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, more.data(), &size) == 0)
        peer.groups.insert(peer.groups.end(), more.begin(),
                           more.begin() + static_cast<std::ptrdiff_t>(size / sizeof(GroupId)));
    return peer;
}

// One connection: reads the question to its end, then writes the answer, then goes.
class Client {
 public:
    Client(Fd socket, LinuxLoop& loop, const AskLimits& limits, const Sockets::Handler& handler,
           Action gone)
        : socket_(std::move(socket)),
          loop_(loop),
          limits_(limits),
          handler_(handler),
          gone_(std::move(gone)),
          peer_(peer_of(socket_.get())),
          sender_(socket_.get(), loop) {
        timer_ = loop_.after(limits_.time, gone_);
        watch_ = loop_.watch_fd(socket_.get(), [this] { read(); });
    }
    ~Client() { *alive_ = false; }

 private:
    void read() {
        char bytes[4096];
        const ssize_t length = ::recv(socket_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
        if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (length < 0 ||
            question_.size() + static_cast<std::size_t>(length) > limits_.question_max)
            return gone_();
        if (length > 0) {
            question_.append(bytes, static_cast<std::size_t>(length));
            return;
        }
        watch_.reset();
        handler_(peer_, std::move(question_), [this, alive = alive_](std::string text) {
            if (!*alive) return;
            sender_.send(std::move(text), gone_);
        });
    }

    Fd socket_;
    LinuxLoop& loop_;
    const AskLimits& limits_;
    const Sockets::Handler& handler_;
    Action gone_;
    LocalPeer peer_;
    TextSender sender_;
    std::string question_;
    Held watch_;
    Held timer_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with a late answer
};

class Server final : public Subscription {
 public:
    Server(Fd socket, std::string path, LinuxLoop& loop, AskLimits limits, Sockets::Handler handler)
        : socket_(std::move(socket)),
          path_(std::move(path)),
          loop_(loop),
          limits_(limits),
          handler_(std::move(handler)) {
        listen();
    }
    ~Server() override {
        *alive_ = false;
        (void)!::unlink(path_.c_str());
    }

 private:
    void listen() {
        watch_ = loop_.watch_fd(socket_.get(), [this] { accept(); });
    }

    // Out of descriptors: whoever asks stays in the queue, and would wake the loop all the time.
    void rest() {
        watch_.reset();
        timer_ = loop_.after(rest_after_failure, [this] { listen(); });
    }

    void accept() {
        Fd client{::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
        const bool nobody_waits =
            !client && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED);
        if (!client && !nobody_waits) return rest();
        if (!client || clients_.size() >= limits_.clients_max) return;
        const std::uint64_t number = ++number_;
        // Posted: a client must not be destroyed from within its own callback.
        const Action gone = [this, number, alive = alive_] {
            loop_.post([this, number, alive] {
                if (*alive) clients_.erase(number);
            });
        };
        clients_.emplace(
            number, std::make_unique<Client>(std::move(client), loop_, limits_, handler_, gone));
    }

    Fd socket_;
    std::string path_;
    LinuxLoop& loop_;
    AskLimits limits_;
    Sockets::Handler handler_;
    std::uint64_t number_ = 0;
    std::map<std::uint64_t, std::unique_ptr<Client>> clients_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with posted actions
    Held watch_;
    Held timer_;
};

// Waits until `fd` is ready or the time is up.
Result<void> await(int fd, short events, Instant end, const std::string& where) {
    for (;;) {
        const auto left = duration_cast<Milliseconds>(end - LinuxClock().now());
        if (left.count() <= 0) return Error{Code::unavailable, where + ": no answer in time"};
        pollfd wanted{fd, events, 0};
        const int ready = ::poll(&wanted, 1, static_cast<int>(left.count()) + 1);
        if (ready > 0) return {};
        if (ready < 0 && errno != EINTR) return failure(where);
    }
}

Result<void> send_all(int socket, const std::string& text, Instant end, const std::string& where) {
    std::size_t sent = 0;
    while (sent < text.size()) {
        if (auto ready = await(socket, POLLOUT, end, where); !ready) return ready;
        const ssize_t length =
            ::send(socket, text.data() + sent, text.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (length < 0 && errno != EAGAIN && errno != EINTR) return failure(where);
        if (length > 0) sent += static_cast<std::size_t>(length);
    }
    ::shutdown(socket, SHUT_WR);
    return {};
}

Result<std::string> receive_all(int socket, const AskLimits& limits, Instant end,
                                const std::string& where) {
    std::string text;
    std::string bytes(64 * 1024, '\0');
    for (;;) {
        if (auto ready = await(socket, POLLIN, end, where); !ready) return std::move(ready).error();
        const ssize_t length = ::recv(socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (length == 0) return text;
        if (length < 0 && errno != EAGAIN && errno != EINTR) return failure(where);
        if (length > 0) text.append(bytes, 0, static_cast<std::size_t>(length));
        if (text.size() > limits.answer_max)
            return Error{Code::invalid, where + ": an answer of more than " +
                                            std::to_string(limits.answer_max) + " bytes"};
    }
}

}  // namespace

Result<Held> LinuxSockets::serve(const std::string& path, Handler handler,
                                 std::optional<GroupId> group) {
    if (connect_to(path)) return Error{Code::conflict, path + ": another process answers there"};
    auto address = address_of(path);
    if (!address) return std::move(address).error();
    Fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!socket) return failure(path);
    struct stat old {};
    if (::lstat(path.c_str(), &old) == 0 && S_ISSOCK(old.st_mode)) (void)!::unlink(path.c_str());
    // The mode of a socket is decided by bind(): 0777 less what the descriptor's mode lacks.
    if (::fchmod(socket.get(), 0600) != 0 ||
        ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address->name), sizeof address->name) !=
            0 ||
        (group && (::lchown(path.c_str(), static_cast<uid_t>(-1), *group) != 0 ||
                   ::chmod(path.c_str(), 0660) != 0)) ||
        ::listen(socket.get(), 64) != 0)
        return failure(path);
    return Held(
        std::make_unique<Server>(std::move(socket), path, loop_, limits_, std::move(handler)));
}

bool LinuxSockets::is_served(const std::string& path) {
    const auto connected = connect_to(path);
    return connected || connected.error().code != Code::missing;
}

Result<std::string> LinuxSockets::ask(const std::string& path, const std::string& question,
                                      const AskLimits& limits) {
    const Instant end = LinuxClock().now() + limits.time;
    auto socket = connect_to(path);
    if (!socket) return std::move(socket).error();
    if (auto sent = send_all(socket->get(), question, end, path); !sent)
        return std::move(sent).error();
    return receive_all(socket->get(), limits, end, path);
}

}  // namespace hansa
