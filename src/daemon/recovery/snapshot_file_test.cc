#include "daemon/recovery/snapshot_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/text.h"
#include "sys/linux/test_loop.h"
#include "trust/keys.h"

namespace hansa {
namespace {

using Existing = LargeFileWriter::Existing;

// As etcd sends one: whole blocks, then their digest.
std::string snapshot_bytes(std::size_t blocks) {
    std::string database;
    for (std::size_t at = 0; at < blocks * 512; ++at) database += static_cast<char>(at % 251);
    return database + sha256(database);
}

SnapshotNote some_note() {
    SnapshotNote note;
    note.cluster = "c1";
    note.epoch = 2;
    note.store = "8f19";
    note.member = "ab2e";
    note.revision = 77;
    note.term = 3;
    note.index = 99;
    note.had_quorum = false;
    note.time = "2026-11-22T15:01:13.175Z";
    note.members = {"https://192.0.2.1:2380"};
    return note;
}

class SnapshotFile : public testing::Test {
 protected:
    std::string path() const { return directory_.path() + "/s.db"; }

    Result<SnapshotNote> write(const std::string& bytes, std::size_t piece) {
        auto writer = SnapshotWriter::begin(path());
        for (std::size_t at = 0; at < bytes.size(); at += piece)
            if (auto added = writer->add(std::string_view(bytes).substr(at, piece)); !added)
                return std::move(added).error();
        return writer->finish(files_, some_note(), Existing::kept);
    }

    test::FreshDirectory directory_;
    LinuxFiles files_;
};

TEST_F(SnapshotFile, is_whole_however_it_came_in_pieces) {
    const std::string bytes = snapshot_bytes(9);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{31}, std::size_t{4096}}) {
        SnapshotCheck check;
        for (std::size_t at = 0; at < bytes.size(); at += piece)
            check.add(std::string_view(bytes).substr(at, piece));
        const auto seal = check.finish();
        ASSERT_TRUE(seal) << piece;
        EXPECT_EQ(seal->bytes, bytes.size());
        EXPECT_EQ(seal->sha256, hex_encode(sha256(bytes))) << "as sha256sum prints it";
    }
}

TEST_F(SnapshotFile, is_written_with_a_note_that_says_what_is_in_it) {
    const std::string bytes = snapshot_bytes(3);
    const auto note = write(bytes, 100);
    ASSERT_TRUE(note) << note.error().text;
    EXPECT_EQ(note->bytes, bytes.size());
    const auto seal = check_snapshot(path());
    ASSERT_TRUE(seal);
    EXPECT_EQ(seal->sha256, note->sha256);
    const auto read = read_snapshot_note(files_, path());
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(*read, *note);
    EXPECT_EQ(read->epoch, 2U);
    EXPECT_FALSE(read->had_quorum);
    EXPECT_EQ(files_.status(note_path(path()))->mode, 0600U);
}

TEST_F(SnapshotFile, that_was_cut_or_changed_is_none) {
    const std::string good = snapshot_bytes(4);
    std::string changed = good;
    changed[700] ^= 1;
    std::string resealed = good;
    resealed.back() ^= 1;
    for (const std::string& bad :
         {changed, resealed, good.substr(0, good.size() - 1), good.substr(0, good.size() - 512),
          good.substr(0, 40), std::string{}}) {
        std::ofstream(path(), std::ios::binary) << bad;
        const auto checked = check_snapshot(path());
        ASSERT_FALSE(checked) << bad.size();
        EXPECT_EQ(checked.error().code, Code::invalid);
    }
}

TEST_F(SnapshotFile, that_arrives_damaged_is_not_put_into_its_place) {
    std::string bytes = snapshot_bytes(3);
    bytes[5] ^= 1;
    EXPECT_FALSE(write(bytes, 100));
    EXPECT_TRUE(files_.list(directory_.path())->empty());
}

TEST_F(SnapshotFile, notes_are_read_strictly) {
    const std::string text = encode(some_note());
    ASSERT_FALSE(decode_snapshot_note(text)) << "without a digest it is of no file";
    SnapshotNote whole = some_note();
    whole.sha256 = "00";
    const std::string good = encode(whole);
    ASSERT_TRUE(decode_snapshot_note(good));
    std::string more = good;
    more.insert(more.find("\"epoch\""), "\"extra\": 1, ");
    EXPECT_FALSE(decode_snapshot_note(more));
    std::string newer = good;
    newer.replace(newer.find("\"v\": 1"), 6, "\"v\": 2");
    EXPECT_FALSE(decode_snapshot_note(newer));
}

TEST_F(SnapshotFile, the_note_that_the_manual_shows_is_one) {
    const auto page = files_.read(HANSA_TREE "/docs/formats/snapshots.md", 1 << 20);
    ASSERT_TRUE(page);
    const std::size_t begin = page->rfind("```\n{") + 4;
    const std::string shown = page->substr(begin, page->rfind("```") - begin);
    const auto note = decode_snapshot_note(shown);
    ASSERT_TRUE(note) << note.error().text;
    EXPECT_EQ(note->revision, 3);
    EXPECT_EQ(encode(*note), shown);
}

}  // namespace
}  // namespace hansa
