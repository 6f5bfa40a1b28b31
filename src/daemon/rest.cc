#include "daemon/rest.h"

#include "base/text.h"

namespace hansa {

namespace {

constexpr std::string_view the_store = "the store";

}  // namespace

std::string waiting_for(const Standing& standing, const MeshRest& mesh) {
    const std::size_t busy = standing.running + standing.due + standing.retrying;
    if (busy > 0) return counted(busy, "resource");
    if (!mesh.exports_acknowledged || !mesh.collect_folded) return std::string(the_store);
    return {};
}

Rest::Rest(Ports ports, std::optional<Seconds> quiet, Action converged)
    : ports_(std::move(ports)), quiet_(quiet), converged_(std::move(converged)) {}

void Rest::moved() {
    if (posted_ || done_) return;
    // Ten thousand results of one loop turn are looked at once.
    posted_ = true;
    ports_.loop.post([this] {
        posted_ = false;
        look();
    });
}

void Rest::look() {
    if (done_) return;
    const Standing standing = ports_.standing();
    const MeshRest mesh = ports_.mesh();
    RestInput input{.runner_at_rest = standing.at_rest(),
                    .exports_acknowledged = mesh.exports_acknowledged,
                    .collect_folded = mesh.collect_folded,
                    .last_activity = ports_.last_activity(),
                    .rest_since = {}};
    const bool resting = input.runner_at_rest && input.exports_acknowledged && input.collect_folded;
    if (!resting) {
        rest_since_.reset();
    } else if (!rest_since_) {
        rest_since_ = ports_.loop.clock().now();
    }
    tell(resting, standing, mesh);
    if (!resting) {
        timer_.reset();
        return;
    }
    input.rest_since = *rest_since_;
    await(input);
}

void Rest::tell(bool resting, const Standing& standing, const MeshRest& mesh) {
    std::string reason = waiting_for(standing, mesh);
    if (resting == told_resting_ && reason == told_) return;
    const auto is_store = [](const std::string& text) { return text == the_store; };
    const bool only_a_number = !resting && !told_.empty() && !is_store(reason) && !is_store(told_);
    told_resting_ = resting;
    told_ = reason;
    ports_.report.publish(happened::AtRest{resting, std::move(reason), only_a_number});
}

void Rest::await(const RestInput& input) {
    if (!quiet_) return;
    const std::optional<Instant> at = converged_at(input, *quiet_);
    if (!at) return;
    const Instant now = ports_.loop.clock().now();
    if (*at > now) {
        timer_ = ports_.loop.after(*at - now, [this] { look(); });
        return;
    }
    done_ = true;
    timer_.reset();
    ports_.report.publish(happened::Converged{*quiet_});
    converged_();
}

}  // namespace hansa
