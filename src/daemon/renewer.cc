#include "daemon/renewer.h"

#include <algorithm>

#include "base/text.h"
#include "daemon/joiner.h"

namespace hansa {

namespace {

// The wall clock may be set, and the machine may sleep: it is looked at again that often.
constexpr Duration glance = Seconds{600};

// Between attempts: for a day's certificate from 1 s to half an hour, for a short one less.
Backoff::Times pauses_for(const Certificate& leaf) {
    const auto life = duration_cast<Milliseconds>(leaf.not_after() - leaf.not_before());
    return {.first = std::min(Milliseconds{1'000}, life / 20),
            .max = std::max(Milliseconds{200}, life / 48),
            .least = Milliseconds{50}};
}

}  // namespace

WallTime renewal_due(const Certificate& leaf, double spread) {
    const Duration life = leaf.not_after() - leaf.not_before();
    return renewal_time(leaf) +
           duration_cast<Duration>(spread * std::chrono::duration<double, std::nano>(life / 12));
}

std::string time_left(const Certificate& leaf, WallTime now) {
    if (now < leaf.not_after())
        return "this host's certificate expires in " + readable(leaf.not_after() - now);
    return "this host's certificate expired " + readable(now - leaf.not_after()) + " ago";
}

Result<void> Renewer::keep(Renewable present) {
    auto leaf = Certificate::from_pem(present.chain_pem);
    if (!leaf) return std::move(leaf).error();
    asking_.reset();
    leaf_ = std::move(*leaf);
    present_ = std::move(present);
    backoff_ = Backoff(pauses_for(*leaf_));
    const double spread = static_cast<double>(ports_.random.below(1 << 20)) / (1 << 20);
    due_ = renewal_due(*leaf_, spread);
    wait();
    return {};
}

void Renewer::wait() {
    const Duration left = due_ - ports_.loop.clock().wall();
    timer_ = ports_.loop.after(std::clamp(left, Duration{0}, glance), [this] {
        if (ports_.loop.clock().wall() < due_) return wait();
        ask();
    });
}

void Renewer::ask() {
    auto root = Certificate::from_pem(present_->root_pem);
    auto claims = leaf_->claims();
    if (!root || !claims) return failed("the certificate at hand is not of an authority like ours");
    const std::string pin = root->key_pin();
    const RenewalRequest request{make_nonce(ports_.random)};
    const Clock& clock = ports_.loop.clock();
    SecureSockets::Question question{
        .addresses = present_->places,
        .text = encode(EnrolmentQuestion{request}),
        .identity = TlsIdentity{present_->chain_pem, present_->key.pem()},
        .judge = [pin, &clock](const std::string& chain) {
            return judge_issuer(chain, pin, clock.wall());
        }};
    const Expectation expected{request.nonce, claims->name, claims->uuid, pin, present_->key};
    asking_ = ports_.sockets.ask(
        std::move(question),
        [this, expected](const Result<std::string>& text) { answered(text, expected); });
}

void Renewer::answered(const Result<std::string>& text, const Expectation& expected) {
    if (!text) return failed(text.error().text);
    auto answer = decode_enrolment_answer(*text);
    if (!answer) return failed(answer.error().text);
    auto grant = accept_grant(*answer, expected, ports_.loop.clock().wall());
    if (!grant) return failed(grant.error().text);
    backoff_ = Backoff(pauses_for(*leaf_));
    take(*std::move(grant));
}

// A full disk is no reason to ask again: what was granted is still there.
void Renewer::take(Grant grant) {
    if (auto kept = renewed_(grant); !kept)
        return again(" and the next one could not be kept: " + kept.error().text + "; tried again",
                     [this, grant = std::move(grant)] { take(grant); });
    Renewable next = *present_;
    next.chain_pem = grant.chain_pem;
    if (!grant.addresses.empty()) next.places = places_to_ask(grant.addresses, {});
    if (auto kept = keep(std::move(next)); !kept) failed(kept.error().text);
}

void Renewer::failed(const std::string& why) {
    again(" and could not be renewed: " + why + "; asked again", [this] { ask(); });
}

void Renewer::again(const std::string& what, Action action) {
    const Duration pause = backoff_.next(ports_.random);
    ports_.report.publish(happened::Warned{time_left(*leaf_, ports_.loop.clock().wall()) + what +
                                           " in " + readable(pause)});
    timer_ = ports_.loop.after(pause, std::move(action));
}

}  // namespace hansa
