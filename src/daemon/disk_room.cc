#include "daemon/disk_room.h"

#include <algorithm>

namespace hansa {

namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;
constexpr std::uint64_t low_max = 1024 * mib;
constexpr std::uint64_t ballast_max = 64 * mib;

std::string megabytes(std::uint64_t bytes) {
    return std::to_string(bytes / mib) + " MiB";
}

}  // namespace

std::uint64_t low_bound(std::uint64_t disk_size) {
    return std::min(disk_size / 10, low_max);
}

bool is_low(DiskSpace space, bool was_low) {
    const std::uint64_t bound = low_bound(space.size);
    return space.free < (was_low ? bound + bound / 2 : bound);
}

std::uint64_t ballast_size(std::uint64_t disk_size) {
    return std::min(disk_size / 50, ballast_max);
}

BallastDeed ballast_deed(DiskSpace space, bool is_there) {
    const std::uint64_t size = ballast_size(space.size);
    // etcd makes its next log of 64 MiB in advance, so it must go while there is room for one.
    if (is_there) return space.free < 2 * size ? BallastDeed::drop : BallastDeed::nothing;
    return is_low({space.size, space.free - std::min(space.free, 2 * size)}, true)
               ? BallastDeed::nothing
               : BallastDeed::make;
}

Result<RoomFound> DiskRoom::look(const RoomAsked& asked) const {
    for (const std::string& path : asked.old_ballast) (void)ports_.files.remove(path);
    auto space = ports_.measure(asked.directory);
    if (!space) return std::move(space).error();
    RoomFound found{*space, is_low(*space, asked.was_low)};
    if (!asked.ballast.empty()) found.says = tend(asked.ballast, *space);
    return found;
}

// Ballast that cannot be made is tried again at the next look; nothing depends on it.
std::string DiskRoom::tend(const std::string& ballast, DiskSpace space) const {
    const bool is_there = static_cast<bool>(ports_.files.status(ballast));
    switch (ballast_deed(space, is_there)) {
        case BallastDeed::nothing: break;
        case BallastDeed::make: (void)ports_.occupy(ballast, ballast_size(space.size)); break;
        case BallastDeed::drop:
            if (auto gone = ports_.files.remove(ballast); !gone) return gone.error().text;
            return "the disk of " + ballast + " is full but for " + megabytes(space.free) +
                   ": the ballast there is thrown away, so that the store can go on for a while; "
                   "make room";
    }
    return {};
}

std::string low_told(const RoomAsked& asked, DiskSpace space) {
    return "the disk of " + asked.directory + " is nearly full, " + megabytes(space.free) + " of " +
           megabytes(space.size) + " are free: this host " +
           (asked.ballast.empty() ? "is given no seat"
                                  : "gives its seat to another, if there is one") +
           "; make room, " + megabytes(low_bound(space.size) * 3 / 2) + " at least";
}

}  // namespace hansa
