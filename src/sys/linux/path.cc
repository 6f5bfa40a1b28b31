#include "sys/linux/path.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <cerrno>

#include "base/text.h"
#include "sys/held_path.h"
#include "sys/linux/failure.h"

namespace hansa {

namespace {

// The kernel gives up where a rename disturbs it; so many times in a row are no accident.
constexpr int disturbed_max = 128;

// glibc has no function for it.
int open_beneath(int directory, const char* path, int flags) {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    long opened = -1;
    for (int tries = 0; tries < disturbed_max; ++tries) {
        opened = ::syscall(SYS_openat2, directory, path, &how, sizeof how);
        if (opened >= 0 || (errno != EAGAIN && errno != EINTR)) break;
    }
    return static_cast<int>(opened);
}

std::string joined(const std::string& directory, const std::string& steps) {
    return directory == "/" ? "/" + steps : directory + "/" + steps;
}

Error not_beneath(const std::string& directory, const std::string& path, int number) {
    if (number == ELOOP || number == EXDEV) return link_below(directory, path);
    if (number == ENOSYS)
        return {Code::denied, printable(path, 4096) + ": cannot be kept below " +
                                  printable(directory, 4096) +
                                  ": this kernel has no openat2; Linux 5.6 or later is needed"};
    return failure(path, number);
}

}  // namespace

const int Place::at_working_directory = AT_FDCWD;

Result<std::string> clean_path(const std::string& path) {
    if (path.empty() || path[0] != '/') {
        return Error{Code::invalid, "\"" + printable(path, 4096) +
                                        "\": not an absolute path, it must begin with \"/\""};
    }
    if (path.find('\0') != std::string::npos) {
        return Error{Code::invalid, "\"" + printable(path, 4096) + "\": a path cannot hold NUL"};
    }
    std::size_t end = path.find_last_not_of('/');
    return end == std::string::npos ? std::string("/") : path.substr(0, end + 1);
}

Result<Place> open_parent(const std::string& path, ParentUse use) {
    auto clean = clean_path(path);
    if (!clean) return std::move(clean).error();
    Place place{Fd(), ".", *std::move(clean)};
    std::string parent = "/";
    if (place.path != "/") {
        std::size_t slash = place.path.rfind('/');
        place.name = place.path.substr(slash + 1);
        if (slash > 0) parent = place.path.substr(0, slash);
    }
    int flags = O_DIRECTORY | O_CLOEXEC | (use == ParentUse::lookup ? O_PATH : O_RDONLY);
    place.parent = Fd(::open(parent.c_str(), flags));
    if (!place.parent) {
        return failure(parent).during("the directory of " + printable(place.name, 4096));
    }
    return place;
}

Result<Place> open_parent_below(const std::string& directory, const std::string& path,
                                ParentUse use) {
    auto steps = steps_below(directory, path);
    if (!steps) return std::move(steps).error();
    Place place{Fd(), ".", steps->empty() ? directory : joined(directory, *steps)};
    std::string parent = ".";
    if (!steps->empty()) {
        const std::size_t slash = steps->rfind('/');
        place.name = steps->substr(slash == std::string::npos ? 0 : slash + 1);
        if (slash != std::string::npos) parent = steps->substr(0, slash);
    }
    const Fd top(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!top) return failure(directory).during("the directory of " + printable(*steps, 4096));
    const int flags = O_DIRECTORY | O_CLOEXEC | (use == ParentUse::lookup ? O_PATH : O_RDONLY);
    place.parent = Fd(open_beneath(top.get(), parent.c_str(), flags));
    if (!place.parent) return not_beneath(directory, place.path, errno);
    return place;
}

}  // namespace hansa
