// Wake-ups about the paths of SimFiles.
//
// A wake-up comes a little after the change, by seed; changes within that pause come as one call,
// as inotify coalesces. Watches go by name, as the real side's climbing amounts to: what has been
// moved away wakes nobody. Owned by SimMachine; destroyed before files and loop.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/random.h"
#include "sys/sim/files.h"
#include "sys/sim/loop.h"
#include "sys/watch.h"

namespace hansa {

struct SimWatchOptions {
    Duration delay_max = std::chrono::microseconds{100};
    std::size_t watches_max = 1'000'000;  // like fs.inotify.max_user_watches
};

class SimPathWatcher final : public PathWatcher {
 public:
    SimPathWatcher(SimLoop& loop, SimFiles& files, std::uint64_t seed,
                   SimWatchOptions options = {});

    [[nodiscard]] Result<Held> watch(const std::string& path, WatchDepth depth,
                                     Action changed) override;

    // The kernel's queue runs over: what was under way is lost, every watch is called.
    void overflow();

    std::size_t size() const { return size_; }

 private:
    class Entry;
    using Index = std::multimap<std::string, Entry*>;

    void changed(const std::string& path);
    void wake(Entry& entry);

    SimLoop& loop_;
    SimFiles& files_;
    SeededRandom random_;
    SimWatchOptions options_;
    std::size_t size_ = 0;
    Index by_path_;  // under the path as given and, where links lead elsewhere, the real one too
};

}  // namespace hansa
