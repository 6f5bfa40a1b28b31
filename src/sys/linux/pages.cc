#include "sys/linux/pages.h"

#include <sys/socket.h>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cerrno>
#include <map>
#include <sstream>

#include "sys/linux/listen.h"
#include "sys/linux/text_sender.h"

namespace hansa {

namespace {

namespace http = boost::beast::http;

constexpr Duration rest_after_failure = Milliseconds{200};  // out of descriptors

std::string text_of(Page page, http::verb method) {
    http::response<http::string_body> response{static_cast<http::status>(page.status), 11};
    response.set(http::field::content_type, page.type);
    response.keep_alive(false);
    response.content_length(page.body.size());
    if (method != http::verb::head) response.body() = std::move(page.body);
    std::ostringstream text;
    text << response;
    return std::move(text).str();
}

// One connection: reads the request's headers, answers, goes.
class PageClient {
 public:
    PageClient(Fd socket, LinuxLoop& loop, const Pages::Show& show, const PageLimits& limits,
               Action gone)
        : socket_(std::move(socket)),
          loop_(loop),
          show_(show),
          gone_(std::move(gone)),
          sender_(socket_.get(), loop) {
        parser_.header_limit(static_cast<std::uint32_t>(limits.request_max));
        parser_.body_limit(0);
        timer_ = loop_.after(limits.time, gone_);
        watch_ = loop_.watch_fd(socket_.get(), [this] { read(); });
    }

 private:
    void read() {
        char bytes[4096];
        const ssize_t length = ::recv(socket_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
        if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (length <= 0) return gone_();
        pending_.append(bytes, static_cast<std::size_t>(length));
        boost::system::error_code error;
        const std::size_t used = parser_.put(boost::asio::buffer(pending_), error);
        pending_.erase(0, used);
        if (error == http::error::need_more) return;
        watch_.reset();
        sender_.send(
            error ? text_of({400, "text/plain", "not a request\n"}, http::verb::get) : answer(),
            gone_);
    }

    std::string answer() const {
        const http::verb method = parser_.get().method();
        if (method != http::verb::get && method != http::verb::head)
            return text_of({405, "text/plain", "this can only be read\n"}, method);
        const std::string target(parser_.get().target());
        return text_of(show_(target.substr(0, target.find('?'))), method);
    }

    Fd socket_;
    LinuxLoop& loop_;
    const Pages::Show& show_;
    Action gone_;  // posts our end
    http::request_parser<http::empty_body> parser_;
    std::string pending_;
    TextSender sender_;
    Held watch_;
    Held timer_;
};

class PageServer final : public Subscription {
 public:
    PageServer(Fd socket, LinuxLoop& loop, Pages::Show show, PageLimits limits)
        : socket_(std::move(socket)), loop_(loop), show_(std::move(show)), limits_(limits) {
        listen();
    }
    ~PageServer() override { *alive_ = false; }

 private:
    void listen() {
        watch_ = loop_.watch_fd(socket_.get(), [this] { accept(); });
    }

    void accept() {
        Fd client{::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
        if (!client && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
            watch_.reset();
            pause_ = loop_.after(rest_after_failure, [this] { listen(); });
        }
        if (!client || clients_.size() >= limits_.clients_max) return;
        const std::uint64_t number = ++number_;
        // Posted: a client must not be destroyed from within its own callback.
        const Action gone = [this, number, alive = alive_] {
            loop_.post([this, number, alive] {
                if (*alive) clients_.erase(number);
            });
        };
        clients_.emplace(
            number, std::make_unique<PageClient>(std::move(client), loop_, show_, limits_, gone));
    }

    Fd socket_;
    LinuxLoop& loop_;
    const Pages::Show show_;
    const PageLimits limits_;
    std::uint64_t number_ = 0;
    std::map<std::uint64_t, std::unique_ptr<PageClient>> clients_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with posted actions
    Held watch_;
    Held pause_;
};

}  // namespace

Result<Pages::Served> LinuxPages::serve(const HostPort& at, Show show, PageLimits limits) {
    auto listener = listen_at(at);
    if (!listener) return std::move(listener).error();
    return Served{
        std::make_unique<PageServer>(std::move(listener->socket), loop_, std::move(show), limits),
        listener->port};
}

}  // namespace hansa
