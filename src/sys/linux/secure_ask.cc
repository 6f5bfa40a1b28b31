// The asking side of LinuxSecureSockets: one address after the other until somebody answers.
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "sys/linux/failure.h"
#include "sys/linux/fd.h"
#include "sys/linux/secure_sockets.h"
#include "sys/linux/tls_link.h"

namespace hansa {

namespace {

struct Target {
    sockaddr_storage address{};
    socklen_t size = 0;
};

// Blocking: what a name stands for may have to be asked from afar.
Result<Target> look_up(const HostPort& at) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (const int code =
            ::getaddrinfo(at.host.c_str(), std::to_string(at.port).c_str(), &hints, &list))
        return Error{Code::unavailable, ::gai_strerror(code)};
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> found(list, ::freeaddrinfo);
    Target target;
    target.size = found->ai_addrlen;
    std::copy_n(reinterpret_cast<const char*>(found->ai_addr), found->ai_addrlen,
                reinterpret_cast<char*>(&target.address));
    return target;
}

class Asking final : public Subscription {
 public:
    Asking(LinuxLoop& loop, Workers& workers, SecureSockets::Question question,
           SecureSockets::Done done)
        : loop_(loop), workers_(workers), question_(std::move(question)), done_(std::move(done)) {
        // Later, so that whoever asks has the handle before anything can happen.
        later([this] { start(); });
    }
    ~Asking() override {
        *alive_ = false;
        if (lookup_) lookup_->cancel();
    }

 private:
    // From a callback of the loop's own, so that a link may be replaced there.
    void later(Action action) {
        loop_.post([alive = alive_, action = std::move(action)] {
            if (*alive) action();
        });
    }

    void start() {
        const TlsIdentity* identity = question_.identity ? &*question_.identity : nullptr;
        auto context = TlsLink::make_context(TlsLink::Side::client, identity);
        if (!context) return finish(std::move(context).error());
        context_ = std::move(*context);
        if (question_.text.size() > question_.limits.question_max)
            return finish(Error{Code::invalid, "a question of more than " +
                                                   std::to_string(question_.limits.question_max) +
                                                   " bytes"});
        try_next();
    }

    void try_next() {
        link_.reset();
        connecting_.reset();
        if (next_ == question_.addresses.size()) return give_up();
        const HostPort at = question_.addresses[next_++];
        timer_ = loop_.after(question_.limits.time, [this] {
            fail_later({Code::unavailable, "no answer in time"});
        });
        auto found = std::make_shared<Result<Target>>(Target{});  // shared by worker and report
        lookup_ = workers_.run(
            [at, found](Task& task) {
                task.blocking();
                *found = look_up(at);
            },
            [this, alive = alive_, round = next_, found] {
                if (*alive && round == next_ && !link_) connect(std::move(*found));
            });
    }

    void connect(Result<Target> target) {
        if (!target) return failed(target.error());
        Fd socket{
            ::socket(target->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
        if (!socket) return failed(failure("a socket"));
        if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&target->address), target->size) !=
                0 &&
            errno != EINPROGRESS)
            return failed(failure("connecting"));
        const int number = socket.get();
        socket_ = std::move(socket);
        connecting_ = loop_.watch_writable(number, [this] { later([this] { connected(); }); });
    }

    void connected() {
        if (!connecting_) return;
        connecting_.reset();
        int error = 0;
        socklen_t size = sizeof error;
        (void)::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) return failed(failure("connecting", error));
        link_ = std::make_unique<TlsLink>(context_, TlsLink::Side::client, std::move(socket_),
                                          loop_, [this](Error why) { fail_later(std::move(why)); });
        link_->judge_with(question_.judge);
        link_->handshake([this] {
            link_->send(question_.text, [this] {
                link_->receive(question_.limits.answer_max, [this](std::string answer) {
                    later([this, answer = std::move(answer)] { finish(answer); });
                });
            });
        });
    }

    // Unless the next address has its turn by then.
    void fail_later(Error why) {
        later([this, round = next_, why = std::move(why)] {
            if (round == next_) failed(why);
        });
    }

    void failed(const Error& why) {
        if (!done_) return;
        timer_.reset();
        const std::string at = question_.addresses[next_ - 1].text();
        failures_.push_back(at + ": " + why.text);
        if (why.code == Code::denied && !refusal_) refusal_ = Error{why}.during(at);
        try_next();
    }

    void give_up() {
        if (refusal_) return finish(*refusal_);
        finish(Error{Code::unavailable,
                     failures_.empty() ? "no address to ask" : join(failures_, "; ")});
    }

    // The last act: `done` may destroy us.
    void finish(Result<std::string> answer) {
        if (!done_) return;
        timer_.reset();
        link_.reset();
        const auto done = std::exchange(done_, nullptr);
        done(std::move(answer));
    }

    LinuxLoop& loop_;
    Workers& workers_;
    SecureSockets::Question question_;
    SecureSockets::Done done_;  // empty: it has been called
    TlsContext context_;
    std::size_t next_ = 0;  // address to try
    std::vector<std::string> failures_;
    std::optional<Error> refusal_;
    std::shared_ptr<Cancel> lookup_;  // shared with the pool
    Fd socket_;
    Held connecting_;
    std::unique_ptr<TlsLink> link_;
    Held timer_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with what is posted
};

}  // namespace

Held LinuxSecureSockets::ask(Question question, Done done) {
    return std::make_unique<Asking>(loop_, workers_, std::move(question), std::move(done));
}

}  // namespace hansa
