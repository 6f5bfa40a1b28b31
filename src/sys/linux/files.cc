#include "sys/linux/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/text.h"
#include "sys/held_path.h"
#include "sys/linux/failure.h"
#include "sys/linux/path.h"
#include "sys/linux/tree.h"
#include "sys/temporary_name.h"

namespace hansa {

namespace {

constexpr FileMode permission_bits = 07777;
constexpr int temporary_tries = 100;
constexpr std::size_t chunk_bytes = 32 * 1024;  // on the stack of a worker

FileType type_of(mode_t mode) {
    if (S_ISREG(mode)) return FileType::regular;
    if (S_ISDIR(mode)) return FileType::directory;
    if (S_ISLNK(mode)) return FileType::symlink;
    return FileType::other;
}

const char* noun(mode_t mode) {
    if (S_ISREG(mode)) return "a regular file";
    if (S_ISDIR(mode)) return "a directory";
    if (S_ISLNK(mode)) return "a symbolic link";
    return "a device, socket or pipe";
}

Error wrong_type(const std::string& path, mode_t found, const char* wanted) {
    return Error{Code::invalid, printable(path, 4096) + ": is " + noun(found) + ", not " + wanted};
}

// A regular file, open for reading, and its status.
struct OpenFile {
    Fd fd;
    struct stat status;
};

Result<OpenFile> open_regular(const Place& place) {
    // O_NONBLOCK: opening a pipe without a writer must not hang a worker.
    constexpr int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    OpenFile file{Fd(::openat(place.at(), place.name.c_str(), flags)), {}};
    if (!file.fd) {
        int number = errno;
        struct stat status;
        bool there = ::fstatat(place.at(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
        if (there && !S_ISREG(status.st_mode)) {
            return wrong_type(place.path, status.st_mode, "a regular file");
        }
        return failure(place.path, number);
    }
    if (::fstat(file.fd.get(), &file.status) != 0) return failure(place.path);
    if (!S_ISREG(file.status.st_mode)) {
        return wrong_type(place.path, file.status.st_mode, "a regular file");
    }
    return file;
}

ssize_t read_some(int fd, char* buffer, std::size_t size) {
    ssize_t got;
    do {
        got = ::read(fd, buffer, size);
    } while (got < 0 && errno == EINTR);
    return got;
}

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        ssize_t done = ::write(fd, bytes.data(), bytes.size());
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(done));
    }
    return true;
}

constexpr uid_t same_user = static_cast<uid_t>(-1);
constexpr gid_t same_group = static_cast<gid_t>(-1);

// What keeps its permissions when it changes hands: a program must not begin to run as its new
// owner because nobody asked for a mode. For directories the bits mean something else.
FileMode kept_mode(const struct stat& now, bool moved) {
    const FileMode mode = now.st_mode & permission_bits;
    return moved && S_ISREG(now.st_mode) ? mode & ~set_id_bits : mode;
}

// Gives the open file or directory what is asked for, and the kernel no work for what it has.
// The owner comes first: changing it takes the set-user-id bits away.
bool apply_attributes(int fd, const FileAttributes& wanted) {
    if (!wanted.mode && !wanted.owner && !wanted.group) return true;
    struct stat now;
    if (::fstat(fd, &now) != 0) return false;
    uid_t owner = wanted.owner && *wanted.owner != now.st_uid ? *wanted.owner : same_user;
    gid_t group = wanted.group && *wanted.group != now.st_gid ? *wanted.group : same_group;
    bool moved = owner != same_user || group != same_group;
    if (moved && ::fchown(fd, owner, group) != 0) return false;
    FileMode mode = wanted.mode.value_or(kept_mode(now, moved));
    bool same = mode == (now.st_mode & permission_bits) && !moved;
    return same || ::fchmod(fd, mode) == 0;
}

// Removes the temporary file unless it was renamed into its place.
class Temporary {
 public:
    Temporary(const Place& place, std::string name) : place_(place), name_(std::move(name)) {}
    ~Temporary() {
        int before = errno;
        if (!name_.empty()) ::unlinkat(place_.parent.get(), name_.c_str(), 0);
        errno = before;
    }
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;

