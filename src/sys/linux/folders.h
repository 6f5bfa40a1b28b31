// The directories that paths lead through, each with its inotify watch: the map that turns events
// of the kernel into wake-ups of watches.
//
// A Folder stands for a directory by its path, whether it exists or not. Files are watched
// through the folder that they are in and found by name, so ten thousand files of one directory
// cost one watch of the kernel. A folder that is only passed through listens for its own move
// and for deletions in it alone; it listens for new names while one that leads on is missing or
// is a symbolic link, and for writes only when it holds something watched. So a busy directory
// high up costs little.
//
// Races: a name is looked up after the folder that it is in has been armed, and again when that
// had to be armed for more. Whatever happens later is an event.
//
// Several folders may be one directory (through symbolic links); the kernel knows it once, with
// the union of what they listen for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "sys/linux/fd.h"
#include "sys/loop.h"

namespace hansa {

struct Folder;

// One watch of one path. Shared, as a callback may drop it while it is being called.
struct PathWatch {
    Action changed;
    Folder* in = nullptr;       // where the path's last component is; null for the root
    std::string name;           // that component
    Folder* content = nullptr;  // the path itself as a folder, when its entries count too
    bool queued = false;
    bool dropped = false;
};

struct Entry {
    std::vector<PathWatch*> watches;
    Folder* folder = nullptr;
};

enum class FolderState {
    missing,
    watched,
    blind,  // is there, but we may not read it, so the kernel does not let us watch it
};

struct Folder {
    std::string path;
    std::string name;
    Folder* parent = nullptr;
    std::unordered_map<std::string, Entry> entries;
    std::vector<PathWatch*> content;

    FolderState state = FolderState::missing;
    bool link = false;     // the path's last component is a symbolic link
    bool limited = false;  // missing only because the kernel's limit is reached
    int descriptor = -1;   // of the kernel's watch
    std::uint32_t mask = 0;
    std::size_t entry_watches = 0;  // the watches in `entries`
    std::size_t fragile = 0;        // folders in `entries` that are missing or links
    bool counted_fragile = false;   // in the parent's number
};

class Folders {
 public:
    explicit Folders(Fd inotify) : inotify_(std::move(inotify)) {}

    int inotify() const { return inotify_.get(); }

    // Hooks the watch of `path` (clean, absolute) into the map and arms what that needs.
    Result<void> add(PathWatch& watch, const std::string& path, bool with_content);
    void remove(PathWatch& watch);

    // Folders known under this kernel watch; a copy, as handling an event changes the map.
    std::vector<Folder*> find(int descriptor) const;

    // The kernel has dropped its watch by itself.
    void forget(int descriptor);

    // Looks at the folder's path again and watches what is there now.
    void settle(Folder& folder);

    // The same for everything, after events were lost.
    void settle_all();

    // Whether the kernel's limit kept a folder from being watched, and another try at those.
    bool limit_hit() const { return limit_hit_; }
    void settle_limited();

    // Every watch in the folder and below it.
    void collect(const Folder& folder, std::vector<PathWatch*>& into) const;

 private:
    Folder& folder(const std::string& path);
    void release(Folder* folder);
    void refresh(Folder& folder);
    void refresh_children(Folder& folder);
    bool attach(Folder& folder);
    void detach(Folder& folder);
    int watch_directory(Folder& folder, std::uint32_t mask);
    void note_fragile(Folder& folder);
    void adjust(Folder& folder);

    Fd inotify_;
    bool limit_hit_ = false;
    std::unordered_map<std::string, std::unique_ptr<Folder>> folders_;
    std::unordered_map<int, std::vector<Folder*>> by_descriptor_;
};

}  // namespace hansa
