// Runs a fuzz target over its corpus, so that what once failed never fails again unseen.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

TEST(Corpus, is_replayed_without_a_finding) {
    std::size_t replayed = 0;
    for (const auto& entry : std::filesystem::directory_iterator(HANSA_CORPUS)) {
        SCOPED_TRACE(entry.path());
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        const auto* start = reinterpret_cast<const std::uint8_t*>(bytes.data());
        EXPECT_EQ(LLVMFuzzerTestOneInput(start, bytes.size()), 0);
        ++replayed;
    }
    EXPECT_GE(replayed, 10U);
}

}  // namespace
