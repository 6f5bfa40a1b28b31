// How much room there is on a disk, and room that is kept. Any thread; may block as long as the
// disk does.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace hansa {

struct DiskSpace {
    std::uint64_t size = 0;  // bytes, of the whole disk
    std::uint64_t free = 0;  // of them, what this user may still write
};

// Of the disk that `path` is on, which must be there.
Result<DiskSpace> disk_space(const std::string& path);

// Makes a new file of that size, all of whose blocks are its own from now on; mode 0600. On failure
// there is none. Code::conflict when something is there already.
Result<void> occupy(const std::string& path, std::uint64_t bytes);

}  // namespace hansa
