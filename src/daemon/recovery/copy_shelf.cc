#include "daemon/recovery/copy_shelf.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "daemon/disk_room.h"
#include "daemon/home.h"
#include "sys/temporary_name.h"

namespace hansa {
namespace {

constexpr std::size_t generations = 2;
constexpr std::string_view pattern = "00000000T000000Z.db";

bool has_pattern(std::string_view name) {
    return std::equal(
        name.begin(), name.end(), pattern.begin(), pattern.end(),
        [](char it, char wanted) { return wanted == '0' ? it >= '0' && it <= '9' : it == wanted; });
}

std::string megabytes(std::uint64_t bytes) {
    return std::to_string(bytes >> 20) + " MiB";
}

}  // namespace

// Of "2026-11-22T15:01:13.175Z".
std::string copy_name(WallTime begun) {
    std::string name;
    for (const char each : iso8601(begun).substr(0, 19))
        if (each != '-' && each != ':') name += each;
    return name + "Z.db";
}

std::optional<WallTime> time_of_copy(std::string_view name) {
    if (!has_pattern(name)) return std::nullopt;
    const auto number = [name](std::size_t at, std::size_t size) {
        return static_cast<int>(to_int(name.substr(at, size)).value_or(0));
    };
    const std::chrono::year_month_day day{std::chrono::year{number(0, 4)},
                                          std::chrono::month{static_cast<unsigned>(number(4, 2))},
                                          std::chrono::day{static_cast<unsigned>(number(6, 2))}};
    if (!day.ok()) return std::nullopt;
    return WallTime{std::chrono::sys_days{day}} + std::chrono::hours{number(9, 2)} +
           std::chrono::minutes{number(11, 2)} + Seconds{number(13, 2)};
}

Result<std::vector<KeptCopy>> CopyShelf::look() const {
    auto entries = ports_.files.list(directory_);
    if (!entries && entries.error().code == Code::missing) return std::vector<KeptCopy>{};
    if (!entries) return std::move(entries).error();
    std::vector<KeptCopy> kept;
    for (const DirectoryEntry& entry : *entries) {
        const auto begun = time_of_copy(entry.name);
        if (!begun || entry.type != FileType::regular) continue;
        const std::string path = directory_ + "/" + entry.name;
        const auto status = ports_.files.status(path);
        auto note = read_snapshot_note(ports_.files, path);
        if (status && note && status->size == note->bytes)
            kept.push_back({path, *begun, std::move(*note)});
    }
    std::reverse(kept.begin(), kept.end());  // they came by name
    return kept;
}

Result<std::string> CopyShelf::make_room(std::uint64_t bytes, WallTime begun) const {
    if (auto made = make_directories(ports_.files, directory_); !made)
        return std::move(made).error();
    if (auto tidied = tidy(); !tidied) return std::move(tidied).error();
    auto kept = look();
    if (!kept) return std::move(kept).error();
    for (;;) {
        const auto space = ports_.measure(directory_);
        if (!space) return space.error();
        const std::uint64_t left = space->free - std::min(space->free, bytes);
        if (!is_low({space->size, left}, false)) break;
        if (kept->size() < 2)
            return Error{Code::unavailable,
                         "the disk of " + directory_ + " is too full for one: " + megabytes(bytes) +
                             " of " + megabytes(space->free) + " free; make room, " +
                             megabytes(bytes + low_bound(space->size)) + " at least"};
        if (auto removed = remove(kept->back()); !removed) return std::move(removed).error();
        kept->pop_back();
    }
    return directory_ + "/" + copy_name(begun);
}

Result<SnapshotNote> CopyShelf::put_away(SnapshotWriter& writer, SnapshotNote note) const {
    auto whole = writer.finish(ports_.files, std::move(note), LargeFileWriter::Existing::replaced);
    if (!whole) return whole;
    if (auto tidied = tidy(); !tidied) return std::move(tidied).error();
    return whole;
}

Result<void> CopyShelf::remove(const KeptCopy& copy) const {
    for (const std::string& path : {copy.path, note_path(copy.path)})
        if (auto removed = ports_.files.remove(path);
            !removed && removed.error().code != Code::missing)
            return removed;
    return {};
}

Result<void> CopyShelf::keep_only(std::size_t count) const {
    auto kept = look();
    if (!kept) return std::move(kept).error();
    kept->resize(std::min(kept->size(), count));
    std::set<std::string> wanted;
    for (const KeptCopy& copy : *kept) wanted.insert({copy.path, note_path(copy.path)});
    auto entries = ports_.files.list(directory_);
    if (!entries && entries.error().code == Code::missing) return {};
    if (!entries) return std::move(entries).error();
    for (const DirectoryEntry& entry : *entries) {
        const std::string_view stem = std::string_view{entry.name}.substr(0, pattern.size());
        const std::string path = directory_ + "/" + entry.name;
        const bool is_ours = is_temporary_name(entry.name) || time_of_copy(stem);
        if (!is_ours || wanted.contains(path)) continue;
        if (auto removed = ports_.files.remove(path); !removed) return removed;
    }
    return {};
}

Result<void> CopyShelf::tidy() const {
    return keep_only(generations);
}

Result<void> CopyShelf::clear() const {
    return keep_only(0);
}

}  // namespace hansa
