// One snapshot, taken from a member into a file. Blocking; for commands.
#pragma once

#include <string>

#include "daemon/recovery/snapshot_file.h"
#include "daemon/recovery/store_desk.h"

namespace hansa {

struct SnapshotOrder {
    std::string endpoint;  // of the member
    std::string path;      // absolute
    LargeFileWriter::Existing existing = LargeFileWriter::Existing::kept;
    bool had_quorum = true;
    std::vector<std::string> members{};  // peer URLs, as listed
};

// The member is asked how it is first: everything that it knows then is in the file.
Result<SnapshotNote> take_snapshot(StoreDesk& desk, Electorate& electorate,
                                   const SnapshotOrder& order);

}  // namespace hansa
