#include "data/json.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

Value read(std::string_view text, const JsonLimits& limits = {}) {
    auto parsed = parse_json(text, limits);
    EXPECT_TRUE(parsed) << parsed.error().text;
    return parsed ? *std::move(parsed) : Value::of_text("refused");
}

std::string refusal(std::string_view text, const JsonLimits& limits = {}) {
    auto parsed = parse_json(text, limits);
    return parsed ? "accepted" : parsed.error().text;
}

TEST(Json, reads_every_shape) {
    const Value tree = read(R"({"a": [1, -2.5e3, true, null], "b": {"c": "x\u00fc\n"}, "d": []})");
    const Value::List& list = tree.find("a")->list();
    EXPECT_EQ(list[0].as_int(), 1);
    EXPECT_EQ(list[1].as_real(), -2500);
    EXPECT_EQ(list[2].as_bool(), true);
    EXPECT_TRUE(list[3].is_null());
    EXPECT_EQ(tree.find("b")->find("c")->scalar().text, "x\xc3\xbc\n");
    EXPECT_TRUE(tree.find("d")->list().empty());
    EXPECT_EQ(read(" 5 ").as_int(), 5);
}

TEST(Json, tells_text_from_what_looks_like_it) {
    EXPECT_FALSE(read(R"("null")").is_null());
    EXPECT_EQ(read(R"("5")").as_int(), std::nullopt);
    EXPECT_EQ(read(R"("")").scalar().text, "");
    EXPECT_FALSE(read(R"("")").is_null());
}

TEST(Json, keeps_big_numbers_as_written) {
    const std::string big = "[123456789012345678901234567890,18446744073709551615,0.10,1E400]";
    EXPECT_EQ(to_json(read("[18446744073709551615,0.10]")), "[18446744073709551615,0.10]");
    EXPECT_EQ(read(big).list()[0].scalar().text, "123456789012345678901234567890");
    EXPECT_EQ(to_json(read(big)), big);
}

TEST(Json, refuses_duplicate_keys_and_trailing_text) {
    EXPECT_EQ(refusal(R"({"a": 1, "b": 2, "a": 3})"),
              "json, byte 24: key \"a\" appears twice; send it once");
    EXPECT_EQ(refusal("{} x"), "json, byte 4: text after the value; remove it");
    EXPECT_NE(refusal("{}{}"), "accepted");
}

TEST(Json, refuses_broken_text_with_its_place) {
    for (const char* text : {"", " ", "{", "[1,", "[1,]", "{\"a\"}", "'a'", "nul", "01", "+1", ".5",
                             "\"\\x\"", "\"a\nb\"", "\"\\ud800\"", "[1] // c", "NaN", "\"\xff\""})
        EXPECT_TRUE(refusal(text).starts_with("json, byte ")) << text << ": " << refusal(text);
    EXPECT_EQ(refusal("[1,"), "json, byte 4: ends too early; send all of it");
}

TEST(Json, holds_its_limits) {
    EXPECT_EQ(refusal("[1]", {.bytes_max = 2}), "json has 3 bytes; at most 2 are read");
    EXPECT_EQ(refusal("[[1]]", {.depth_max = 2}), "accepted");
    EXPECT_EQ(refusal("[[[1]]]", {.depth_max = 2}),
              "json, byte 3: nested deeper than 2; send it flatter");
    EXPECT_NE(refusal(std::string(1'000'000, '[')), "accepted");
}

TEST(Json, writes_one_line_or_indented) {
    const Value tree = read(R"({"a":[1,"x"],"b":{},"c":[],"d":null})");
    EXPECT_EQ(to_json(tree), R"({"a":[1,"x"],"b":{},"c":[],"d":null})");
    EXPECT_EQ(
        to_json(tree, JsonStyle::pretty),
        "{\n  \"a\": [\n    1,\n    \"x\"\n  ],\n  \"b\": {},\n  \"c\": [],\n  \"d\": null\n}");
}

TEST(Json, escapes_what_must_be_escaped) {
    const std::string nasty("\"\\\n\r\t\x01\x7f\0", 8);
    EXPECT_EQ(to_json(Value::of_text(nasty)), R"("\"\\\n\r\t\u0001\u007f\u0000")");
    EXPECT_EQ(read(to_json(Value::of_text(nasty))).scalar().text, nasty);
}

TEST(Json, writes_scalars_of_yaml_as_json_knows_them) {
    const auto plain = [](const char* text) { return to_json(Value::of_scalar({text, true})); };
    EXPECT_EQ(plain("True"), "true");
    EXPECT_EQ(plain("~"), "null");
    EXPECT_EQ(plain("0x10"), "16");
    EXPECT_EQ(plain("0644"), "644");
    EXPECT_EQ(plain("+5"), "5");
    EXPECT_EQ(plain("1.50"), "1.50");
    EXPECT_EQ(plain(".inf"), "\".inf\"");
    EXPECT_EQ(plain("yes"), "\"yes\"");
}

TEST(JsonDeathTest, refuses_to_write_what_is_not_utf_8) {
    EXPECT_DEATH(to_json(Value::of_text("\xff")), "UTF-8");
}

}  // namespace
}  // namespace hansa
