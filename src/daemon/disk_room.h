// Room on the disk that a member of the store writes to: whether there is enough for a seat, and
// ballast that is thrown away when there is almost none.
//
//     PREFIX/cluster/ballast          beside the data of the machine's own store
//     PREFIX/HOST/store/ballast       beside that of a member of this host
//
// A disk is low when less than a tenth of it or 1 GiB, whichever is less, is free, and until half
// as much again is. A host whose disk is low gives its seat up to another, or is given none.
// Ballast really takes its place (64 MiB, or a fiftieth of a small disk), and only where the disk
// is far from low with it. When the disk is as good as full the ballast goes, which gives etcd room
// for its next log and the agent for what it writes, while the seat is on its way.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sys/files.h"
#include "sys/linux/disk_space.h"

namespace hansa {

std::uint64_t low_bound(std::uint64_t disk_size);
bool is_low(DiskSpace space, bool was_low);

std::uint64_t ballast_size(std::uint64_t disk_size);
enum class BallastDeed { nothing, make, drop };
BallastDeed ballast_deed(DiskSpace space, bool is_there);

// What is to be looked at.
struct RoomAsked {
    std::string directory;  // on the disk in question
    std::string ballast{};  // where it stands; empty: no member of the store is here
    std::vector<std::string> old_ballast{};  // of a member that is not here any more
    bool was_low = false;
    friend bool operator==(const RoomAsked&, const RoomAsked&) = default;
};

struct RoomFound {
    DiskSpace space;
    bool is_low = false;
    std::string says{};  // for people, about ballast; empty: nothing
};

// Side effects, by the ports that it is given. Blocking; runs on a worker, one at a time.
class DiskRoom {
 public:
    struct Ports {
        Files& files;
        std::function<Result<DiskSpace>(const std::string& path)> measure = disk_space;
        std::function<Result<void>(const std::string& path, std::uint64_t bytes)> occupy =
            hansa::occupy;
    };
    explicit DiskRoom(Ports ports) : ports_(std::move(ports)) {}

    Result<RoomFound> look(const RoomAsked& asked) const;

 private:
    std::string tend(const std::string& ballast, DiskSpace space) const;

    Ports ports_;
};

// For people, when a disk becomes low.
std::string low_told(const RoomAsked& asked, DiskSpace space);

}  // namespace hansa
