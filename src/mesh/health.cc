#include "mesh/health.h"

#include <algorithm>
#include <vector>

namespace hansa {
namespace {

constexpr std::size_t witnesses = 2;

}  // namespace

void HealthBook::report(const std::string& observer, const std::string& subject, Beat beat,
                        Instant now) {
    const auto [found, is_new] = subjects_.try_emplace(subject);
    Subject& known = found->second;
    if (is_new) known.since = known.last_miss = now;
    View& view = known.views.try_emplace(observer, View{now, now, now}).first->second;
    // Who was silent for a while has seen nothing of what was in between.
    if (!is_fresh(view, now)) view = {now, now, now};
    view.last_report = now;
    if (beat == Beat::heard) {
        view.last_heard = now;
        view.missed_in_row = 0;
    } else {
        ++view.missed_in_row;
    }
    judge(known, now);
}

Condition HealthBook::condition(const std::string& subject, Instant now) const {
    const auto found = subjects_.find(subject);
    if (found == subjects_.end()) return {};
    const Subject& known = found->second;
    std::vector<Instant> contacts;
    for (const auto& [_, view] : known.views)
        if (is_fresh(view, now)) contacts.push_back(view.last_heard);
    if (contacts.empty()) return {};

    std::sort(contacts.begin(), contacts.end());
    Condition condition{true, known.healthy, known.since};
    condition.silent_since = contacts[std::min(witnesses, contacts.size()) - 1];
    for (const Instant fall : known.falls) condition.flaps += now - fall < timing_.window;
    return condition;
}

void HealthBook::keep_only(const std::set<std::string>& subjects) {
    std::erase_if(subjects_, [&](const auto& entry) { return !subjects.contains(entry.first); });
}

bool HealthBook::is_fresh(const View& view, Instant now) const {
    return now - view.last_report <= timing_.beat * timing_.misses;
}

bool HealthBook::agreed(const Subject& subject, std::uint32_t missed_in_row, Instant now) const {
    std::size_t looking = 0, missing = 0;
    for (const auto& [_, view] : subject.views) {
        if (!is_fresh(view, now)) continue;
        ++looking;
        missing += view.missed_in_row >= missed_in_row;
    }
    return missing > 0 && missing >= std::min(witnesses, looking);
}

void HealthBook::judge(Subject& subject, Instant now) const {
    if (agreed(subject, 1, now)) subject.last_miss = now;
    if (subject.healthy && agreed(subject, timing_.misses, now)) {
        subject.healthy = false;
        subject.since = now;
        subject.falls.push_back(now);
        while (now - subject.falls.front() >= timing_.window) subject.falls.pop_front();
    } else if (!subject.healthy && now - subject.last_miss >= timing_.recover) {
        subject.healthy = true;
        subject.since = now;
    }
}

}  // namespace hansa
