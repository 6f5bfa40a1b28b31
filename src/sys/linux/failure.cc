#include "sys/linux/failure.h"

#include <cctype>
#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace hansa {

namespace {

std::string description(int error_number) {
    const char* known = strerrordesc_np(error_number);
    if (known == nullptr) return "error " + std::to_string(error_number);
    std::string text = known;
    // "No such file" becomes lower case, "RPC version wrong" does not.
    if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0) {
        text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    }
    return text;
}

}  // namespace

Code code_of(int error_number) {
    switch (error_number) {
        case ENOENT:
        case ENOTDIR:
        case ESRCH: return Code::missing;
        case EACCES:
        case EPERM:
        case EROFS: return Code::denied;
        case EINVAL:
        case EISDIR:
        case ELOOP:
        case ENAMETOOLONG:
        case ENOEXEC:
        case E2BIG:
        case EFBIG: return Code::invalid;
        case EEXIST:
        case ENOTEMPTY:
        case EBUSY:
        case ETXTBSY:
        case EXDEV:
        case EADDRINUSE: return Code::conflict;
        case ECANCELED: return Code::cancelled;
        case EBADF:
        case EFAULT: return Code::internal;
        default: return Code::unavailable;  // no space, no memory, no descriptors, I/O, time-outs
    }
}

Error failure(std::string_view where, int error_number) {
    return Error{code_of(error_number), printable(where, 4096) + ": " + description(error_number)};
}

Error failure(std::string_view where) {
    return failure(where, errno);
}

}  // namespace hansa
