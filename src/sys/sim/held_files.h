// SimFiles as seen by somebody who must not leave a directory (Files::within).
//
// Fibers do not change in the middle of a call, so what is checked before a call still holds in it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sys/sim/files.h"

namespace hansa {

class SimHeldFiles final : public Files {
 public:
    // `files` must outlive the view.
    static Result<std::unique_ptr<Files>> make(SimFiles& files, const std::string& directory);

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
    SimHeldFiles(SimFiles& files, std::string directory)
        : files_(files), directory_(std::move(directory)) {}

    enum class Use { look, change };
    Result<std::string> admitted(const std::string& path, Use use) const;
    Result<void> ours(const std::string& path, const FileAttributes& wanted) const;

    SimFiles& files_;
    const std::string directory_;
};

}  // namespace hansa
