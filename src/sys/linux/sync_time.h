// How long a disk takes to have something written for good. Any thread; blocks as long as the disk
// does.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace hansa {

// Of `count` records of 2 KiB, appended one after the other to a new file of that path, each with
// fdatasync(2). The file is gone afterwards, also where this fails, which it does on a full disk.
// One that is there already is one that an earlier call could not remove.
Result<std::vector<Duration>> time_syncs(const std::string& path, std::size_t count);

}  // namespace hansa
