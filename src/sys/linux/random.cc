#include "sys/linux/random.h"

#include <sys/random.h>

#include <cerrno>

#include "base/check.h"

namespace hansa {

std::uint64_t LinuxRandom::next() {
    if (left_ == 0) {
        ssize_t got;
        do {
            got = ::getrandom(ahead_.data(), sizeof ahead_, 0);
        } while (got < 0 && errno == EINTR);
        check(got == sizeof ahead_, "the kernel gives up to 256 random bytes in one piece");
        left_ = ahead_.size();
    }
    return ahead_[--left_];
}

}  // namespace hansa
