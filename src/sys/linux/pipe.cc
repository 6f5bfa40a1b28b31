#include "sys/linux/pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "sys/linux/failure.h"

namespace hansa {

namespace {

constexpr std::size_t chunk_bytes = 16 * 1024;
constexpr int chunks_max = 16;

}  // namespace

Result<Pipe> open_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return failure("making a pipe");
    Pipe pipe{Fd(ends[0]), Fd(ends[1])};
    if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) return failure("making a pipe");
    return pipe;
}

bool drain(const Fd& reader, const std::function<void(std::string_view)>& take) {
    char chunk[chunk_bytes];
    for (int i = 0; i < chunks_max; ++i) {
        ssize_t got = ::read(reader.get(), chunk, sizeof chunk);
        if (got == 0) return false;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno == EAGAIN;
        take(std::string_view(chunk, static_cast<std::size_t>(got)));
    }
    return true;
}

}  // namespace hansa
