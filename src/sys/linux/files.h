// The file system of this machine behind the Files port.
//
// Stateless but for the counter that names temporary files (sys/temporary_name.h, made with
// O_EXCL); safe from any number of workers at once. What write(), make_…() and
// remove…() change are entries of one directory that was opened once, so that a parent that is
// swapped for a symbolic link meanwhile cannot lead a write elsewhere; rename() and
// set_attributes() look the whole path up, as the caller's check of it did. A view of within()
// opens that directory by openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS, and does
// everything relative to it.
#pragma once

#include <atomic>
#include <cstdint>

#include "sys/files.h"
#include "sys/linux/path.h"

struct stat;

namespace hansa {

class LinuxFiles final : public Files {
 public:
    LinuxFiles();

    Result<FileStatus> status(const std::string& path) const override;
    Result<std::string> read(const std::string& path, std::uint64_t limit) const override;
    Result<bool> holds(const std::string& path, std::string_view bytes) const override;
    Result<void> write(const std::string& path, std::string_view bytes,
                       const FileAttributes& attributes) override;
    Result<void> make_directory(const std::string& path, const FileAttributes& attributes) override;
    Result<void> make_symlink(const std::string& path, const std::string& target) override;
    Result<std::string> read_symlink(const std::string& path) const override;
    Result<void> set_attributes(const std::string& path, const FileAttributes& attributes) override;
    Result<std::vector<DirectoryEntry>> list(const std::string& path) const override;
    Result<void> remove(const std::string& path) override;
    Result<void> remove_tree(const std::string& path) override;
    Result<void> rename(const std::string& from, const std::string& to) override;
    Result<std::unique_ptr<Files>> within(const std::string& directory) override;

 private:
    explicit LinuxFiles(std::string held);

    bool held() const { return !held_.empty(); }
    Result<Place> look(const std::string& path) const;
    Result<Place> change(const std::string& path, ParentUse use) const;
    Result<void> ours(const Place& place, const struct stat& found,
                      const FileAttributes& wanted) const;
    std::string temporary_name();

    const std::string held_;  // the directory that must not be left; empty: none
    std::atomic<std::uint64_t> temporary_next_;
};

}  // namespace hansa
