#include "sys/sim/watch.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"

namespace hansa {

class SimPathWatcher::Entry final : public Subscription {
 public:
    Entry(SimPathWatcher& watcher, const std::string& path, WatchDepth its_depth, Action action)
        : owner(watcher), depth(its_depth), act(std::move(action)) {
        ++owner.size_;
        for (const std::string& step : split(path, '/'))
            if (!step.empty()) literal += "/" + step;
        if (literal.empty()) literal = "/";
        at_literal = owner.by_path_.emplace(literal, this);
        at_real = owner.by_path_.end();
        find_real();
    }
    ~Entry() override {
        --owner.size_;
        owner.by_path_.erase(at_literal);
        forget_real();
    }

    // Where links lead may have changed.
    void find_real() {
        std::string real = owner.files_.real_path(literal);
        if (at_real != owner.by_path_.end() && real == at_real->first) return;
        forget_real();
        if (real != literal) at_real = owner.by_path_.emplace(std::move(real), this);
    }

    SimPathWatcher& owner;
    WatchDepth depth;
    Action act;
    Held pending;  // the wake-up that is under way

 private:
    void forget_real() {
        if (at_real != owner.by_path_.end()) owner.by_path_.erase(at_real);
        at_real = owner.by_path_.end();
    }

    std::string literal;
    Index::iterator at_literal;
    Index::iterator at_real;
};

SimPathWatcher::SimPathWatcher(SimLoop& loop, SimFiles& files, std::uint64_t seed,
                               SimWatchOptions options)
    : loop_(loop), files_(files), random_(seed), options_(options) {
    files_.listen([this](const std::string& path) { changed(path); });
}

Result<Held> SimPathWatcher::watch(const std::string& path, WatchDepth depth, Action changed) {
    if (path.empty() || path[0] != '/' || path.find('\0') != std::string::npos)
        return Error{Code::invalid, printable(path) + ": not an absolute path; begin it with /"};
    if (size_ >= options_.watches_max)
        return Error{Code::unavailable,
                     printable(path) + ": no more watches; raise fs.inotify.max_user_watches"};
    return Held{std::make_unique<Entry>(*this, path, depth, std::move(changed))};
}

void SimPathWatcher::wake(Entry& entry) {
    if (entry.pending) return;
    const auto most = static_cast<std::uint64_t>(options_.delay_max.count());
    const Duration delay{static_cast<Duration::rep>(random_.below(most + 1))};
    entry.pending = loop_.after(delay, [&entry] {
        const Held rung = std::move(entry.pending);
        const Action act = entry.act;  // it may destroy the entry
        act();
    });
}

void SimPathWatcher::changed(const std::string& path) {
    std::vector<Entry*> touched;
    auto take = [&](Index::iterator from, Index::iterator to, WatchDepth least) {
        for (; from != to; ++from)
            if (from->second->depth >= least) touched.push_back(from->second);
    };
    auto take_at = [&](const std::string& where, WatchDepth least) {
        auto [from, to] = by_path_.equal_range(where);
        take(from, to, least);
    };
    take_at(path, WatchDepth::entry);
    const std::string below = path == "/" ? path : path + "/";
    std::string behind = below;
    ++behind.back();  // the first text after everything that begins with `below`
    take(by_path_.upper_bound(below), by_path_.lower_bound(behind), WatchDepth::entry);
    WatchDepth least = WatchDepth::content;
    for (std::string up = path; up.size() > 1; least = WatchDepth::tree) {
        up.resize(std::max<std::size_t>(up.rfind('/'), 1));
        take_at(up, least);
        if (up == "/") break;
    }
    for (Entry* entry : touched) {
        wake(*entry);
        entry->find_real();
    }
}

void SimPathWatcher::overflow() {
    for (auto& [path, entry] : by_path_) {
        entry->pending.reset();
        wake(*entry);
    }
}

}  // namespace hansa
