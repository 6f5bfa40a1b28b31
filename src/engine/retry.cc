#include "engine/retry.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace hansa {
namespace {

constexpr Duration delay_max = Seconds{60};
constexpr std::uint32_t free_attempts = 10;
constexpr Milliseconds delay_after_those{10};
constexpr std::uint32_t free_series = 5;
constexpr Milliseconds calm_after_those{50};

Duration doubled(Duration first, std::uint32_t times) {
    if (first >= delay_max) return first;
    Duration delay = first;
    for (; times > 0 && delay < delay_max; --times) delay *= 2;
    return std::min(delay, delay_max);
}

}  // namespace

std::optional<Duration> next_attempt(const Meta& meta, std::uint32_t failures) {
    check(failures > 0, "there is a next attempt only after a failed one");
    if (meta.retry >= 0 && failures > meta.retry) return std::nullopt;
    if (meta.delay > Milliseconds{0}) return doubled(meta.delay, failures - 1);
    if (failures < free_attempts) return Duration{0};
    return doubled(delay_after_those, failures - free_attempts);
}

Duration calm_after(std::uint32_t series) {
    if (series <= free_series) return Duration{0};
    return doubled(calm_after_those, series - free_series - 1);
}

Bucket::Bucket(double per_second, std::uint32_t burst, Instant now)
    : per_second_(per_second), burst_(burst), tokens_(burst), filled_(now) {
    check(per_second > 0 && burst > 0, "a bucket gives something");
}

std::optional<Instant> Bucket::take(Instant now) {
    // A whole token minus what rounding may have cost, so that taking one at the instant that was
    // named always succeeds.
    constexpr double whole = 1 - 1e-6;
    const std::chrono::duration<double> passed = now - filled_;
    tokens_ = std::min(burst_, tokens_ + std::max(0.0, passed.count()) * per_second_);
    filled_ = now;
    if (tokens_ >= whole) {
        tokens_ = std::max(0.0, tokens_ - 1);
        return std::nullopt;
    }
    constexpr double longest = 1e9;  // seconds; a limit may be as small as it likes
    const double wait = std::min(longest, (1 - tokens_) / per_second_);
    return now + Duration{static_cast<std::int64_t>(std::ceil(wait * 1e9))};
}

void Bucket::put_back() {
    tokens_ = std::min(burst_, tokens_ + 1);
}

}  // namespace hansa
