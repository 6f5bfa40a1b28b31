#include "sys/linux/folders.h"

#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"

namespace hansa {

namespace {

constexpr std::uint32_t always =
    IN_DELETE_SELF | IN_MOVE_SELF | IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR | IN_EXCL_UNLINK;
constexpr std::uint32_t new_names = IN_CREATE | IN_MOVED_TO;
constexpr std::uint32_t changes = IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB;

std::uint32_t mask_for(const Folder& folder) {
    bool holds_watched = folder.entry_watches > 0 || !folder.content.empty();
    std::uint32_t mask = always;
    if (holds_watched || folder.fragile > 0) mask |= new_names;
    if (holds_watched) mask |= changes;
    return mask;
}

struct Split {
    std::string parent;
    std::string name;
};

Split split_path(const std::string& path) {
    std::size_t slash = path.rfind('/');
    return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

void erase_one(std::vector<PathWatch*>& watches, PathWatch* watch) {
    auto found = std::find(watches.begin(), watches.end(), watch);
    if (found == watches.end()) return;
    *found = watches.back();
    watches.pop_back();
}

}  // namespace

Result<void> Folders::add(PathWatch& watch, const std::string& path, bool with_content) {
    if (path != "/") {
        Split split = split_path(path);
        watch.in = &folder(split.parent);
        watch.name = std::move(split.name);
        watch.in->entries[watch.name].watches.push_back(&watch);
        ++watch.in->entry_watches;
        adjust(*watch.in);
    }
    if (with_content || path == "/") {
        watch.content = &folder(path);
        watch.content->content.push_back(&watch);
        adjust(*watch.content);
    }
    for (Folder* step = watch.content != nullptr ? watch.content : watch.in; step != nullptr;
         step = step->parent) {
        if (!step->limited) continue;
        remove(watch);
        return Error{Code::unavailable,
                     "watching " + printable(path, 4096) +
                         ": the kernel's limit of watches is reached; raise it with "
                         "\"sysctl fs.inotify.max_user_watches=…\""};
    }
    if (watch.in != nullptr && watch.in->state == FolderState::blind) {
        std::string parent = printable(watch.in->path, 4096);
        remove(watch);
        return Error{Code::denied,
                     "watching " + printable(path, 4096) + ": no right to read " + parent};
    }
    return {};
}

void Folders::remove(PathWatch& watch) {
    if (Folder* content = std::exchange(watch.content, nullptr)) {
        erase_one(content->content, &watch);
        release(content);
    }
    if (Folder* in = std::exchange(watch.in, nullptr)) {
        Entry& entry = in->entries[watch.name];
        erase_one(entry.watches, &watch);
        --in->entry_watches;
        if (entry.watches.empty() && entry.folder == nullptr) in->entries.erase(watch.name);
        release(in);
    }
}

std::vector<Folder*> Folders::find(int descriptor) const {
    auto found = by_descriptor_.find(descriptor);
    return found == by_descriptor_.end() ? std::vector<Folder*>{} : found->second;
}

void Folders::forget(int descriptor) {
    auto found = by_descriptor_.find(descriptor);
    if (found == by_descriptor_.end()) return;
    for (Folder* folder : found->second) folder->descriptor = -1;
    by_descriptor_.erase(found);
}

void Folders::settle(Folder& folder) {
    refresh(folder);
    Folder* parent = folder.parent;
    if (parent == nullptr || parent->state != FolderState::watched) return;
    if (parent->mask == mask_for(*parent)) return;
    bool listens_for_more = (mask_for(*parent) & ~parent->mask) != 0;
    if (attach(*parent)) {
        refresh_children(*parent);
    } else if (listens_for_more && folder.state == FolderState::missing) {
        refresh(folder);  // it may have come before the parent listened for it
    }
}

void Folders::settle_all() {
    auto root = folders_.find("/");
    if (root == folders_.end()) return;
    attach(*root->second);
    refresh_children(*root->second);
}

void Folders::settle_limited() {
    std::vector<Folder*> limited;
    for (auto& [path, folder] : folders_) {
        if (folder->limited) limited.push_back(folder.get());
    }
    limit_hit_ = false;
    for (Folder* folder : limited) settle(*folder);
}

void Folders::collect(const Folder& folder, std::vector<PathWatch*>& into) const {
    into.insert(into.end(), folder.content.begin(), folder.content.end());
    for (const auto& [name, entry] : folder.entries) {
        into.insert(into.end(), entry.watches.begin(), entry.watches.end());
        if (entry.folder != nullptr) collect(*entry.folder, into);
    }
}

Folder& Folders::folder(const std::string& path) {
    auto found = folders_.find(path);
    if (found != folders_.end()) return *found->second;
    auto made = std::make_unique<Folder>();
    Folder& folder_made = *made;
    made->path = path;
    if (path != "/") {
        Split split = split_path(path);
        made->parent = &folder(split.parent);
        made->name = std::move(split.name);
        made->parent->entries[made->name].folder = made.get();
    }
    folders_.emplace(path, std::move(made));
    settle(folder_made);
    return folder_made;
}

// Forgets the folder if nothing needs it any more, and then those above it.
void Folders::release(Folder* folder) {
    while (folder != nullptr && folder->entries.empty() && folder->content.empty()) {
        detach(*folder);
        Folder* parent = folder->parent;
        if (parent != nullptr) {
            if (folder->counted_fragile) --parent->fragile;
            Entry& entry = parent->entries[folder->name];
            entry.folder = nullptr;
            if (entry.watches.empty()) parent->entries.erase(folder->name);
        }
        folders_.erase(std::string(folder->path));
        folder = parent;
    }
    if (folder != nullptr) adjust(*folder);
}

// Brings what the kernel watches in line with what the folder now needs.
void Folders::adjust(Folder& folder) {
    if (folder.state != FolderState::watched || folder.mask == mask_for(folder)) return;
    refresh(folder);
}

void Folders::refresh(Folder& folder) {
    if (attach(folder)) refresh_children(folder);
}

void Folders::refresh_children(Folder& folder) {
    for (auto& [name, entry] : folder.entries) {
        if (entry.folder == nullptr) continue;
        attach(*entry.folder);
        refresh_children(*entry.folder);
    }
    if (folder.mask == mask_for(folder) || folder.state != FolderState::watched) return;
    // It shall listen for names that are missing; they may have come meanwhile.
    if (attach(folder)) return refresh_children(folder);
    for (auto& [name, entry] : folder.entries) {
        if (entry.folder == nullptr || entry.folder->state != FolderState::missing) continue;
        if (attach(*entry.folder)) refresh_children(*entry.folder);
    }
}

// Watches what is at the folder's path now. True when that is another directory than before.
bool Folders::attach(Folder& folder) {
    FolderState before = folder.state;
    std::uint32_t mask = mask_for(folder);
    int descriptor = watch_directory(folder, mask);
    bool moved = descriptor != folder.descriptor || before != folder.state;
    if (descriptor != folder.descriptor) {
        detach(folder);
        folder.descriptor = descriptor;
        if (descriptor >= 0) {
            std::vector<Folder*>& shared = by_descriptor_[descriptor];
            shared.push_back(&folder);
            std::uint32_t all = 0;
            for (const Folder* other : shared) all |= mask_for(*other);
            if (shared.size() > 1) {
                ::inotify_add_watch(inotify_.get(), folder.path.c_str(), all | IN_MASK_ADD);
            }
        }
    }
    folder.mask = mask;
    note_fragile(folder);
    return moved;
}

void Folders::detach(Folder& folder) {
    if (folder.descriptor < 0) return;
    auto found = by_descriptor_.find(folder.descriptor);
    if (found != by_descriptor_.end()) {
        std::erase(found->second, &folder);
        if (found->second.empty()) {
            ::inotify_rm_watch(inotify_.get(), folder.descriptor);
            by_descriptor_.erase(found);
        }
    }
    folder.descriptor = -1;
}

// The kernel's descriptor, or -1; sets the folder's state.
int Folders::watch_directory(Folder& folder, std::uint32_t mask) {
    folder.state = FolderState::missing;
    folder.limited = false;
    folder.link = false;
    if (folder.parent != nullptr && folder.parent->state == FolderState::missing) return -1;
    struct stat found;
    if (::lstat(folder.path.c_str(), &found) != 0) return -1;
    folder.link = S_ISLNK(found.st_mode);
    if (!folder.link && !S_ISDIR(found.st_mode)) return -1;
    // Alone, a folder may also ask for less than before; otherwise others would lose events.
    auto shared = by_descriptor_.find(folder.descriptor);
    bool alone = shared != by_descriptor_.end() && shared->second.size() == 1;
    if (!alone) mask |= IN_MASK_ADD;
    int descriptor = ::inotify_add_watch(inotify_.get(), folder.path.c_str(), mask);
    if (descriptor >= 0) {
        folder.state = FolderState::watched;
    } else if (errno == EACCES) {
        folder.state = FolderState::blind;
    } else {
        folder.limited = errno == ENOSPC || errno == ENOMEM;
        limit_hit_ = limit_hit_ || folder.limited;
    }
    return descriptor;
}

void Folders::note_fragile(Folder& folder) {
    bool fragile = folder.state == FolderState::missing || folder.link;
    if (folder.parent == nullptr || fragile == folder.counted_fragile) return;
    folder.counted_fragile = fragile;
    folder.parent->fragile += fragile ? 1 : static_cast<std::size_t>(-1);
}

}  // namespace hansa
