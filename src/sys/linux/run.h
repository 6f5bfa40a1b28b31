// One child from start to end, in a worker.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "sys/processes.h"

namespace hansa {

// As Processes::run(). `descriptors`: as in SpawnTerms.
Result<Exit> run_to_end(const Command& command, Task& task, std::optional<Instant> deadline,
                        std::optional<std::uint64_t> descriptors);

}  // namespace hansa
