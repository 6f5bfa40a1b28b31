// A copy of the whole store in one file, and the note beside it (docs/formats/snapshots.md).
//
//     FILE        0600; etcd's database and, behind it, its SHA-256: as etcdctl restores it
//     FILE.json   0600; of which cluster, from when, and how much
//
// The file is written first. A file without a note can be restored all the same. Blocking.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sys/files.h"
#include "sys/linux/large_file.h"
#include "trust/digest.h"

namespace hansa {

struct SnapshotNote {
    std::string cluster;                 // id of ours
    std::uint64_t epoch = 0;             // of that cluster
    std::string store;                   // etcd's own id of it, hexadecimal
    std::string member;                  // that it is a copy of, hexadecimal
    std::int64_t revision = 0;           // everything up to it is in the copy, perhaps more
    std::uint64_t term = 0;              // of that member
    std::uint64_t index = 0;             // what it had applied
    bool had_quorum = true;              // else others may have known more
    std::string time;                    // ISO 8601
    std::uint64_t bytes = 0;             // of the file
    std::string sha256;                  // of the file, hexadecimal, as sha256sum prints it
    std::vector<std::string> members{};  // their peer URLs, as listed then
    friend bool operator==(const SnapshotNote&, const SnapshotNote&) = default;
};
std::string encode(const SnapshotNote& note);
Result<SnapshotNote> decode_snapshot_note(std::string_view text);
std::string note_path(const std::string& path);

// What a file says about itself.
struct SnapshotSeal {
    std::uint64_t bytes = 0;
    std::string sha256;  // of the whole file, hexadecimal
};

// Follows the bytes of a file and tells whether it is whole: its last 32 bytes are the SHA-256 of
// those before, which are whole blocks of a database.
class SnapshotCheck {
 public:
    void add(std::string_view piece);
    // Code::invalid, with what is wrong with it.
    Result<SnapshotSeal> finish();

 private:
    std::uint64_t bytes_ = 0;
    std::string tail_;  // the last bytes, which may be the digest
    Sha256 database_;
    Sha256 whole_;
};

// Code::invalid when it was cut or changed.
Result<SnapshotSeal> check_snapshot(const std::string& path);

// The note beside a file. Code::missing when there is none.
Result<SnapshotNote> read_snapshot_note(const Files& files, const std::string& path);

class SnapshotWriter {
 public:
    static Result<SnapshotWriter> begin(const std::string& path);

    Result<void> add(std::string_view piece);

    // Checks it, puts it into its place and writes the note, completed by size and digest.
    Result<SnapshotNote> finish(Files& files, SnapshotNote note,
                                LargeFileWriter::Existing existing);

 private:
    SnapshotWriter(std::string path, LargeFileWriter file)
        : path_(std::move(path)), file_(std::move(file)) {}

    std::string path_;
    LargeFileWriter file_;
    SnapshotCheck check_;
};

}  // namespace hansa
