#include "sys/linux/large_file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <vector>

#include "base/text.h"
#include "sys/linux/failure.h"
#include "sys/temporary_name.h"

namespace hansa {

namespace {

constexpr std::size_t piece_bytes = 256 * 1024;
constexpr int temporary_tries = 100;

std::string directory_of(const std::string& path) {
    const std::size_t end = path.rfind('/');
    return end == 0 ? "/" : path.substr(0, end);
}

Result<void> sync_directory(const std::string& path) {
    const Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory || ::fsync(directory.get()) != 0) return failure(path);
    return {};
}

}  // namespace

Result<LargeFileWriter> LargeFileWriter::begin(const std::string& path) {
    for (int left = temporary_tries; left > 0; --left) {
        std::uint64_t number = 0;
        if (::getrandom(&number, sizeof number, 0) != sizeof number) return failure(path);
        std::string temporary = directory_of(path) + "/" + temporary_name(number);
        Fd file(
            ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (file) return LargeFileWriter(path, std::move(temporary), std::move(file));
        if (errno != EEXIST) return failure(path);
    }
    return Error{Code::unavailable, path + ": no free temporary name beside it"};
}

LargeFileWriter::~LargeFileWriter() {
    if (file_) ::unlink(temporary_.c_str());
}

Result<void> LargeFileWriter::add(std::string_view piece) {
    while (!piece.empty()) {
        const auto written = ::write(file_.get(), piece.data(), piece.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return failure(path_);
        piece.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<void> LargeFileWriter::finish(Existing existing) {
    if (::fsync(file_.get()) != 0) return failure(path_);
    if (existing == Existing::replaced) {
        if (std::rename(temporary_.c_str(), path_.c_str()) != 0) return failure(path_);
    } else {
        // A second name, which is refused where one stands already; rename() would not refuse.
        if (::link(temporary_.c_str(), path_.c_str()) != 0) return failure(path_);
        ::unlink(temporary_.c_str());
    }
    file_.close();
    return sync_directory(directory_of(path_));
}

Result<void> read_in_pieces(const std::string& path,
                            const std::function<Result<void>(std::string_view)>& take) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) return failure(path);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return failure(path);
    if (!S_ISREG(status.st_mode)) return Error{Code::invalid, printable(path) + ": is no file"};
    std::vector<char> buffer(piece_bytes);
    for (;;) {
        const auto got = ::read(file.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failure(path);
        if (got == 0) return {};
        auto taken = take(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
        if (!taken) return taken;
    }
}

}  // namespace hansa
