// Directories as lists, and the removal of whole trees.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "sys/files.h"
#include "sys/linux/fd.h"
#include "sys/linux/path.h"

namespace hansa {

// The entries of an open directory, in byte order of names. `path` is for error texts.
Result<std::vector<DirectoryEntry>> list_directory(Fd directory, const std::string& path);

// Removes `place` and everything below it. Never follows a symbolic link, and stops with
// Code::conflict at a directory where something is mounted; what came before is gone then.
// Uses a descriptor per level of depth, no recursion.
Result<void> remove_below(const Place& place);

}  // namespace hansa
