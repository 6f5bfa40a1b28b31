#include "mesh/shared_clock.h"

#include <algorithm>

namespace hansa {
namespace {

constexpr std::size_t heard_max = 5;
// One alone may have waited anywhere; two that came apart have not both.
constexpr std::size_t heard_least = 2;
// What comes together has waited: for an agent that was stopped, or a connection that was lost.
constexpr Duration apart = Seconds{2};
constexpr Duration age_max = Seconds{600};  // clocks drift

constexpr Milliseconds play{250};

}  // namespace

void SharedClock::heard(const ClockTelling& told, Instant now) {
    if (told.host != host_) {
        host_ = told.host;
        heard_.clear();
    }
    const Duration lead = told.at - now.time_since_epoch();
    if (!heard_.empty() && now - heard_.back().at < apart)
        heard_.back().lead = std::max(heard_.back().lead, lead);
    else
        heard_.push_back({now, lead});
    while (heard_.size() > heard_max || now - heard_.front().at > age_max) heard_.pop_front();
}

std::optional<Milliseconds> SharedClock::offset(WallTime wall, Instant now) const {
    if (heard_.size() < heard_least) return std::nullopt;
    const auto least_late =
        std::max_element(heard_.begin(), heard_.end(),
                         [](const Heard& a, const Heard& b) { return a.lead < b.lead; });
    return duration_cast<Milliseconds>(wall.time_since_epoch() - now.time_since_epoch() -
                                       least_late->lead);
}

Milliseconds told_offset(std::optional<Milliseconds> told, Milliseconds measured) {
    if (told && std::chrono::abs(measured - *told) <= play) return *told;
    return std::chrono::round<std::chrono::duration<Milliseconds::rep, std::deci>>(measured);
}

}  // namespace hansa
