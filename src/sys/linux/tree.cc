#include "sys/linux/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/text.h"
#include "sys/linux/failure.h"

namespace hansa {

namespace {

struct CloseDirectory {
    void operator()(DIR* stream) const { ::closedir(stream); }
};
using DirectoryStream = std::unique_ptr<DIR, CloseDirectory>;

FileType type_of(const dirent& entry, int directory) {
    switch (entry.d_type) {
        case DT_REG: return FileType::regular;
        case DT_DIR: return FileType::directory;
        case DT_LNK: return FileType::symlink;
        case DT_UNKNOWN: break;
        default: return FileType::other;
    }
    struct stat status;
    if (::fstatat(directory, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return FileType::other;
    }
    if (S_ISREG(status.st_mode)) return FileType::regular;
    if (S_ISDIR(status.st_mode)) return FileType::directory;
    return S_ISLNK(status.st_mode) ? FileType::symlink : FileType::other;
}

// A directory in the middle of its removal.
struct Level {
    Fd fd;
    std::string name;  // in the level above
    std::vector<DirectoryEntry> left;
};

class Removal {
 public:
    explicit Removal(const Place& place) : place_(place) {}

    Result<void> run() {
        Result<void> entered = remove_entry(place_.parent.get(), place_.name);
        while (entered && !levels_.empty()) {
            Level& level = levels_.back();
            if (level.left.empty()) {
                entered = leave();
                continue;
            }
            std::string name = std::move(level.left.back().name);
            level.left.pop_back();
            entered = remove_entry(level.fd.get(), name);
        }
        return entered;
    }

 private:
    // Removes a file, or makes a directory the deepest level.
    Result<void> remove_entry(int parent, const std::string& name) {
        if (::unlinkat(parent, name.c_str(), 0) == 0) return {};
        int number = errno;
        if (number == ENOENT && !levels_.empty()) return {};  // somebody else was quicker
        if (number != EISDIR) return failure(path_of(name), number);
        Fd fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!fd) return failure(path_of(name));
        auto mount = mount_of(fd.get(), name);
        if (!mount) return std::move(mount).error();
        if (levels_.empty()) {
            auto above = mount_of(parent, name);
            if (!above) return std::move(above).error();
            mount_ = *above;
        }
        if (*mount != mount_) {
            return Error{Code::conflict, printable(path_of(name), 4096) +
                                             ": something is mounted there; unmount it first"};
        }
        Fd for_list(::openat(fd.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!for_list) return failure(path_of(name));
        auto entries = list_directory(std::move(for_list), path_of(name));
        if (!entries) return std::move(entries).error();
        levels_.push_back(Level{std::move(fd), name, *std::move(entries)});
        return {};
    }

    Result<void> leave() {
        std::string name = std::move(levels_.back().name);
        levels_.pop_back();
        int parent = levels_.empty() ? place_.parent.get() : levels_.back().fd.get();
        if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return {};
        return failure(path_of(name));
    }

    // Kernels before 5.8 do not tell mounts apart; then file systems must do.
    Result<std::uint64_t> mount_of(int fd, const std::string& name) {
        struct statx found;
        if (::statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &found) != 0) {
            return failure(path_of(name));
        }
        if ((found.stx_mask & STATX_MNT_ID) != 0) return std::uint64_t{found.stx_mnt_id};
        return makedev(found.stx_dev_major, found.stx_dev_minor);
    }

    std::string path_of(const std::string& name) const {
        if (levels_.empty()) return place_.path;
        std::string path = place_.path;
        for (std::size_t i = 1; i < levels_.size(); ++i) path += "/" + levels_[i].name;
        return path + "/" + name;
    }

    const Place& place_;
    std::vector<Level> levels_;
    std::uint64_t mount_ = 0;
};

}  // namespace

Result<std::vector<DirectoryEntry>> list_directory(Fd directory, const std::string& path) {
    DirectoryStream stream(::fdopendir(directory.get()));
    if (!stream) return failure(path);
    int fd = directory.release();  // now the stream's
    std::vector<DirectoryEntry> entries;
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(stream.get());
        if (entry == nullptr) break;
        std::string name = entry->d_name;
        if (name == "." || name == "..") continue;
        entries.push_back({std::move(name), type_of(*entry, fd)});
    }
    if (errno != 0) return failure(path);
    std::sort(entries.begin(), entries.end(),
              [](const DirectoryEntry& a, const DirectoryEntry& b) { return a.name < b.name; });
    return entries;
}

Result<void> remove_below(const Place& place) {
    return Removal(place).run();
}

}  // namespace hansa
