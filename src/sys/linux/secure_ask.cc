// The asking side of LinuxSecureSockets: one address after the other until somebody answers.
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <deque>

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

using AddressList = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

Result<AddressList> addresses_of(const HostPort& at, int flags) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags;
    addrinfo* list = nullptr;
    if (const int code =
            ::getaddrinfo(at.host.c_str(), std::to_string(at.port).c_str(), &hints, &list))
        return Error{Code::unavailable, ::gai_strerror(code)};
    return AddressList(list, ::freeaddrinfo);
}

// REQUIRES: `at` is numeric: nobody is asked.
Result<Target> target_at(const HostPort& at) {
    auto found = addresses_of(at, AI_NUMERICHOST);
    if (!found) return std::move(found).error();
    Target target;
    target.size = (*found)->ai_addrlen;
    std::copy_n(reinterpret_cast<const char*>((*found)->ai_addr), target.size,
                reinterpret_cast<char*>(&target.address));
    return target;
}

class Asking final : public Subscription {
 public:
    Asking(LinuxLoop& loop, Workers& workers, LookUp names, SecureSockets::Question question,
           SecureSockets::Done done)
        : loop_(loop),
          workers_(workers),
          names_(std::move(names)),
          question_(std::move(question)),
          done_(std::move(done)) {
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
        ++round_;
        if (!found_.empty()) return connect();
        if (next_ == question_.addresses.size()) return give_up();
        const HostPort at = question_.addresses[next_++];
        trying_ = at.text();
        limit_time();
        // Shared by worker and report.
        auto found = std::make_shared<Result<std::vector<HostPort>>>(std::vector<HostPort>{});
        lookup_ = workers_.run(
            [at, found, names = names_](Task& task) {
                task.blocking();
                *found = names(at);
            },
            [this, alive = alive_, round = round_, found] {
                if (*alive && round == round_) looked_up(*found);
            });
    }

    void limit_time() {
        timer_ = loop_.after(question_.limits.time, [this] {
            fail_later({Code::unavailable, "no answer in time"});
        });
    }

    void looked_up(const Result<std::vector<HostPort>>& found) {
        if (!found) return failed(found.error());
        found_.assign(found->begin(), found->end());
        if (found_.size() > addresses_of_name_max) found_.resize(addresses_of_name_max);
        connect();
    }

    // To the next of the addresses that the present name stands for.
    void connect() {
        const HostPort at = found_.front();
        found_.pop_front();
        const std::string name = question_.addresses[next_ - 1].text();
        trying_ = name == at.text() ? name : name + " (" + at.text() + ")";
        limit_time();
        auto target = target_at(at);
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
        later([this, round = round_, why = std::move(why)] {
            if (round == round_) failed(why);
        });
    }

    void failed(const Error& why) {
        if (!done_) return;
        timer_.reset();
        failures_.push_back(trying_ + ": " + why.text);
        if (why.code == Code::denied && !refusal_) refusal_ = Error{why}.during(trying_);
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
    LookUp names_;
    SecureSockets::Question question_;
    SecureSockets::Done done_;  // empty: it has been called
    TlsContext context_;
    std::size_t next_ = 0;        // of the question's addresses
    std::deque<HostPort> found_;  // what the one before it stands for and was not tried yet
    std::uint64_t round_ = 0;     // counts the tries: what comes late is of another one
    std::string trying_;
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

Result<std::vector<HostPort>> look_up(const HostPort& name) {
    auto list = addresses_of(name, 0);
    if (!list) return std::move(list).error();
    std::vector<HostPort> found;
    for (const addrinfo* each = list->get(); each; each = each->ai_next) {
        char host[NI_MAXHOST];
        if (::getnameinfo(each->ai_addr, each->ai_addrlen, host, sizeof host, nullptr, 0,
                          NI_NUMERICHOST) == 0)
            found.push_back({host, name.port});
    }
    if (found.empty()) return Error{Code::unavailable, "the name stands for no address"};
    return found;
}

Held LinuxSecureSockets::ask(Question question, Done done) {
    return std::make_unique<Asking>(loop_, workers_, names_, std::move(question), std::move(done));
}

}  // namespace hansa
