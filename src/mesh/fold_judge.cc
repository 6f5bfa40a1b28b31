// The half of ExportFold that decides what is accepted.
#include <algorithm>

#include "base/text.h"
#include "mesh/fold.h"

namespace hansa {
namespace {

// Clocks that differ by more than this are told of.
constexpr Milliseconds skew_max = Seconds{30};

WallTime wall(Milliseconds since) {
    // Far beyond what a manifest may claim; a wall clock in nanoseconds must be able to hold it.
    constexpr Milliseconds last{9'000'000'000'000};
    return WallTime{std::min(since, last)};
}

}  // namespace

std::size_t ExportFold::stored(const Host& host) {
    return static_cast<std::size_t>(
        std::count_if(host.entries.begin(), host.entries.end(),
                      [](const auto& entry) { return bool(entry.second.stored.value); }));
}

void ExportFold::judge(const std::string& name, Host& host, Work& work) {
    const bool anything = std::any_of(
        host.entries.begin(), host.entries.end(),
        [](const auto& entry) { return entry.second.stored.value || entry.second.accepted.value; });
    // What has expired may be cleared away by anybody.
    const bool cleared =
        host.use == Use::drop && !host.manifest &&
        std::none_of(host.entries.begin(), host.entries.end(),
                     [](const auto& entry) { return bool(entry.second.stored.value); });
    if (!anything && host.manifest) return judge_nothing(name, host, work);
    if (!anything || cleared) {
        host.distrust = {};
        host.late = false;
        return accept(name, host, work);
    }
    tell_skew(name, host, work.now);
    const Verdict found = verdict(name, host, work.now);
    if (found.what == Verdict::What::refuse) return distrust(name, host, found, work.now);
    host.distrust = {};
    host.late = false;
    if (found.what == Verdict::What::accept) return accept(name, host, work);
    vouch(host, work.now);
}

// What was withdrawn must not come back: that it was has to be remembered, also by who has not seen
// it before. Nothing is at stake where it is refused, so that is not told.
void ExportFold::judge_nothing(const std::string& name, Host& host, Work& work) {
    host.distrust = {};
    host.late = false;
    if (verdict(name, host, work.now).what == Verdict::What::accept) accept(name, host, work);
}

Verdict ExportFold::verdict(const std::string& name, Host& host, WallTime now) {
    if (host.entries.size() > exports_of_host_max && stored(host) > exports_of_host_max)
        return {Verdict::What::refuse, "quota",
                "there are more than " + std::to_string(exports_of_host_max)};
    return exporters_.judge(
        name, host.manifest ? &*host.manifest : nullptr,
        [&]() -> std::string { return digest(host); }, now);
}

const std::string& ExportFold::digest(Host& host) {
    if (host.digest) return *host.digest;
    std::vector<Leaf> leaves;
    leaves.reserve(host.entries.size());
    for (const auto& [id, entry] : host.entries)
        if (entry.stored.value) leaves.push_back(entry.leaf);
    return host.digest.emplace(digest_of(std::move(leaves)));
}

void ExportFold::accept(const std::string& name, Host& host, Work& work) {
    for (const ResourceId& id : host.unaccepted) {
        const auto entry = host.entries.find(id);
        if (entry == host.entries.end()) continue;
        entry->second.accepted = entry->second.stored;
        entry->second.verified_in = 0;  // a store that was set back counts revisions anew
        work.records.emplace(name, id);
    }
    host.unaccepted.clear();
    announce(name, host, host.manifest ? host.manifest->generation : 0, work);
    if (host.manifest) vouch(host, work.now);
}

// Its manifest is believed, for as long as it says.
void ExportFold::vouch(Host& host, WallTime now) {
    // An exporter whose clock is ahead is given no longer than it gives itself.
    const Milliseconds life = host.manifest->until - host.manifest->time;
    host.renewed = wall(host.manifest->time);
    host.good_until =
        std::min(wall(host.manifest->until), now + Duration{std::min(life, manifest_life_max)});
}

void ExportFold::announce(const std::string& name, Host& host, std::uint64_t generation,
                          Work& work) {
    if (host.announced == generation) return;
    // Backwards, any record may be affected; forwards only those that wait for it.
    if (generation < host.announced)
        touch_all(name, host, work);
    else
        for (const ResourceId& id : host.pending) work.records.emplace(name, id);
    host.announced = generation;
}

// A clock behind ours looks like a store that is slow or holds back what it shows, and harms nobody
// until signatures end early; one ahead of ours can only be wrong, theirs or ours.
void ExportFold::tell_skew(const std::string& name, Host& host, WallTime now) {
    if (!host.manifest) return;
    const Milliseconds ahead = host.manifest->time - since_1970(now);
    const bool skewed = ahead > skew_max;
    if (skewed && !host.skewed)
        refuse("clock_skew",
               "exports of " + name + ": its clock is " +
                   readable(std::min(ahead, Milliseconds{9'000'000'000'000})) +
                   " ahead of ours; signatures need clocks that agree (NTP)",
               name);
    host.skewed = skewed;
}

void ExportFold::distrust(const std::string& name, Host& host, const Verdict& verdict,
                          WallTime now) {
    const bool same = host.distrust.cause == verdict.cause;
    host.distrust = {name, verdict.cause, verdict.why, same ? host.distrust.since : now};
    host.late = verdict.may_be_late;
    if (!host.late) tell(host);
}

void ExportFold::tell(Host& host) {
    host.late = false;
    if (host.told == host.manifest_modified && host.told_cause == host.distrust.cause) return;
    host.told = host.manifest_modified;
    host.told_cause = host.distrust.cause;
    refuse(host.distrust.cause,
           "exports of " + host.distrust.host + ": " + host.distrust.why +
               "; what was accepted before stays",
           host.distrust.host);
}

void ExportFold::review(const std::set<std::string>& live, WallTime now) {
    for (auto& [name, host] : hosts_) {
        if (host.late && now - host.distrust.since >= lateness_max) tell(host);
        const bool held = !host.entries.empty() && host.use == Use::collect;
        if (!held || !host.distrust.cause.empty() || host.good_until == WallTime{} ||
            now <= host.good_until || !live.contains(name))
            continue;
        host.distrust = {name, "frozen",
                         "it lives, but its manifest was last renewed at " + iso8601(host.renewed) +
                             ": the store withholds newer ones",
                         host.good_until};
        tell(host);
    }
}

bool ExportFold::is_late(const std::string& name) const {
    const auto host = hosts_.find(name);
    return host != hosts_.end() && host->second.late;
}

WallTime ExportFold::good_until(const std::string& name) const {
    const auto host = hosts_.find(name);
    return host != hosts_.end() ? host->second.good_until : WallTime{};
}

bool ExportFold::any_late() const {
    return std::any_of(hosts_.begin(), hosts_.end(),
                       [](const auto& host) { return host.second.late; });
}

std::vector<Distrust> ExportFold::distrusted() const {
    std::vector<Distrust> found;
    for (const auto& [name, host] : hosts_)
        if (!host.distrust.cause.empty() && !host.late) found.push_back(host.distrust);
    return found;
}

}  // namespace hansa