    bool put_in_place(bool synced) {
        int parent = place_.parent.get();
        if (::renameat(parent, name_.c_str(), parent, place_.name.c_str()) != 0) return false;
        name_.clear();
        return !synced || ::fsync(parent) == 0 ||
               errno == EINVAL;  // some network file systems cannot
    }

 private:
    const Place& place_;
    std::string name_;
};

}  // namespace

LinuxFiles::LinuxFiles() : LinuxFiles(std::string()) {}

LinuxFiles::LinuxFiles(std::string held) : held_(std::move(held)) {
    std::uint64_t seed = 0;
    // Without entropy names start at zero: O_EXCL keeps even those from colliding.
    if (::getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed) seed = 0;
    temporary_next_ = seed;
}

Result<std::unique_ptr<Files>> LinuxFiles::within(const std::string& directory) {
    auto top = held_directory(directory);
    if (!top) return std::move(top).error();
    if (held())
        if (auto below = steps_below(held_, *top); !below) return std::move(below).error();
    return std::unique_ptr<Files>(new LinuxFiles(*std::move(top)));
}

// Where something stands that is only looked at. Without a directory to be kept, the kernel may
// walk the whole path in the call itself.
Result<Place> LinuxFiles::look(const std::string& path) const {
    if (held()) return open_parent_below(held_, path, ParentUse::lookup);
    auto clean = clean_path(path);
    if (!clean) return std::move(clean).error();
    return Place{Fd(), *clean, *clean};
}

Result<Place> LinuxFiles::change(const std::string& path, ParentUse use) const {
    if (!held()) return open_parent(path, use);
    auto place = open_parent_below(held_, path, use);
    if (place && place->name == ".") return is_the_limit(held_);
    return place;
}

// Below a directory that is held, nothing of another user's changes hands unasked.
Result<void> LinuxFiles::ours(const Place& place, const struct stat& found,
                              const FileAttributes& wanted) const {
    if (!held() || found.st_uid == ::geteuid() || wanted.owner == found.st_uid) return {};
    return foreign_owner(place.path, std::to_string(found.st_uid));
}

std::string LinuxFiles::temporary_name() {
    return hansa::temporary_name(temporary_next_.fetch_add(1));
}

