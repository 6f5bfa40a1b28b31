#include "graph/exports.h"

#include <gtest/gtest.h>

#include "graph/testing.h"
#include "sys/sim/files.h"
#include "sys/sim/loop.h"

namespace hansa {
namespace {

using namespace hansa::testing;

// A part whose value is read from a file when it is exported: "@/path".
class ReadingKind final : public Kind {
 public:
    const std::string& name() const override { return part_.name(); }
    const std::string& help() const override { return part_.help(); }
    std::span<const FieldInfo> fields() const override { return part_.fields(); }
    Result<ResourcePtr> make(const Declaration& declaration,
                             std::vector<std::string>& warnings) const override {
        return part_.make(declaration, warnings);
    }
    Result<Declaration> prepare_export(Declaration declaration, const Files& files) const override {
        for (Value::Entry& entry : declaration.fields.map()) {
            if (entry.key != "value" || !entry.value.scalar().text.starts_with("@")) continue;
            auto bytes = files.read(entry.value.scalar().text.substr(1), 100);
            if (!bytes) return std::move(bytes).error().during(declaration.id.text());
            entry.value = Value::of_text(std::move(*bytes));
        }
        return declaration;
    }

 private:
    PartKind part_{"part"};
};

class Exports : public ::testing::Test {
 protected:
    Exports() {
        catalog_.add(std::make_unique<ReadingKind>());
        catalog_.alias("old", "part");
    }
    static Declaration exported(Declaration declaration) {
        declaration.meta.exported = true;
        return declaration;
    }

    SimLoop loop_;
    Result<std::vector<Export>> exports(const Manifest& manifest) {
        return exports_of(manifest.resources, catalog_, files_);
    }

    SimFiles files_{loop_.clock()};
    Catalog catalog_;
};

TEST_F(Exports, are_what_is_marked_in_the_order_of_declaration) {
    ManifestBuilder manifest;
    manifest.add(exported(part("z"))).add(part("here")).add(exported(part("a")));
    const auto made = exports(manifest);
    ASSERT_TRUE(made) << made.error().text;
    ASSERT_EQ(made->size(), 2u);
    EXPECT_EQ((*made)[0].id.text(), "part[z]");
    EXPECT_EQ((*made)[1].id.text(), "part[a]");
    EXPECT_EQ((*made)[1].origin.text(), "g.yaml:3:1");
    EXPECT_TRUE((*made)[1].meta.exported);
}

TEST_F(Exports, carry_fields_as_their_kind_writes_them_under_the_kinds_own_name) {
    Declaration old = exported(part("a", {{"notifies", "false"}, {"value", "x"}}));
    old.id.kind = "old";
    const auto made = exports(ManifestBuilder().add(old));
    ASSERT_TRUE(made) << made.error().text;
    EXPECT_EQ((*made)[0].id.text(), "part[a]");
    ASSERT_EQ((*made)[0].fields.map().size(), 1u) << "defaults are left out";
    EXPECT_EQ((*made)[0].fields.find("value")->scalar().text, "x");
}

TEST_F(Exports, take_in_what_their_kind_reads) {
    ASSERT_TRUE(files_.write("/tmp/motd", "welcome", {}));
    const auto made =
        exports(ManifestBuilder().add(exported(part("a", {{"value", "@/tmp/motd"}}))));
    ASSERT_TRUE(made) << made.error().text;
    EXPECT_EQ((*made)[0].fields.find("value")->scalar().text, "welcome");
}

TEST_F(Exports, fail_as_a_whole_and_name_every_cause) {
    Declaration unknown = exported(part("u"));
    unknown.id.kind = "prat";
    const auto made = exports(ManifestBuilder()
                                  .add(exported(part("fine")))
                                  .add(exported(part("a", {{"value", "@/nowhere"}})))
                                  .add(unknown));
    ASSERT_FALSE(made);
    EXPECT_NE(made.error().text.find("part[a]"), std::string::npos);
    EXPECT_NE(made.error().text.find("no kind \"prat\""), std::string::npos);
}

}  // namespace
}  // namespace hansa
