#include "data/members.h"

#include <gtest/gtest.h>

#include "data/json.h"

namespace hansa {
namespace {

Value object(const std::string& text) {
    auto value = parse_json(text);
    EXPECT_TRUE(value) << text;
    return value ? *value : Value();
}

TEST(Members, reads_each_by_name_and_type) {
    const Value value = object(R"({"a":"x","n":7,"l":["p","q"],"m":{"k":"v"},"f":true})");
    Members members(value, "thing");
    EXPECT_EQ(members.text("a"), "x");
    EXPECT_EQ(members.number("n", {0, 10}), 7);
    EXPECT_EQ(members.texts("l"), (std::vector<std::string>{"p", "q"}));
    EXPECT_EQ(members.text_map("m"), (std::map<std::string, std::string>{{"k", "v"}}));
    EXPECT_TRUE(members.flag("f", false));
    EXPECT_EQ(members.text_if_any("none"), "");
    EXPECT_TRUE(members.text_map("none").empty());
    EXPECT_TRUE(members.finish());
}

TEST(Members, tells_the_first_thing_found_wrong) {
    const Value value = object(R"({"m":{"k":1},"n":"7"})");
    Members members(value, "thing");
    EXPECT_TRUE(members.text_map("m").empty());
    EXPECT_EQ(members.number("n", {}), 0);
    auto done = members.finish();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().text, "thing has \"m\" as a map; it must be an object of texts");
}

TEST(Members, refuses_what_nobody_asked_for) {
    const Value value = object(R"({"a":"x","b":1})");
    Members members(value, "thing");
    EXPECT_EQ(members.text("a"), "x");
    auto done = members.finish();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().text, "thing has a member \"b\" unknown here");
}

}  // namespace
}  // namespace hansa
