#include "resource/kind.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

class NamedKind final : public Kind {
 public:
    explicit NamedKind(std::string name) : name_(std::move(name)) {}
    const std::string& name() const override { return name_; }
    const std::string& help() const override { return name_; }
    std::span<const FieldInfo> fields() const override { return {}; }
    Result<ResourcePtr> make(const Declaration&, std::vector<std::string>&) const override {
        return Error{Code::invalid, "this kind makes nothing"};
    }

 private:
    std::string name_;
};

Catalog two_kinds() {
    Catalog catalog;
    catalog.add(std::make_unique<NamedKind>("svc"));
    catalog.add(std::make_unique<NamedKind>("file"));
    catalog.alias("service", "svc");
    return catalog;
}

TEST(Catalog, finds_kinds_by_name_and_alias) {
    const Catalog catalog = two_kinds();
    ASSERT_NE(catalog.find("service"), nullptr);
    EXPECT_EQ(catalog.find("service"), catalog.find("svc"));
    EXPECT_EQ(catalog.find("service")->name(), "svc");
    EXPECT_EQ(catalog.find("nix"), nullptr);
}

TEST(Catalog, lists_names_sorted_and_without_aliases) {
    EXPECT_EQ(two_kinds().names(), (std::vector<std::string>{"file", "svc"}));
}

TEST(CatalogDeathTest, refuses_a_name_twice_and_an_alias_of_nothing) {
    Catalog catalog = two_kinds();
    EXPECT_DEATH(catalog.add(std::make_unique<NamedKind>("file")), "not taken");
    EXPECT_DEATH(catalog.add(std::make_unique<NamedKind>("service")), "not taken");
    EXPECT_DEATH(catalog.alias("x", "y"), "a kind that is there");
}

TEST(Kind, leaves_a_declaration_as_it_is_when_it_has_no_directories) {
    Declaration declaration;
    declaration.id = {"svc", "sshd"};
    declaration.fields = Value::of_map({{"state", {}, Value::of_text("running")}});
    auto moved = NamedKind{"svc"}.relocate(declaration, "/tmp/");
    ASSERT_TRUE(moved);
    EXPECT_EQ(moved->id, declaration.id);
    EXPECT_EQ(moved->fields, declaration.fields);
}

TEST(InstanceId, reads_as_kind_name_and_host) {
    EXPECT_EQ((InstanceId{{"file", "f3b"}, "", ""}.text()), "file[f3b]");
    EXPECT_EQ((InstanceId{{"file", "f3b"}, "b", "/tmp/"}.text()), "file[f3b] from b");
}

}  // namespace
}  // namespace hansa
