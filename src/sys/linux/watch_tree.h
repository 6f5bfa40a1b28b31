// A watch of everything below a directory, made of one content watch per directory in it.
//
// Symbolic links are not followed. A directory that appears is watched before it is listed, so
// nothing below it is missed.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "sys/linux/files.h"
#include "sys/watch.h"

namespace hansa {

class TreeWatch final : public Subscription {
 public:
    // `watcher` must outlive the watch.
    static Result<std::unique_ptr<TreeWatch>> make(PathWatcher& watcher, const std::string& path,
                                                   Action changed);

 private:
    TreeWatch(PathWatcher& watcher, Action changed)
        : watcher_(watcher), changed_(std::move(changed)) {}

    Result<void> add(const std::string& path);
    Result<void> look_into(const std::string& path);
    void forget_below(const std::string& path);

    PathWatcher& watcher_;
    LinuxFiles files_;
    Action changed_;
    std::map<std::string, Held> directories_;  // in byte order: "a" < "a/b"
};

}  // namespace hansa
