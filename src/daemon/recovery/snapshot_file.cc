#include "daemon/recovery/snapshot_file.h"

#include "base/text.h"
#include "data/json.h"
#include "data/members.h"
#include "data/texts.h"

namespace hansa {

namespace {

constexpr std::uint64_t block_bytes = 512;  // a database is a whole number of them
constexpr std::size_t note_bytes_max = 64 << 10;
constexpr std::int64_t format_version = 1;

Error damaged(const std::string& what) {
    return Error{Code::invalid, what};
}

}  // namespace

std::string note_path(const std::string& path) {
    return path + ".json";
}

std::string encode(const SnapshotNote& note) {
    Value::Map map;
    const auto put = [&map](const char* name, Value value) {
        map.push_back({name, {}, std::move(value)});
    };
    const auto number = [](std::uint64_t it) {
        return Value::of_int(static_cast<std::int64_t>(it));
    };
    put("v", Value::of_int(format_version));
    put("cluster", Value::of_text(note.cluster));
    put("epoch", number(note.epoch));
    put("store", Value::of_text(note.store));
    put("member", Value::of_text(note.member));
    put("revision", Value::of_int(note.revision));
    put("term", number(note.term));
    put("index", number(note.index));
    put("had_quorum", Value::of_bool(note.had_quorum));
    put("time", Value::of_text(note.time));
    put("bytes", number(note.bytes));
    put("sha256", Value::of_text(note.sha256));
    put("members", list_of_texts(note.members));
    return to_json(Value::of_map(std::move(map)), JsonStyle::pretty) + "\n";
}

Result<SnapshotNote> decode_snapshot_note(std::string_view text) {
    auto parsed = parse_json(text, {note_bytes_max, 4});
    if (!parsed) return std::move(parsed).error();
    Members members(*parsed, "note");
    const auto number = [&members](const char* name) {
        return static_cast<std::uint64_t>(members.number(name, {}));
    };
    members.number("v", {format_version, format_version});
    SnapshotNote note;
    note.cluster = members.text("cluster");
    note.epoch = number("epoch");
    note.store = members.text("store");
    note.member = members.text("member");
    note.revision = members.number("revision", {});
    note.term = number("term");
    note.index = number("index");
    note.had_quorum = members.flag("had_quorum", false);
    note.time = members.text("time");
    note.bytes = number("bytes");
    note.sha256 = members.text("sha256");
    note.members = members.texts("members");
    if (auto finished = members.finish(); !finished) return std::move(finished).error();
    return note;
}

void SnapshotCheck::add(std::string_view piece) {
    bytes_ += piece.size();
    whole_.add(piece);
    tail_ += piece;
    if (tail_.size() <= Sha256::bytes) return;
    const std::size_t before = tail_.size() - Sha256::bytes;
    database_.add(std::string_view(tail_).substr(0, before));
    tail_.erase(0, before);
}

Result<SnapshotSeal> SnapshotCheck::finish() {
    if (bytes_ < block_bytes + Sha256::bytes || (bytes_ - Sha256::bytes) % block_bytes != 0)
        return damaged("it is cut: " + std::to_string(bytes_) +
                       " bytes are no whole database with a SHA-256 behind it");
    if (database_.finish() != tail_)
        return damaged("its SHA-256 differs from the one at its end: it was changed or damaged");
    return SnapshotSeal{bytes_, hex_encode(whole_.finish())};
}

Result<SnapshotSeal> check_snapshot(const std::string& path) {
    SnapshotCheck check;
    auto read = read_in_pieces(path, [&check](std::string_view piece) -> Result<void> {
        check.add(piece);
        return {};
    });
    if (!read) return std::move(read).error();
    auto seal = check.finish();
    if (!seal) return std::move(seal).error().during("snapshot " + printable(path));
    return seal;
}

Result<SnapshotNote> read_snapshot_note(const Files& files, const std::string& path) {
    auto text = files.read(note_path(path), note_bytes_max);
    if (!text) return std::move(text).error();
    auto note = decode_snapshot_note(*text);
    if (!note) return std::move(note).error().during(printable(note_path(path)));
    return note;
}

Result<SnapshotWriter> SnapshotWriter::begin(const std::string& path) {
    auto file = LargeFileWriter::begin(path);
    if (!file) return std::move(file).error();
    return SnapshotWriter(path, *std::move(file));
}

Result<void> SnapshotWriter::add(std::string_view piece) {
    check_.add(piece);
    return file_.add(piece);
}

Result<SnapshotNote> SnapshotWriter::finish(Files& files, SnapshotNote note,
                                            LargeFileWriter::Existing existing) {
    auto seal = check_.finish();
    if (!seal) return std::move(seal).error().during("the snapshot");
    note.bytes = seal->bytes;
    note.sha256 = seal->sha256;
    if (auto put = file_.finish(existing); !put) return std::move(put).error();
    FileAttributes attributes;
    attributes.mode = 0600;
    if (auto put = files.write(note_path(path_), encode(note), attributes); !put)
        return std::move(put).error();
    return note;
}

}  // namespace hansa
