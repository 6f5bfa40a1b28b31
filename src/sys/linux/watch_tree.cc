#include "sys/linux/watch_tree.h"

#include <set>
namespace hansa {

Result<std::unique_ptr<TreeWatch>> TreeWatch::make(PathWatcher& watcher, const std::string& path,
                                                   Action changed) {
    std::unique_ptr<TreeWatch> tree(new TreeWatch(watcher, std::move(changed)));
    if (auto added = tree->add(path); !added) return std::move(added).error();
    return tree;
}

Result<void> TreeWatch::add(const std::string& path) {
    auto held = watcher_.watch(path, WatchDepth::content, [this, path] {
        // A limit or a right that stops us below leaves that part unwatched; the caller looks
        // at everything again anyway, now and at the next change that is seen.
        static_cast<void>(look_into(path));
        Action changed = changed_;  // it may end this watch
        changed();
    });
    if (!held) return std::move(held).error();
    directories_.insert_or_assign(path, *std::move(held));
    return look_into(path);
}

// Adds the directories that are in it now and forgets those that are not. Goes no deeper where
// one is known already: that has a watch of its own.
Result<void> TreeWatch::look_into(const std::string& path) {
    auto entries = files_.list(path);
    std::set<std::string> there;
    if (entries) {
        for (const DirectoryEntry& entry : *entries) {
            if (entry.type != FileType::directory) continue;
            there.insert((path == "/" ? "" : path) + "/" + entry.name);
        }
    }
    std::string prefix = path == "/" ? "/" : path + "/";
    auto known = directories_.upper_bound(prefix);
    while (known != directories_.end() && known->first.starts_with(prefix)) {
        std::string child = known->first.substr(0, known->first.find('/', prefix.size()));
        if (there.contains(child)) {
            known = directories_.lower_bound(child + "0");  // '0' follows '/'
        } else {
            forget_below(child);
            known = directories_.upper_bound(prefix);
        }
    }
    for (const std::string& child : there) {
        if (directories_.contains(child)) continue;
        if (auto added = add(child); !added) return added;
    }
    return {};
}

void TreeWatch::forget_below(const std::string& path) {
    directories_.erase(path);
    auto first = directories_.lower_bound(path + "/");
    auto last = directories_.lower_bound(path + "0");
    directories_.erase(first, last);
}

}  // namespace hansa
