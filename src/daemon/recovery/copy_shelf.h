// Where a host keeps its copies of the store:
//
//     PREFIX/HOST/copies/20261122T150113Z.db        when it was begun, UTC; as a snapshot_file.h
//     PREFIX/HOST/copies/20261122T150113Z.db.json   its note, without which it does not count
//
// Two are kept, and made only where the disk is far enough from full. Blocking: runs on workers,
// one at a time. Nobody else writes there but the agent whose home it is.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "daemon/recovery/snapshot_file.h"
#include "sys/linux/disk_space.h"

namespace hansa {

// The name of a copy that was begun then, and the way back. Whole seconds. Pure.
std::string copy_name(WallTime begun);
std::optional<WallTime> time_of_copy(std::string_view name);

struct KeptCopy {
    std::string path;
    WallTime begun;
    SnapshotNote note;
};

class CopyShelf {
 public:
    struct Ports {
        Files& files;
        std::function<Result<DiskSpace>(const std::string& path)> measure = disk_space;
    };
    // `home`: the host's directory, which is there.
    CopyShelf(Ports ports, const std::string& home)
        : ports_(std::move(ports)), directory_(home + "/copies") {}

    const std::string& directory() const { return directory_; }

    // Those that are whole as far as their notes tell, the newest first; none where there is no
    // directory.
    Result<std::vector<KeptCopy>> look() const;

    // A place for a new one of about that size: what older ones take is given away for it, but for
    // one. Code::unavailable when the disk would be low (daemon/disk_room.h) with it all the same.
    Result<std::string> make_room(std::uint64_t bytes, WallTime begun) const;

    // Ends a copy that stands whole in its place from then on; then tidies.
    Result<SnapshotNote> put_away(SnapshotWriter& writer, SnapshotNote note) const;

    // Removes all but the newest two, and what an interrupted one left behind.
    Result<void> tidy() const;

    // Removes all of them.
    Result<void> clear() const;

 private:
    Result<void> remove(const KeptCopy& copy) const;
    Result<void> keep_only(std::size_t count) const;

    Ports ports_;
    std::string directory_;
};

}  // namespace hansa
