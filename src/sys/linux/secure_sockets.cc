// The serving side; secure_ask.cc has the other.
#include "sys/linux/secure_sockets.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "sys/linux/failure.h"
#include "sys/linux/fd.h"
#include "sys/linux/listen.h"
#include "sys/linux/tls_link.h"

namespace hansa {

namespace {

std::string text_of(const sockaddr_storage& address, socklen_t size) {
    char host[NI_MAXHOST];
    char port[NI_MAXSERV];
    if (::getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, host, sizeof host, port,
                      sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return "an unknown address";
    return HostPort{host, static_cast<std::uint16_t>(std::atoi(port))}.text();
}

// One connection: handshake, question, answer, end.
class SecureClient {
 public:
    struct Of {  // the server
        LinuxLoop& loop;
        const SecureSockets::Service& service;
    };

    SecureClient(Of server, const TlsContext& context, Fd socket, std::string address, Action gone)
        : server_(server),
          gone_(std::move(gone)),
          peer_{std::move(address), {}},
          link_(context, TlsLink::Side::server, std::move(socket), server.loop,
                [this](const Error&) { end(Unheard::broken); }) {
        timer_ = server_.loop.after(server_.service.limits.time, [this] { end(Unheard::silent); });
        link_.handshake([this] {
            link_.receive(server_.service.limits.question_max,
                          [this](std::string question) { hand_over(std::move(question)); });
        });
    }
    ~SecureClient() { *alive_ = false; }

    bool is_heard() const { return heard_; }

    // `why`: unless it was heard before.
    void end(Unheard why) {
        if (!std::exchange(ended_, true) && !heard_ && server_.service.lost)
            server_.service.lost(peer_.address, why);
        gone_();
    }

 private:
    void hand_over(std::string question) {
        heard_ = true;
        peer_.chain_pem = link_.peer_chain_pem();
        server_.service.handler(
            peer_, std::move(question), [this, alive = alive_](std::string text) {
                if (!*alive) return;
                if (text.empty() || text.size() > server_.service.limits.answer_max) return gone_();
                link_.send(text, gone_);
            });
    }

    Of server_;
    Action gone_;  // posts our end, so it may be called more than once and from anywhere
    SecurePeer peer_;
    TlsLink link_;
    Held timer_;
    bool heard_ = false;  // its question was handed over
    bool ended_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with a late answer
};

class SecureServer final : public Subscription {
 public:
    SecureServer(Fd socket, LinuxLoop& loop, SecureSockets::Service service)
        : socket_(std::move(socket)), loop_(loop), service_(std::move(service)) {
        listen();
    }
    ~SecureServer() override { *alive_ = false; }

    // Makes sure that a context for the present identity is there.
    Result<void> refresh() {
        TlsIdentity now = service_.identity();
        if (context_ && now.chain_pem == shown_.chain_pem && now.key_pem == shown_.key_pem)
            return {};
        auto context = TlsLink::make_context(TlsLink::Side::server, &now);
        if (!context) return std::move(context).error();
        context_ = std::move(*context);
        shown_ = std::move(now);
        return {};
    }

 private:
    void listen() {
        watch_ = loop_.watch_fd(socket_.get(), [this] { accept(); });
    }

    void accept() {
        sockaddr_storage from{};
        socklen_t size = sizeof from;
        Fd client{::accept4(socket_.get(), reinterpret_cast<sockaddr*>(&from), &size,
                            SOCK_CLOEXEC | SOCK_NONBLOCK)};
        if (!client && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
            // The client waits in the kernel's queue and would wake us again at once.
            watch_.reset();
            pause_ = loop_.after(Milliseconds{100}, [this] { listen(); });
        }
        if (!client || !make_room(text_of(from, size)) || !refresh()) return;
        const std::uint64_t number = ++number_;
        // Posted: a client must not be destroyed from within its own callback.
        const Action gone = [this, number, alive = alive_] {
            loop_.post([this, number, alive] {
                if (*alive) clients_.erase(number);
            });
        };
        clients_.emplace(
            number, std::make_unique<SecureClient>(SecureClient::Of{loop_, service_}, context_,
                                                   std::move(client), text_of(from, size), gone));
    }

    // The oldest that has not asked yet gives way: whoever means it has asked within moments.
    bool make_room(const std::string& newcomer) {
        if (clients_.size() < service_.limits.clients_max) return true;
        const auto idle = std::find_if(clients_.begin(), clients_.end(),
                                       [](const auto& each) { return !each.second->is_heard(); });
        if (idle == clients_.end()) {
            if (service_.lost) service_.lost(newcomer, Unheard::turned_away);
            return false;
        }
        idle->second->end(Unheard::gave_way);
        clients_.erase(idle);
        return true;
    }

    Fd socket_;
    LinuxLoop& loop_;
    SecureSockets::Service service_;
    TlsIdentity shown_;
    TlsContext context_;
    std::uint64_t number_ = 0;
    std::map<std::uint64_t, std::unique_ptr<SecureClient>> clients_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with posted actions
    Held watch_;
    Held pause_;
};

}  // namespace

Result<SecureSockets::Served> LinuxSecureSockets::serve(const HostPort& at, Service service) {
    auto listener = listen_at(at);
    if (!listener) return std::move(listener).error();
    auto server =
        std::make_unique<SecureServer>(std::move(listener->socket), loop_, std::move(service));
    if (auto ready = server->refresh(); !ready) return std::move(ready).error();
    return Served{std::move(server), listener->port};
}

}  // namespace hansa
