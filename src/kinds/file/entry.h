// One entry of the file system as it shall be, compared with the one that is there.
//
// Used by workers; blocking. Nothing here follows a symbolic link in the last step of a path.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kinds/file/mode.h"
#include "kinds/file/params.h"
#include "resource/resource.h"

namespace hansa::kinds {

// Owner, group and mode as asked for, with names looked up. Absent: left alone.
struct WantedAttributes {
    std::optional<Mode> mode;
    std::optional<UserId> owner;
    std::optional<GroupId> group;
    bool empty() const { return !mode && !owner && !group; }
};

// Code::missing, with the name, when there is no such user or group.
Result<WantedAttributes> look_up(const FileParams& params, const Accounts& accounts);

// Appends what `found` has otherwise.
void compare_attributes(const WantedAttributes& wanted, const FileStatus& found,
                        const Accounts& accounts, Difference& difference);

// As the port takes it. `found` empty: a new entry, for which symbolic modes start from 0644
// (directories 0755), whatever umask the agent runs with.
FileAttributes attributes_for(const WantedAttributes& wanted, FileType type,
                              const std::optional<FileStatus>& found);

// The status, or nothing where there is nothing.
Result<std::optional<FileStatus>> look_at(const Files& files, const std::string& path);

// "a file", "a directory", "a symbolic link", "neither file, directory nor link".
std::string_view name_of_type(FileType type);

// The error of finding one type where another should be and force is not set.
Error in_the_way(const std::string& path, FileType found, FileType wanted);

// The same for the path of a resource. A directory there is more often a slash forgotten than
// something to be removed.
Error not_as_written(const std::string& path, FileType found, FileType wanted);

// Makes room where a directory stands and something else shall be, or the other way round, and
// where there is a pipe, socket or device. What the port replaces in one step is left for it.
Result<void> make_way(Files& files, const std::string& path, FileType wanted);

// Says what is missing when an entry cannot be made because its directory is not there.
Error explain_missing_parent(Error error, const Files& files, const std::string& path);

// A short text in quotes, or "2048 bytes".
std::string summary(std::string_view bytes);

// True when the difference has a change of that field.
bool concerns(const Difference& difference, std::string_view field);

}  // namespace hansa::kinds
