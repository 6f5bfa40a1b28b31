// One child from start to end, in a worker.
#pragma once

#include <optional>

#include "base/result.h"
#include "sys/processes.h"

namespace hansa {

// As Processes::run().
Result<Exit> run_to_end(const Command& command, Task& task, std::optional<Instant> deadline);

}  // namespace hansa
