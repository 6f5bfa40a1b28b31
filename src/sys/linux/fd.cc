#include "sys/linux/fd.h"

#include <cerrno>

namespace hansa {

void Fd::close() {
    if (number_ < 0) return;
    int before = errno;
    ::close(number_);
    number_ = -1;
    errno = before;
}

}  // namespace hansa
