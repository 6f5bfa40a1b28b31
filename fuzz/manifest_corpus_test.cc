// The names in the corpus promise: ok-* is a graph, bad-* is refused with a place.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

#include "kinds/standard.h"
#include "manifest/parse.h"

namespace hansa {
namespace {

TEST(ManifestCorpus, keeps_what_its_names_promise) {
    const Catalog catalog = standard_kinds();
    const std::regex placed("^f:[0-9]+:[0-9]+: .+");
    for (const auto& entry : std::filesystem::directory_iterator(HANSA_CORPUS)) {
        const std::string name = entry.path().filename();
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        auto manifest = parse_manifest(text, "f", catalog);
        if (name.starts_with("ok-")) {
            EXPECT_TRUE(manifest) << name << ": " << manifest.error().text;
        } else if (name.starts_with("bad-")) {
            ASSERT_FALSE(manifest) << name;
            const std::string first =
                manifest.error().text.substr(0, manifest.error().text.find('\n'));
            EXPECT_TRUE(std::regex_match(first, placed)) << name << ": " << first;
        }
    }
}

}  // namespace
}  // namespace hansa
