// Where a command works on data of a store that nobody serves: beside the store's own, in a
// directory that goes with the command.
//
//     STORE/new-UUID     a store being made, of a snapshot or a survivor
//     STORE/look-UUID    a copy of a member's data, looked into
//
// A command that was killed leaves its own behind. Whoever holds the lock that such commands hold
// (the machine's store's, or of a host's own seat the agent's) knows that none of them is in use.
#pragma once

#include <string>

#include "base/random.h"
#include "base/result.h"
#include "sys/files.h"

namespace hansa {

enum class BenchUse { make, look };
std::string bench_place(const std::string& store, BenchUse use, Random& random);

// How many were left behind and are gone now. REQUIRES: that lock.
Result<std::size_t> clear_benches(Files& files, const std::string& store);

}  // namespace hansa
