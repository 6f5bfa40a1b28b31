#include "mesh/backoff.h"

#include <algorithm>

namespace hansa {

Duration Backoff::next(Random& random) {
    const std::uint32_t doublings = std::min<std::uint32_t>(failures_, 20);
    if (failures_ < UINT32_MAX) ++failures_;
    const Milliseconds grown = times_.first * (std::int64_t{1} << doublings);
    const Milliseconds ceiling = std::min(grown, times_.max);
    const auto range = static_cast<std::uint64_t>(std::max<std::int64_t>(ceiling.count(), 1));
    const Milliseconds drawn{static_cast<std::int64_t>(random.below(range + 1))};
    return std::max(drawn, times_.least);
}

Duration rest_in_outage(Duration outage, Duration first, Duration max, Random& random) {
    const Duration limit = std::min(std::max(outage / 2, first), max);
    const Duration drawn(random.below(static_cast<std::uint64_t>(limit.count()) + 1));
    return std::max<Duration>(drawn, Milliseconds{5});
}

Duration wait_for_first_answer(std::size_t rounds, Duration took, Duration first, Duration max) {
    Duration wait = std::clamp(2 * took, first, std::max(first, max / 2));
    for (; rounds > 0 && wait < max; --rounds) wait *= 2;
    return std::min(wait, max);
}

Duration jittered(Duration every, Random& random) {
    const Duration fifth = every / 5;
    const auto spread = static_cast<std::uint64_t>(2 * fifth.count()) + 1;
    return every - fifth + Duration{static_cast<std::int64_t>(random.below(spread))};
}

}  // namespace hansa
