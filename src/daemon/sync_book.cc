#include "daemon/sync_book.h"

#include <algorithm>
#include <bit>

namespace hansa {

namespace {

constexpr std::size_t times_max = 128;  // some ten minutes beside a member, else half an hour
constexpr std::size_t times_least = 16;

}  // namespace

void SyncBook::add(const std::vector<Duration>& times) {
    times_.insert(times_.end(), times.begin(), times.end());
    while (times_.size() > times_max) times_.pop_front();
}

std::optional<Duration> SyncBook::p99() const {
    if (times_.size() < times_least) return std::nullopt;
    std::vector<Duration> sorted(times_.begin(), times_.end());
    std::sort(sorted.begin(), sorted.end());
    const std::size_t rank = (sorted.size() * 99 + 99) / 100;  // of 128: one may be slower
    return sorted[rank - 1];
}

Milliseconds told_sync(std::optional<Milliseconds> told, Duration p99) {
    if (told && p99 * 4 <= Duration{*told} * 5 && p99 * 8 > Duration{*told} * 3) return *told;
    const auto whole = std::chrono::ceil<Milliseconds>(p99).count();
    return Milliseconds{
        std::bit_ceil(static_cast<std::uint64_t>(std::max(whole, std::int64_t{1})))};
}

}  // namespace hansa
