#include "daemon/renewer.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "daemon/ask_authority.h"
#include "daemon/joiner.h"

namespace hansa {
namespace {

constexpr Duration doubt_pause = Seconds{30};

}  // namespace

Backoff::Times renewal_pauses(const Certificate& leaf) {
    const auto life = duration_cast<Milliseconds>(leaf.not_after() - leaf.not_before());
    return {.first = std::min(Milliseconds{1'000}, life / 20),
            .max = std::max(Milliseconds{200}, life / 48),
            .least = Milliseconds{50}};
}

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
    backoff_ = Backoff(renewal_pauses(*leaf_));
    const double spread = static_cast<double>(ports_.random.below(1 << 20)) / (1 << 20);
    due_ = renewal_due(*leaf_, spread);
    wait();
    return {};
}

void Renewer::wait() {
    const Duration left = due_ - ports_.loop.clock().wall();
    timer_ = ports_.loop.after(std::clamp(left, Duration{0}, renewal_glance), [this] {
        if (ports_.loop.clock().wall() < due_) return wait();
        ask();
    });
}

void Renewer::ask() {
    auto root = Certificate::from_pem(present_->root_pem);
    auto claims = leaf_->claims();
    if (!root || !claims) return failed("the certificate at hand is not of an authority like ours");
    const RenewalRequest request{make_nonce(ports_.random)};
    Expectation expected{request.nonce, claims->name, claims->uuid, root->key_pin(), present_->key};
    asking_ =
        ask_authority(ports_.loop, ports_.sockets,
                      {present_->places, request,
                       TlsIdentity{present_->chain_pem, present_->key.pem()}, std::move(expected)},
                      [this](Result<Grant> grant) { answered(std::move(grant)); });
}

void Renewer::doubt(std::function<void(const Error&)> refused) {
    const Instant now = ports_.loop.clock().now();
    if (now < next_doubt_ || taking_) return;
    next_doubt_ = now + doubt_pause;
    refused_ = std::move(refused);
    timer_.reset();
    ask();
}

// That a young certificate is not renewed yet says that it is good.
void Renewer::answered(Result<Grant> grant) {
    const auto refused = std::exchange(refused_, nullptr);
    if (!grant && refused) {
        if (grant.error().code == Code::conflict) refused(grant.error());
        return wait();
    }
    if (!grant) return failed(grant.error().text);
    backoff_ = Backoff(renewal_pauses(*leaf_));
    take(*std::move(grant));
}

// A full disk is no reason to ask again: what was granted is still there.
void Renewer::take(Grant grant) {
    auto kept = renewed_(grant);
    taking_ = !kept;
    if (!kept)
        return again(" and the next one could not be kept: " + kept.error().text + "; tried again",
                     [this, grant = std::move(grant)] { take(grant); });
    Renewable next = *present_;
    next.chain_pem = grant.chain_pem;
    if (!grant.addresses.empty()) next.places = places_to_ask(grant.addresses, {});
    if (auto begun = keep(std::move(next)); !begun) failed(begun.error().text);
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
