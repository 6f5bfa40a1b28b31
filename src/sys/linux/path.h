// Absolute paths as the file system calls take them: checked, cut into parent and last component.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "sys/linux/fd.h"

namespace hansa {

// Checked, without trailing slashes (one would make the kernel follow a symbolic link).
// Code::invalid for what is not absolute or holds NUL.
Result<std::string> clean_path(const std::string& path);

// A directory, open, and a name in it. The name of the root is ".".
struct Place {
    Fd parent;
    std::string name;
    std::string path;  // the whole, for error texts

    // For *at() calls. Without a parent the name is a whole path.
    int at() const { return parent ? parent.get() : at_working_directory; }
    static const int at_working_directory;
};

enum class ParentUse {
    lookup,  // O_PATH: for *at() calls only; needs no right to read
    sync,    // may be given to fsync()
};

// Opens the parent of `path`, following symbolic links in it. Code::missing names the parent.
Result<Place> open_parent(const std::string& path, ParentUse use);

// The same below `directory`, which may be reached through symbolic links, and without following
// any below it. The directory itself has the name ".". Code::denied for what is not below it, and
// for kernels without openat2(2) (Linux 5.6), which alone can promise this.
Result<Place> open_parent_below(const std::string& directory, const std::string& path,
                                ParentUse use);

}  // namespace hansa
