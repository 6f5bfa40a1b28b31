#include "sys/linux/clock.h"

#include <sys/timex.h>

#include <cstdlib>

#include "base/text.h"

namespace hansa {

namespace {

Milliseconds test_offset() {
    const char* text = std::getenv("HANSA_TEST_CLOCK_OFFSET");
    return Milliseconds{text ? to_int(text).value_or(0) : 0};
}

}  // namespace

WallTime LinuxClock::wall() const {
    static const Milliseconds offset = test_offset();
    return std::chrono::time_point_cast<Nanoseconds>(std::chrono::system_clock::now()) + offset;
}

bool clock_is_synchronised() {
    timex asked{};  // no mode: it only tells
    return ::adjtimex(&asked) != TIME_ERROR && (asked.status & STA_UNSYNC) == 0;
}

}  // namespace hansa
