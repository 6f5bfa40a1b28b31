#include "sys/linux/sync_time.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "sys/linux/clock.h"
#include "sys/linux/failure.h"
#include "sys/linux/fd.h"

namespace hansa {

namespace {

using RecordBytes = std::array<char, 2048>;

// Its room is taken before, as etcd does for its log: what is timed is the writing, not the search
// for a place.
Result<std::vector<Duration>> time_records(const Fd& file, const std::string& path,
                                           std::size_t count) {
    const RecordBytes record{};
    const auto bytes = static_cast<off_t>(record.size() * count);
    if (const int trouble = posix_fallocate(file.get(), 0, bytes); trouble != 0)
        return failure(path, trouble);
    std::vector<Duration> times;
    for (std::size_t i = 0; i < count; ++i) {
        const Instant begin = LinuxClock().now();
        const auto at = static_cast<off_t>(i * record.size());
        if (pwrite(file.get(), record.data(), record.size(), at) != ssize_t{record.size()} ||
            fdatasync(file.get()) != 0)
            return failure(path);
        times.push_back(LinuxClock().now() - begin);
    }
    return times;
}

}  // namespace

// With a name until the end: some filesystems do not write what nobody could find again.
Result<std::vector<Duration>> time_syncs(const std::string& path, std::size_t count) {
    (void)unlink(path.c_str());
    const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return failure(path);
    auto times = time_records(file, path, count);
    (void)unlink(path.c_str());
    return times;
}

}  // namespace hansa
