// How much room is left on a disk. Any thread; may block as long as the disk does.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace hansa {

// Bytes that this user may still write below `path`, which must be there.
Result<std::uint64_t> free_bytes(const std::string& path);

}  // namespace hansa
