#include "sys/linux/clock.h"

#include <sys/timex.h>

namespace hansa {

bool clock_is_synchronised() {
    timex asked{};  // no mode: it only tells
    return ::adjtimex(&asked) != TIME_ERROR && (asked.status & STA_UNSYNC) == 0;
}

}  // namespace hansa
