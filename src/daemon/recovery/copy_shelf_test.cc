#include "daemon/recovery/copy_shelf.h"

#include <gtest/gtest.h>

#include <fstream>

#include "sys/linux/test_loop.h"
#include "trust/keys.h"

namespace hansa {
namespace {

constexpr std::uint64_t gib = std::uint64_t{1} << 30;
constexpr WallTime day{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};

std::string image() {
    const std::string database(1024, 'x');
    return database + sha256(database);
}

class Shelf : public testing::Test {
 protected:
    // As the keeper does it.
    void put(std::chrono::hours at) {
        auto path = shelf_.make_room(1056, day + at);
        ASSERT_TRUE(path) << path.error().text;
        auto writer = SnapshotWriter::begin(*path);
        ASSERT_TRUE(writer);
        ASSERT_TRUE(writer->add(image()));
        SnapshotNote note;
        note.cluster = "c1";
        note.store = "8f19";
        note.member = "ab2e";
        note.revision = at.count();
        note.time = iso8601(day + at);
        ASSERT_TRUE(shelf_.put_away(*writer, note));
    }
    std::vector<std::string> names() const {
        std::vector<std::string> names;
        const auto entries = files_.list(shelf_.directory());
        for (const DirectoryEntry& entry : *entries) names.push_back(entry.name);
        return names;
    }
    void drop_file(const std::string& name) {
        std::ofstream(shelf_.directory() + "/" + name, std::ios::binary) << "some";
    }
    std::vector<KeptCopy> kept() const { return *shelf_.look(); }
    std::vector<std::int64_t> revisions() const {
        std::vector<std::int64_t> found;
        for (const KeptCopy& copy : kept()) found.push_back(copy.note.revision);
        return found;
    }

    test::FreshDirectory home_;
    LinuxFiles files_;
    Result<DiskSpace> space_ = DiskSpace{100 * gib, 50 * gib};
    CopyShelf shelf_{{files_, [this](const std::string&) { return space_; }}, home_.path()};
};

TEST(NamesOfCopies, say_when_they_were_begun) {
    const WallTime begun = day + std::chrono::hours{15} + Seconds{73};
    EXPECT_EQ(copy_name(begun + Milliseconds{175}), "20261122T150113Z.db");
    EXPECT_EQ(time_of_copy("20261122T150113Z.db"), begun);
    for (const char* other : {"", "x", "20261122T150113Z.db.json", "20261322T150113Z.db",
                              "2026112aT150113Z.db", "20261122T150113Z.dbx"})
        EXPECT_FALSE(time_of_copy(other)) << other;
}

TEST_F(Shelf, keeps_two_generations_private_and_whole) {
    EXPECT_TRUE(shelf_.look()->empty()) << "there is no directory yet";
    for (const int hour : {1, 2, 3}) put(std::chrono::hours{hour});
    EXPECT_EQ(revisions(), (std::vector<std::int64_t>{3, 2}));
    EXPECT_EQ(names(),
              (std::vector<std::string>{"20261122T020000Z.db", "20261122T020000Z.db.json",
                                        "20261122T030000Z.db", "20261122T030000Z.db.json"}));
    for (const KeptCopy& copy : kept()) {
        EXPECT_TRUE(check_snapshot(copy.path));
        EXPECT_EQ(files_.status(copy.path)->mode, 0600U);
    }
    EXPECT_EQ(files_.status(shelf_.directory())->mode, 0700U);
}

TEST_F(Shelf, does_not_count_what_is_not_whole_and_sweeps_it_away) {
    for (const int hour : {1, 2}) put(std::chrono::hours{hour});
    drop_file("20261122T040000Z.db");      // without a note
    drop_file("20261122T020000Z.db");      // of another size than its note says
    drop_file(".hansa-0123456789abcdef");  // of an interrupted one
    drop_file("notes.txt");                // of somebody else
    EXPECT_EQ(revisions(), (std::vector<std::int64_t>{1}));
    ASSERT_TRUE(shelf_.tidy());
    EXPECT_EQ(names(), (std::vector<std::string>{"20261122T010000Z.db", "20261122T010000Z.db.json",
                                                 "notes.txt"}));
}

TEST_F(Shelf, is_never_what_fills_the_disk) {
    put(std::chrono::hours{1});
    space_ = DiskSpace{100 * gib, gib + 4096};
    EXPECT_TRUE(shelf_.make_room(4096, day));
    const auto refused = shelf_.make_room(4097, day);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::unavailable);
    EXPECT_EQ(revisions().size(), 1U) << "the last one stays";
    space_ = DiskSpace{gib, gib / 10 + 4095};
    EXPECT_FALSE(shelf_.make_room(4096, day)) << "a tenth of a small disk";
    space_ = Error{Code::unavailable, "no disk"};
    EXPECT_FALSE(shelf_.make_room(1, day));
}

TEST_F(Shelf, gives_the_older_one_away_for_a_new_one) {
    for (const int hour : {1, 2}) put(std::chrono::hours{hour});
    space_ = DiskSpace{100 * gib, gib / 2};
    EXPECT_FALSE(shelf_.make_room(4096, day));
    EXPECT_EQ(revisions(), (std::vector<std::int64_t>{2}));
}

TEST_F(Shelf, can_be_cleared) {
    EXPECT_TRUE(shelf_.clear()) << "of nothing";
    put(std::chrono::hours{1});
    ASSERT_TRUE(shelf_.clear());
    EXPECT_TRUE(names().empty());
}

}  // namespace
}  // namespace hansa
