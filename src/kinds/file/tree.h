// A directory made equal to a source directory: what has to be done, and doing it.
//
// Used by workers; blocking. Symbolic links are copied as links and never followed; a mount point
// below the target is never emptied. Modes of files and directories follow the source.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kinds/file/entry.h"
#include "resource/resource.h"

namespace hansa::kinds {

// Source and target are entries: absolute, without a trailing slash.
struct TreeWish {
    std::string source;
    std::string target;
    WantedAttributes attributes;  // of everything below; its mode is not used
    bool force = false;
    bool purge = false;

    // Paths that belong to others, in byte order: purge leaves them, with everything below.
    std::span<const std::string> claimed = {};

    // Now: purge leaves temporary files that somebody may still be writing.
    WallTime now = {};
};

enum class TreeVerb { make_directory, write, link, set_attributes, remove };

struct TreeStep {
    TreeVerb verb;
    std::string below;  // relative to source and target
    FileAttributes attributes;
};

// In the order in which they can be taken. Does not include the target itself.
Result<std::vector<TreeStep>> plan_tree(const TreeWish& wish, const Files& files, Task& task);

Result<void> carry_out(const TreeWish& wish, const std::vector<TreeStep>& steps, Files& files,
                       Task& task);

// One change for each of the first steps, then one that counts the rest.
void describe(const std::vector<TreeStep>& steps, Difference& difference);

}  // namespace hansa::kinds
