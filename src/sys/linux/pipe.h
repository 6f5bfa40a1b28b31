// A pipe that carries a child's output to us.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "base/result.h"
#include "sys/linux/fd.h"

namespace hansa {

struct Pipe {
    Fd reader;  // non-blocking
    Fd writer;  // blocking: it becomes somebody's stdout
};

Result<Pipe> open_pipe();

// Reads what is there, at most about 256 KiB, so that a child which never stops printing does not
// keep us. False when the other end is closed, or broken.
bool drain(const Fd& reader, const std::function<void(std::string_view)>& take);

}  // namespace hansa
