#include "sys/linux/path.h"

#include <fcntl.h>

#include "base/text.h"
#include "sys/linux/failure.h"

namespace hansa {

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

}  // namespace hansa
