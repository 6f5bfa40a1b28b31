#include "daemon/rendezvous.h"

#include "trust/certificate.h"

namespace hansa {
namespace {

constexpr Duration ask_every = Milliseconds{500};
constexpr std::size_t word_bytes_max = 4096;
constexpr SecureLimits limits{word_bytes_max, word_bytes_max, Seconds{2}, 64};

}  // namespace

Rendezvous::Rendezvous(Ports ports, Wishes wishes, Mine mine, Events events)
    : ports_(ports),
      wishes_(std::move(wishes)),
      mine_(std::move(mine)),
      events_(std::move(events)) {
    for (const HostPort& at : wishes_.others) heard_[at.text()];
}

TlsIdentity Rendezvous::identity() const {
    const Credentials& mine = mine_();
    return {mine.chain_pem(), mine.tls_key.pem()};
}

Result<std::vector<Certificate>> Rendezvous::judge(const std::string& chain_pem) const {
    auto chain = Certificate::chain_from_pem(chain_pem);
    if (!chain) return chain;
    auto good = verify_chain(*chain, mine_().roots, ports_.loop.clock().wall());
    if (!good) return std::move(good).error();
    return chain;
}

// A member of a store shows another certificate than a host that waits here, and speaks otherwise.
Result<void> Rendezvous::judge_asked(const std::string& chain_pem) {
    auto chain = judge(chain_pem);
    if (!chain) return std::move(chain).error();
    if (!chain->front().may_serve_store()) return {};
    end_with(events_.on_store);
    return Error{Code::cancelled, "a store serves there"};
}

Result<void> Rendezvous::start() {
    auto served = ports_.sockets.serve(
        wishes_.listen,
        {.identity = [this] { return identity(); },
         .handler =
             [this](const SecurePeer& peer, const std::string&, SecureSockets::Answer answer) {
                 if (judge(peer.chain_pem)) return answer(encode(wishes_.me));
                 ports_.report.publish(happened::Refused{
                     "founding", "somebody at " + peer.address +
                                     " without a certificate of this authority asked"});
                 answer({});
             },
         .limits = limits});
    if (!served) return std::move(served).error().during("--expect");
    served_ = std::move(*served);
    ask_all();
    return {};
}

void Rendezvous::stop() {
    timer_.reset();
    asking_.clear();
    served_ = {};
}

void Rendezvous::ask_all() {
    timer_ = ports_.loop.after(ask_every, [this] { ask_all(); });
    for (const HostPort& at : wishes_.others)
        if (!asking_[at.text()]) ask(at);
}

void Rendezvous::ask(const HostPort& at) {
    asking_[at.text()] =
        ports_.sockets.ask({.addresses = {at},
                            .text = "founding",
                            .identity = identity(),
                            .judge = [this](const auto& chain) { return judge_asked(chain); },
                            .limits = limits},
                           [this, address = at.text()](Result<std::string> answer) {
                               asking_[address].reset();
                               heard(address, std::move(answer));
                           });
}

// One that does not answer any more, or never did, is not here.
void Rendezvous::heard(const std::string& address, Result<std::string> answer) {
    heard_[address].reset();
    if (answer) {
        auto word = decode_founder_word(*answer);
        if (word)
            heard_[address] = std::move(*word);
        else
            ports_.report.publish(
                happened::Refused{"founding", address + ": " + word.error().text});
    }
    settle();
}

void Rendezvous::settle() {
    const FoundingStep step = decide_founding(wishes_.me, heard_);
    if (step.says != told_) {
        told_ = step.says;
        ports_.report.publish(happened::Noted{"founding: " + step.says});
    }
    if (step.what == FoundingStep::Do::wait) return;
    if (step.what == FoundingStep::Do::found) return end_with(events_.on_found);
    end_with([this, says = step.says] {
        events_.on_fatal(Error{Code::conflict, "founding: " + says});
    });
}

// Posted: an answer is on the stack, and what it came from is to be destroyed.
void Rendezvous::end_with(std::function<void()> end) {
    timer_ = ports_.loop.after(Duration{0}, [this, end = std::move(end)] {
        const Held ended = std::move(timer_);
        stop();
        end();
    });
}

}  // namespace hansa
