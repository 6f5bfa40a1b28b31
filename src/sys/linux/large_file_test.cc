#include "sys/linux/large_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "sys/linux/files.h"
#include "sys/linux/test_loop.h"

namespace hansa {
namespace {

using Existing = LargeFileWriter::Existing;

class LargeFile : public testing::Test {
 protected:
    std::size_t entries() const { return files_.list(directory_.path())->size(); }
    std::string path() const { return directory_.path() + "/file"; }

    test::FreshDirectory directory_;
    LinuxFiles files_;
};

TEST_F(LargeFile, is_there_when_it_is_finished_and_only_its_owners) {
    auto writer = LargeFileWriter::begin(path());
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->add("hel"));
    ASSERT_TRUE(writer->add("lo"));
    EXPECT_FALSE(files_.status(path())) << "not before it is whole";
    ASSERT_TRUE(writer->finish(Existing::kept));
    EXPECT_EQ(*files_.read(path(), 100), "hello");
    EXPECT_EQ(files_.status(path())->mode, 0600U);
    EXPECT_EQ(entries(), 1U);
}

TEST_F(LargeFile, that_was_not_finished_leaves_nothing) {
    {
        auto writer = LargeFileWriter::begin(path());
        ASSERT_TRUE(writer);
        ASSERT_TRUE(writer->add("half"));
        EXPECT_EQ(entries(), 1U);
    }
    EXPECT_EQ(entries(), 0U);
}

TEST_F(LargeFile, replaces_another_one_only_when_told_so) {
    ASSERT_TRUE(files_.write(path(), "old", {}));
    {
        auto writer = LargeFileWriter::begin(path());
        ASSERT_TRUE(writer->add("new"));
        const auto refused = writer->finish(Existing::kept);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Code::conflict);
    }
    EXPECT_EQ(*files_.read(path(), 100), "old");
    EXPECT_EQ(entries(), 1U);
    auto writer = LargeFileWriter::begin(path());
    ASSERT_TRUE(writer->add("new"));
    ASSERT_TRUE(writer->finish(Existing::replaced));
    EXPECT_EQ(*files_.read(path(), 100), "new");
}

TEST_F(LargeFile, is_read_piece_by_piece_until_somebody_objects) {
    ASSERT_TRUE(files_.write(path(), std::string(1'000'000, 'x'), {}));
    std::size_t bytes = 0, pieces = 0;
    ASSERT_TRUE(read_in_pieces(path(), [&](std::string_view piece) -> Result<void> {
        bytes += piece.size();
        ++pieces;
        return {};
    }));
    EXPECT_EQ(bytes, 1'000'000U);
    EXPECT_GT(pieces, 1U);
    const auto ended = read_in_pieces(path(), [](std::string_view) -> Result<void> {
        return Error{Code::cancelled, "enough"};
    });
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().text, "enough");
    EXPECT_EQ(read_in_pieces(directory_.path(), [](auto) { return Result<void>{}; }).error().code,
              Code::invalid);
}

}  // namespace
}  // namespace hansa
