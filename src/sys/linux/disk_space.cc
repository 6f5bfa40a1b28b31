#include "sys/linux/disk_space.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "sys/linux/failure.h"
#include "sys/linux/fd.h"

namespace hansa {

Result<DiskSpace> disk_space(const std::string& path) {
    struct statvfs found {};
    if (statvfs(path.c_str(), &found) != 0) return failure(path);
    const std::uint64_t block = found.f_frsize;
    return DiskSpace{found.f_blocks * block, found.f_bavail * block};
}

Result<void> occupy(const std::string& path, std::uint64_t bytes) {
    const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return failure(path);
    const int trouble = posix_fallocate(file.get(), 0, static_cast<off_t>(bytes));
    if (trouble == 0) return {};
    (void)unlink(path.c_str());
    return failure(path, trouble);
}

}  // namespace hansa
