#include "mesh/liveness.h"

#include <algorithm>

namespace hansa {
namespace {

// REQUIRES: gone, and the store answers.
Instant expiry(const LifeFacts& facts, const LifeTimes& times) {
    return std::max(*facts.gone_since + times.grace, *facts.store_since + times.settling);
}

}  // namespace

Life judge(const LifeFacts& facts, Instant now, const LifeTimes& times) {
    if (!facts.gone_since) return Life::current;
    if (facts.expired) return Life::expired;
    if (!facts.store_since) return Life::stale;
    return now >= expiry(facts, times) ? Life::expired : Life::stale;
}

std::optional<Instant> next_judgement(const LifeFacts& facts, Instant now, const LifeTimes& times) {
    if (judge(facts, now, times) != Life::stale || !facts.store_since) return std::nullopt;
    return expiry(facts, times);
}

}  // namespace hansa
