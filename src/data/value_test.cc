#include "data/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace hansa {
namespace {

Value plain(std::string text) {
    return Value::of_scalar({std::move(text), true});
}

TEST(Value, is_null_when_made_of_nothing) {
    EXPECT_TRUE(Value{}.is_null());
    for (const char* text : {"", "~", "null", "Null", "NULL"}) EXPECT_TRUE(plain(text).is_null());
    EXPECT_FALSE(Value::of_text("null").is_null());
    EXPECT_FALSE(plain("nULL").is_null());
}

TEST(Value, keeps_the_spelling_of_a_scalar) {
    EXPECT_EQ(plain("0644").scalar().text, "0644");
    EXPECT_EQ(plain("yes").scalar().text, "yes");
    EXPECT_EQ(plain("yes").as_bool(), std::nullopt);
    EXPECT_EQ(Value::of_int(-5).scalar().text, "-5");
    EXPECT_EQ(Value::of_bool(true).as_bool(), true);
}

TEST(Value, resolves_plain_scalars_by_the_core_schema) {
    EXPECT_EQ(plain("TRUE").as_bool(), true);
    EXPECT_EQ(plain("False").as_bool(), false);
    EXPECT_EQ(plain("+12").as_int(), 12);
    EXPECT_EQ(plain("0644").as_int(), 644);
    EXPECT_EQ(plain("0o17").as_int(), 15);
    EXPECT_EQ(plain("0xfF").as_int(), 255);
    EXPECT_EQ(plain("-9223372036854775808").as_int(), std::numeric_limits<std::int64_t>::min());
    EXPECT_DOUBLE_EQ(*plain("1.5e3").as_real(), 1500);
    EXPECT_DOUBLE_EQ(*plain("-.5").as_real(), -0.5);
    EXPECT_DOUBLE_EQ(*plain("+3.").as_real(), 3);
    EXPECT_DOUBLE_EQ(*plain("7").as_real(), 7);
    EXPECT_TRUE(std::isinf(*plain("-.inf").as_real()));
    EXPECT_TRUE(std::isnan(*plain(".NaN").as_real()));
}

TEST(Value, finds_no_number_where_there_is_none) {
    for (const char* text : {"", "-", "+", "1_000", "0x", "0x-1", "0o8", "9223372036854775808",
                             "1e3", "++1", "- 1", "1.0"})
        EXPECT_EQ(plain(text).as_int(), std::nullopt) << text;
    for (const char* text :
         {"inf", "nan", ".", "-.", "e5", "1e", "1e+", "1.2.3", "0x1p3", "infinity"})
        EXPECT_EQ(plain(text).as_real(), std::nullopt) << text;
    EXPECT_EQ(Value::of_text("5").as_int(), std::nullopt);
    EXPECT_EQ(Value::of_text("true").as_bool(), std::nullopt);
    EXPECT_EQ(Value::of_list({}).as_real(), std::nullopt);
}

TEST(Value, names_its_shape_for_people) {
    EXPECT_EQ(Value::of_map({}).shape(), "a map");
    EXPECT_EQ(Value::of_list({}).shape(), "a list");
    EXPECT_EQ(plain("~").shape(), "nothing");
    EXPECT_EQ(plain("true").shape(), "a bool");
    EXPECT_EQ(plain("1.5").shape(), "a number");
    EXPECT_EQ(plain("yes").shape(), "text");
    EXPECT_EQ(Value::of_text("5").shape(), "text");
}

TEST(Value, finds_entries_of_a_map) {
    const Value map = Value::of_map({{"a", {}, Value::of_int(1)}, {"b", {}, Value::of_int(2)}});
    ASSERT_NE(map.find("b"), nullptr);
    EXPECT_EQ(map.find("b")->as_int(), 2);
    EXPECT_EQ(map.find("c"), nullptr);
    EXPECT_EQ(Value::of_text("a").find("a"), nullptr);
}

TEST(Value, compares_meaning_and_not_place) {
    EXPECT_EQ(Value::of_scalar({"a", true}, {1, 2}), Value::of_text("a"));
    EXPECT_EQ(plain("~"), Value{});
    EXPECT_NE(plain("5"), Value::of_text("5"));
    EXPECT_NE(plain("null"), Value::of_text("null"));
    EXPECT_NE(plain("16"), plain("0x10"));
    EXPECT_EQ(Value::of_list({plain("1")}, {3, 4}), Value::of_list({plain("1")}));
    EXPECT_NE(Value::of_list({}), Value::of_map({}));
    const Value map = Value::of_map({{"k", {1, 1}, plain("v")}});
    EXPECT_EQ(map, Value::of_map({{"k", {2, 2}, Value::of_text("v")}}));
    EXPECT_NE(map, Value::of_map({{"x", {}, plain("v")}}));
    EXPECT_NE(map, Value::of_map({}));
}

TEST(ValueDeathTest, aborts_on_the_wrong_shape) {
    EXPECT_DEATH((void)Value{}.map(), "the value is a map");
    EXPECT_DEATH((void)Value{}.list(), "the value is a list");
    EXPECT_DEATH((void)Value::of_map({}).scalar(), "the value is a scalar");
}

}  // namespace
}  // namespace hansa
