#include "kinds/manual.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "kinds/standard.h"

namespace hansa {
namespace {

TEST(KindsManual, has_a_row_for_every_field) {
    const Catalog catalog = standard_kinds();
    const std::string page = kinds_manual(catalog);
    for (const std::string& name : catalog.names())
        for (const FieldInfo& field : catalog.find(name)->fields())
            EXPECT_NE(page.find("| `" + field.name + "` | " + field.type + " |"), std::string::npos)
                << name << "." << field.name;
    EXPECT_NE(page.find("## Not supported"), std::string::npos);
}

TEST(KindsManual, keeps_tables_whole) {
    class Barred final : public Kind {
     public:
        const std::string& name() const override { return name_; }
        const std::string& help() const override { return name_; }
        std::span<const FieldInfo> fields() const override { return fields_; }
        Result<ResourcePtr> make(const Declaration&, std::vector<std::string>&) const override {
            return Error{Code::invalid, "never made"};
        }

     private:
        std::string name_ = "barred";
        std::vector<FieldInfo> fields_ = {{"field", "text", "this | that"}};
    };
    Catalog catalog;
    catalog.add(std::make_unique<const Barred>());
    EXPECT_NE(kinds_manual(catalog).find("this \\| that"), std::string::npos);
}

// HANSA_ACCEPT=1 writes the page anew; the diff is reviewed.
TEST(KindsManual, is_the_page_in_the_tree) {
    const auto file = std::filesystem::path(HANSA_TREE) / "docs/manual/kinds.md";
    const std::string page = kinds_manual(standard_kinds());
    if (std::getenv("HANSA_ACCEPT") != nullptr) std::ofstream(file, std::ios::binary) << page;
    std::ifstream in(file, std::ios::binary);
    const std::string stored{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(stored, page) << "run HANSA_ACCEPT=1 kinds_test and review the difference";
}

}  // namespace
}  // namespace hansa
