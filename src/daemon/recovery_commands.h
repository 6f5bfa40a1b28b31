// What `hansa cluster snapshot`, `restore` and `recover` do. Blocking; no agent is needed.
//
// docs/manual/recovery.md says when to use which.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace hansa {

struct HostChoice {
    std::string prefix;
    std::string host;  // empty: the only one there
};

struct SnapshotShown {
    std::string path;
    std::string cluster;
    std::uint64_t epoch = 0;
    std::int64_t revision = 0;
    std::uint64_t bytes = 0;
    std::string sha256;
    std::string from;                  // endpoint
    std::vector<std::string> members;  // "NAME URL", as that member lists them
    bool had_quorum = true;            // else others may know more
};

// Copies the whole store into `file`, from a member that a majority stands behind; where there is
// none, from the one that knows most. Code::conflict when `file` is there and `force` is not given.
enum class Overwrite { no, yes };
Result<SnapshotShown> snapshot_store(const HostChoice& choice, const std::string& file,
                                     Overwrite overwrite);

}  // namespace hansa