Result<FileStatus> LinuxFiles::status(const std::string& path) const {
    auto place = look(path);
    if (!place) return std::move(place).error();
    struct stat found;
    if (::fstatat(place->at(), place->name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
        return failure(place->path);
    }
    FileStatus status;
    status.type = type_of(found.st_mode);
    status.mode = found.st_mode & permission_bits;
    status.owner = found.st_uid;
    status.group = found.st_gid;
    status.size = static_cast<std::uint64_t>(found.st_size);
    status.inode = found.st_ino;
    status.device = found.st_dev;
    status.modified = WallTime(Seconds{found.st_mtim.tv_sec} + Nanoseconds{found.st_mtim.tv_nsec});
    return status;
}

Result<std::string> LinuxFiles::read(const std::string& path, std::uint64_t limit) const {
    auto place = look(path);
    if (!place) return std::move(place).error();
    auto file = open_regular(*place);
    if (!file) return std::move(file).error();
    std::string bytes;
    std::uint64_t expected = static_cast<std::uint64_t>(file->status.st_size);
    bytes.reserve(std::min(expected, limit));
    char chunk[chunk_bytes];
    while (bytes.size() <= limit) {
        ssize_t got = read_some(file->fd.get(), chunk, sizeof chunk);
        if (got < 0) return failure(path);
        if (got == 0) return bytes;
        bytes.append(chunk, static_cast<std::size_t>(got));
    }
    return Error{Code::invalid, printable(path, 4096) + ": larger than the limit of " +
                                    std::to_string(limit) + " bytes"};
}

Result<bool> LinuxFiles::holds(const std::string& path, std::string_view bytes) const {
    auto place = look(path);
    if (!place) return std::move(place).error();
    auto file = open_regular(*place);
    if (!file) return std::move(file).error();
    if (static_cast<std::uint64_t>(file->status.st_size) != bytes.size()) return false;
    char chunk[chunk_bytes];
    for (;;) {
        ssize_t got = read_some(file->fd.get(), chunk, sizeof chunk);
        if (got < 0) return failure(path);
        std::size_t count = static_cast<std::size_t>(got);
        if (count == 0) return bytes.empty();
        if (count > bytes.size() || std::memcmp(chunk, bytes.data(), count) != 0) return false;
        bytes.remove_prefix(count);
        if (bytes.empty()) return true;
    }
}

Result<void> LinuxFiles::write(const std::string& path, std::string_view bytes,
                               const FileAttributes& attributes) {
    auto place = change(path, ParentUse::sync);
    if (!place) return std::move(place).error();
    FileAttributes wanted = attributes;
    struct stat old;
    if (::fstatat(place->parent.get(), place->name.c_str(), &old, AT_SYMLINK_NOFOLLOW) == 0) {
        if (!S_ISREG(old.st_mode) && !S_ISLNK(old.st_mode)) {
            return wrong_type(place->path, old.st_mode, "a regular file");
        }
        if (auto may = ours(*place, old, attributes); !may) return may;
        if (S_ISREG(old.st_mode)) {
            wanted.owner = wanted.owner.value_or(old.st_uid);
            wanted.group = wanted.group.value_or(old.st_gid);
            const bool moves = *wanted.owner != old.st_uid || *wanted.group != old.st_gid;
            const FileMode handed_on = held() ? plain_bits : permission_bits;
            wanted.mode = wanted.mode.value_or(kept_mode(old, moves) & handed_on);
        }
    } else if (errno != ENOENT) {
        return failure(place->path);
    }
    // Closed to others until it has its attributes, unless the process's umask is to decide.
    mode_t mode = wanted.mode ? 0600 : 0666;
    Fd file;
    std::string name;
    for (int tries = 0; !file && tries < temporary_tries; ++tries) {
        name = temporary_name();
        file = Fd(::openat(place->parent.get(), name.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
        if (!file && errno != EEXIST) break;
    }
    if (!file) return failure(place->path);
    Temporary temporary(*place, std::move(name));
    if (!write_all(file.get(), bytes) || !apply_attributes(file.get(), wanted) ||
        (attributes.synced && ::fsync(file.get()) != 0)) {
        return failure(place->path);
    }
    file.close();  // before it has its name: whoever watches the name is called once, not twice
    if (!temporary.put_in_place(attributes.synced)) return failure(place->path);
    return {};
}

Result<void> LinuxFiles::make_directory(const std::string& path, const FileAttributes& attributes) {
    auto place = change(path, ParentUse::lookup);
    if (!place) return std::move(place).error();
    const char* name = place->name.c_str();
    int parent = place->parent.get();
    if (::mkdirat(parent, name, attributes.mode ? 0700 : 0777) != 0) return failure(place->path);
    Fd made(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (made && apply_attributes(made.get(), attributes)) return {};
    Error error = failure(place->path);
    ::unlinkat(parent, name, AT_REMOVEDIR);
    return error;
}

Result<void> LinuxFiles::make_symlink(const std::string& path, const std::string& target) {
    if (target.empty() || target.find('\0') != std::string::npos) {
        return Error{Code::invalid, printable(path, 4096) + ": the target of a symbolic link " +
                                        "cannot be empty or hold NUL"};
    }
    auto place = change(path, ParentUse::sync);
    if (!place) return std::move(place).error();
    struct stat old;
    if (held() &&
        ::fstatat(place->parent.get(), place->name.c_str(), &old, AT_SYMLINK_NOFOLLOW) == 0) {
        if (auto may = ours(*place, old, {}); !may) return may;
    }
    int failed = -1;
    std::string name;
    for (int tries = 0; failed != 0 && tries < temporary_tries; ++tries) {
        name = temporary_name();
        failed = ::symlinkat(target.c_str(), place->parent.get(), name.c_str());
        if (failed != 0 && errno != EEXIST) break;
    }
    if (failed != 0) return failure(place->path);
    Temporary temporary(*place, std::move(name));
    if (!temporary.put_in_place(true)) return failure(place->path);
    return {};
}

Result<std::string> LinuxFiles::read_symlink(const std::string& path) const {
    auto place = look(path);
    if (!place) return std::move(place).error();
    char target[PATH_MAX];
    ssize_t size = ::readlinkat(place->at(), place->name.c_str(), target, sizeof target);
    if (size >= 0) return std::string(target, static_cast<std::size_t>(size));
    if (errno != EINVAL) return failure(place->path);
    return Error{Code::invalid, printable(place->path, 4096) + ": not a symbolic link"};
}

Result<void> LinuxFiles::set_attributes(const std::string& path, const FileAttributes& attributes) {
    auto place = held() ? change(path, ParentUse::lookup) : look(path);
    if (!place) return std::move(place).error();
    // O_PATH needs no right to read and takes links as themselves.
    Fd fd(::openat(place->at(), place->name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat now;
    if (!fd || ::fstat(fd.get(), &now) != 0) return failure(place->path);
    if (S_ISLNK(now.st_mode) && attributes.mode) {
        return Error{Code::invalid,
                     printable(place->path, 4096) + ": a symbolic link has no mode of its own"};
    }
    if (auto may = ours(*place, now, attributes); !may) return may;
    if (held() && !S_ISDIR(now.st_mode) && now.st_nlink > 1) return more_names(place->path);
    uid_t owner = attributes.owner.value_or(now.st_uid);
    gid_t group = attributes.group.value_or(now.st_gid);
    bool moved = owner != now.st_uid || group != now.st_gid;
    if (moved && ::fchownat(fd.get(), "", owner, group, AT_EMPTY_PATH) != 0) {
        return failure(place->path);
    }
    FileMode before = now.st_mode & permission_bits;
    FileMode mode = attributes.mode.value_or(kept_mode(now, moved));
    if (S_ISLNK(now.st_mode) || (mode == before && !moved)) return {};
    std::string self = "/proc/self/fd/" + std::to_string(fd.get());
    if (::chmod(self.c_str(), mode) != 0) return failure(place->path);
    return {};
}

Result<std::vector<DirectoryEntry>> LinuxFiles::list(const std::string& path) const {
    auto place = look(path);
    if (!place) return std::move(place).error();
    const char* name = place->name.c_str();
    Fd fd(::openat(place->at(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) {
        int number = errno;
        struct stat status;
        bool there = ::fstatat(place->at(), name, &status, AT_SYMLINK_NOFOLLOW) == 0;
        if (there && !S_ISDIR(status.st_mode)) {
            return wrong_type(place->path, status.st_mode, "a directory");
        }
        return failure(place->path, number);
    }
    return list_directory(std::move(fd), place->path);
}

Result<void> LinuxFiles::remove(const std::string& path) {
    auto place = change(path, ParentUse::lookup);
    if (!place) return std::move(place).error();
    int parent = place->parent.get();
    if (::unlinkat(parent, place->name.c_str(), 0) == 0) return {};
    if (errno != EISDIR) return failure(place->path);
    if (::unlinkat(parent, place->name.c_str(), AT_REMOVEDIR) == 0) return {};
    return failure(place->path);
}

Result<void> LinuxFiles::remove_tree(const std::string& path) {
    auto place = change(path, ParentUse::lookup);
    if (!place) return std::move(place).error();
    return remove_below(*place);
}

Result<void> LinuxFiles::rename(const std::string& from, const std::string& to) {
    auto source = held() ? change(from, ParentUse::lookup) : look(from);
    if (!source) return std::move(source).error();
    auto target = held() ? change(to, ParentUse::lookup) : look(to);
    if (!target) return std::move(target).error();
    struct stat old;
    if (held() && ::fstatat(target->at(), target->name.c_str(), &old, AT_SYMLINK_NOFOLLOW) == 0) {
        if (auto may = ours(*target, old, {}); !may) return may;
    }
    if (::renameat(source->at(), source->name.c_str(), target->at(), target->name.c_str()) == 0) {
        return {};
    }
    return failure(source->path + " to " + target->path);
}

}  // namespace hansa
