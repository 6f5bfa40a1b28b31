// What a graph says about a file, brought into one form before anybody acts on it.
#pragma once

#include <optional>
#include <string>

#include "kinds/findings.h"
#include "resource/reach.h"
#include "resource/schema.h"

namespace hansa::kinds {

enum class FileAim {
    attributes,  // whatever exists gets its owner, group and mode; nothing is made
    absent,
    regular,
    directory,
    symlink,
};

// After complete(): `path` is normal and whole (a trailing slash says directory), `dirname` and
// `basename` are empty.
struct FileParams {
    std::string path;
    std::string dirname;
    std::string basename;
    std::string state;
    std::optional<std::string> content;
    std::string source;
    std::string owner;
    std::string group;
    std::string mode;
    bool recurse = false;
    bool force = false;
    bool purge = false;
    std::optional<std::string> symlink;

    // No field, but the declaration's: the directory that must not be left.
    std::string beneath;

    bool is_directory() const { return path.ends_with('/'); }
    FileAim aim() const;
};

const Schema<FileParams>& file_schema();

// Everything that they could do to the machine. REQUIRES: complete.
Reach reach_of_file(const FileParams& params);

void complete_file(FileParams& params, Findings& findings);

// The path that `params` and the resource's name mean: dirname and basename replace their parts.
Result<std::string> resolved_path(const FileParams& params, const std::string& name);

}  // namespace hansa::kinds
