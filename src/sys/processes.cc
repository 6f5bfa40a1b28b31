#include "sys/processes.h"

#include <cstring>

namespace hansa {

std::string Exit::describe() const {
    if (timed_out) return "timed out after " + readable(ran);
    if (cancelled) return "cancelled after " + readable(ran);
    if (status) return "exit status " + std::to_string(*status);
    const char* name = sigabbrev_np(signal);
    std::string text = "killed by signal " + std::to_string(signal);
    return name == nullptr ? text : text + " (SIG" + name + ")";
}

}  // namespace hansa
