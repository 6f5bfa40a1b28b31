// The file system as a port. Blocking: called from workers, or at start and stop.
//
// No call follows a symbolic link in the last component except where it says so. Paths are
// absolute bytes without NUL; anything else is refused with Code::invalid.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace hansa {

using UserId = std::uint32_t;
using GroupId = std::uint32_t;
using FileMode = std::uint32_t;  // the twelve permission bits

constexpr FileMode plain_bits = 0777;    // without set-id and sticky
constexpr FileMode set_id_bits = 06000;  // a program runs as its file's owner or group

enum class FileType { regular, directory, symlink, other };

struct FileStatus {
    FileType type = FileType::regular;
    FileMode mode = 0;
    UserId owner = 0;
    GroupId group = 0;
    std::uint64_t size = 0;
    std::uint64_t inode = 0;
    std::uint64_t device = 0;
    WallTime modified;
};

// What a new version of a file shall have; what is absent is taken from the file that is
// replaced, and for a new file from the process (umask applied to 0666 or 0777).
struct FileAttributes {
    std::optional<FileMode> mode{};
    std::optional<UserId> owner{};
    std::optional<GroupId> group{};
    // Of write(): on the disk before it returns. Else a crash of the machine soon after may leave
    // an empty file, or one of zero bytes: for what is made anew where it is found so.
    bool synced = true;
};

struct DirectoryEntry {
    std::string name;
    FileType type = FileType::regular;
};

class Files {
 public:
    virtual ~Files() = default;

    // Code::missing when there is nothing (nor a parent).
    virtual Result<FileStatus> status(const std::string& path) const = 0;

    // A regular file's bytes. Code::missing; Code::invalid for another type or above `limit`.
    virtual Result<std::string> read(const std::string& path, std::uint64_t limit) const = 0;

    // True when the regular file at `path` holds exactly these bytes. Cheaper than read().
    virtual Result<bool> holds(const std::string& path, std::string_view bytes) const = 0;

    // Replaces or makes a file in one step: a temporary file beside it, written, given attributes,
    // synced, renamed over `path`, directory synced. On failure nothing is left behind, and only if
    // the last step failed is the old file gone. Code::invalid over what is neither file nor link.
    virtual Result<void> write(const std::string& path, std::string_view bytes,
                               const FileAttributes& attributes) = 0;

    virtual Result<void> make_directory(const std::string& path,
                                        const FileAttributes& attributes) = 0;

    // Makes or replaces a symbolic link in one step.
    virtual Result<void> make_symlink(const std::string& path, const std::string& target) = 0;
    virtual Result<std::string> read_symlink(const std::string& path) const = 0;

    // Changes what is given on what exists; never on the target of a symbolic link. Here and in
    // write(), a regular file that gets another owner or group loses its set-id bits unless a
    // mode is given.
    virtual Result<void> set_attributes(const std::string& path,
                                        const FileAttributes& attributes) = 0;

    // In byte order of names, without "." and "..".
    virtual Result<std::vector<DirectoryEntry>> list(const std::string& path) const = 0;

    // One file, link or empty directory. Code::missing when there is nothing; Code::conflict for
    // a directory that is not empty.
    virtual Result<void> remove(const std::string& path) = 0;

    // The same with everything below, never crossing a symbolic link or a mount point.
    virtual Result<void> remove_tree(const std::string& path) = 0;

    virtual Result<void> rename(const std::string& from, const std::string& to) = 0;

    // A view that cannot leave `directory`, for what others may say. Paths stay absolute and lie
    // below it: everything else is Code::denied, as are changes of the directory itself. It may be
    // reached through symbolic links; below it none is followed, whoever puts one there and when:
    // Code::denied again. Nothing that belongs to another user is replaced or changed unless the
    // attributes ask for that user; what is replaced gives on no set-id and sticky bits; what has
    // several names keeps its attributes. This object must outlive the view.
    virtual Result<std::unique_ptr<Files>> within(const std::string& directory) = 0;
};

}  // namespace hansa
