#include "sys/linux/rotated_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "sys/linux/failure.h"

namespace hansa {

Result<RotatedFile> RotatedFile::open(std::string path, std::uint64_t bytes_max) {
    RotatedFile file(std::move(path), bytes_max);
    if (auto opened = file.reopen(); !opened) return std::move(opened).error();
    return file;
}

Result<void> RotatedFile::reopen() {
    file_ = Fd(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file_) return failure(path_);
    struct stat status {};
    if (::fstat(file_.get(), &status) != 0) return failure(path_);
    bytes_ = static_cast<std::uint64_t>(status.st_size);
    return {};
}

Result<void> RotatedFile::add(std::string_view line) {
    // Where the full file cannot be put aside it grows: better too long than silent.
    const bool full = file_ && bytes_ > 0 && bytes_ + line.size() + 1 > bytes_max_;
    const bool aside = full && std::rename(path_.c_str(), (path_ + ".1").c_str()) == 0;
    const bool gone = full && !aside && errno == ENOENT;
    if (!file_ || aside || gone)
        if (auto opened = reopen(); !opened) return opened;
    std::string text(line);
    text += '\n';
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto written = ::write(file_.get(), rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return failure(path_);
        rest.remove_prefix(static_cast<std::size_t>(written));
        bytes_ += static_cast<std::uint64_t>(written);
    }
    return {};
}

}  // namespace hansa
