#include "sys/linux/disk_space.h"

#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>

namespace hansa {

Result<std::uint64_t> free_bytes(const std::string& path) {
    struct statvfs found {};
    if (statvfs(path.c_str(), &found) != 0)
        return Error{Code::unavailable, path + ": " + std::strerror(errno)};
    return static_cast<std::uint64_t>(found.f_bavail) * found.f_frsize;
}

}  // namespace hansa
