// A file system in memory that obeys the rules of sys/files.h.
//
// Every change is told to listeners as a path, so that SimPathWatcher can wake watches. Faults may
// be set per path. Owned by SimMachine; loop thread and fibers only. The process it serves is
// root: modes and owners are kept, not enforced; a fault `denied` stands for lacking rights.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sys/files.h"

namespace hansa {

enum class FileFault {
    no_space,  // nothing can be made or written
    denied,    // neither read, written, made nor removed; only looked at
    io,        // nothing at all
};

class SimFiles final : public Files {
 public:
    // `path` was made, changed, replaced or removed; free of symbolic links except the last part.
    using Listener = std::function<void(const std::string& path)>;

    // Starts with an empty "/" and "/tmp". `clock` must outlive it and gives modification times.
    explicit SimFiles(const Clock& clock);
    ~SimFiles() override;

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

    // What other programs do to files, beyond the port.
    Result<void> overwrite(const std::string& path, std::string_view bytes);  // keeps the inode
    Result<void> make_pipe(const std::string& path);                          // FileType::other
    Result<void> make_directories(const std::string& path);  // parents too; no error if there

    // Operations on `path` and everything below fail from now on, until healed.
    void set_fault(const std::string& path, FileFault fault) { faults_[path] = fault; }
    void heal(const std::string& path) { faults_.erase(path); }
    void heal_all() { faults_.clear(); }

    // `path` with every symbolic link but the last part followed, as far as it exists.
    std::string real_path(const std::string& path) const;

    // Every path below `path` ("/": all) with its type, in byte order; regular files with their
    // bytes after a tab. Equal trees give equal lists.
    std::vector<std::string> tree(const std::string& path) const;

    void listen(Listener listener) { listeners_.push_back(std::move(listener)); }
    std::uint64_t writes() const { return writes_; }  // changes so far, of any sort

 private:
    struct Node;
    struct Place;
    enum class Need { look, read, space, change };
    enum class Last { keep, follow };

    Result<Place> locate(const std::string& path, Last last = Last::keep) const;
    Result<Place> existing(const std::string& path, Need need) const;
    Result<Place> spot(const std::string& path, Need need) const;
    Result<const Node*> regular(const std::string& path) const;
    Result<void> allowed(const std::string& path, Need need) const;
    std::unique_ptr<Node> make_node(FileType type);
    void put(const Place& place, std::unique_ptr<Node> node);
    std::unique_ptr<Node> take(const Place& place);
    void changed(const Place& place);

    const Clock& clock_;
    std::uint64_t inodes_made_ = 1;
    std::uint64_t writes_ = 0;
    std::unique_ptr<Node> root_;
    std::map<std::string, FileFault> faults_;
    std::vector<Listener> listeners_;
};

}  // namespace hansa
