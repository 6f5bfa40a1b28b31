#include "cli/refusal_pace.h"

#include "base/text.h"

namespace hansa {

bool RefusalPace::lets(const happened::Refused& refused, WallTime now) {
    Whose whose{refused.exporter, refused.cause};
    if (windows_.size() >= windows_max && !windows_.contains(whose)) whose.first.clear();
    Window& current = windows_.try_emplace(std::move(whose), Window{now}).first->second;
    return ++current.refusals <= lines_max;
}

std::vector<happened::Refused> RefusalPace::sums(WallTime now) {
    // A clock that was set back must not keep anybody silent for longer.
    return close([](const Window& each,
                    WallTime at) { return at - each.began >= window || at < each.began; },
                 now);
}

std::vector<happened::Refused> RefusalPace::sums() {
    return close([](const Window&, WallTime) { return true; }, {});
}

std::vector<happened::Refused> RefusalPace::close(bool (*over)(const Window&, WallTime),
                                                  WallTime now) {
    std::vector<happened::Refused> told;
    std::erase_if(windows_, [&](const auto& each) {
        const auto& [whose, found] = each;
        if (!over(found, now)) return false;
        if (found.refusals <= lines_max) return true;
        const std::string of = whose.first.empty() ? "" : "exports of " + whose.first + ": ";
        told.push_back({whose.second,
                        of + counted(found.refusals - lines_max, "more refusal") +
                            " for this cause since " + iso8601(found.began) +
                            "; \"hansa status\" counts all of them",
                        whose.first});
        return true;
    });
    return told;
}

}  // namespace hansa
