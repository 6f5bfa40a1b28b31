// Wake-ups about paths from one inotify instance.
//
// Lives on the loop thread. What one reading of the kernel's queue brings becomes at most one
// call per watch. Not seen, because the kernel does not tell: writes through a memory mapping or
// through another hard link, changes on the far side of a network file system, and moves above
// the target of a symbolic link in the middle of a path.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "sys/linux/folders.h"
#include "sys/linux/loop.h"
#include "sys/watch.h"

namespace hansa {

class LinuxPathWatcher final : public PathWatcher {
 public:
    // Code::unavailable when the user has no inotify instance left.
    static Result<std::unique_ptr<LinuxPathWatcher>> make(LinuxLoop& loop);

    // Handles given out must be destroyed before.
    ~LinuxPathWatcher() override;

    [[nodiscard]] Result<Held> watch(const std::string& path, WatchDepth depth,
                                     Action changed) override;

 private:
    class Handle;
    LinuxPathWatcher(LinuxLoop& loop, Fd inotify);

    void read_events();
    void take_event(int descriptor, std::uint32_t mask, const char* name);
    void take_name(Folder& folder, std::uint32_t mask, const char* name);
    void wake(PathWatch* watch);
    void wake_below(const Folder& folder);
    void wake_all();
    void call();
    void try_limited_later();
    void drop(const std::shared_ptr<PathWatch>& watch);

    LinuxLoop& loop_;
    Folders folders_;
    std::unordered_map<PathWatch*, std::shared_ptr<PathWatch>> watches_;
    std::vector<std::shared_ptr<PathWatch>> queue_;
    Held readable_;
    Held limit_timer_;
};

}  // namespace hansa
