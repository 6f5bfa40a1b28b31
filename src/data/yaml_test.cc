#include "data/yaml.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

Value read(std::string_view text, const YamlLimits& limits = {}) {
    auto parsed = parse_yaml(text, "f.yaml", limits);
    EXPECT_TRUE(parsed) << parsed.error().text;
    return parsed ? *std::move(parsed) : Value::of_text("refused");
}

std::string refusal(std::string_view text, const YamlLimits& limits = {}) {
    auto parsed = parse_yaml(text, "f.yaml", limits);
    if (parsed) return "accepted";
    EXPECT_EQ(parsed.error().code, Code::invalid);
    return parsed.error().text;
}

bool starts(const std::string& text, std::string_view with) {
    return text.starts_with(with);
}

TEST(Yaml, reads_lists_maps_and_scalars_with_their_places) {
    const Value tree = read("a: x  # comment\n\"b\": ['1', 2]\n");
    ASSERT_TRUE(tree.is_map());
    ASSERT_EQ(tree.map().size(), 2U);
    EXPECT_EQ(tree.mark(), (Mark{1, 1}));
    EXPECT_EQ(tree.find("a")->mark(), (Mark{1, 4}));
    const Value& list = *tree.find("b");
    EXPECT_EQ(tree.map()[1].mark, (Mark{2, 1}));
    EXPECT_EQ(list.mark(), (Mark{2, 6}));
    EXPECT_EQ(list.list()[0].scalar().text, "1");
    EXPECT_FALSE(list.list()[0].scalar().plain);
    EXPECT_EQ(list.list()[1].as_int(), 2);
}

TEST(Yaml, keeps_the_spelling_of_scalars) {
    const Value tree = read("mode: 0644\nstate: yes\nbig: 123456789012345678901234567890\n");
    EXPECT_EQ(tree.find("mode")->scalar().text, "0644");
    EXPECT_EQ(tree.find("state")->scalar().text, "yes");
    EXPECT_EQ(tree.find("big")->scalar().text, "123456789012345678901234567890");
}

TEST(Yaml, reads_block_scalars_and_escapes) {
    const Value tree = read("a: |\n  one\n  two\nb: >-\n  one\n  two\nc: \"x\\ty\\u00fc\"\n");
    EXPECT_EQ(tree.find("a")->scalar().text, "one\ntwo\n");
    EXPECT_EQ(tree.find("b")->scalar().text, "one two");
    EXPECT_EQ(tree.find("c")->scalar().text, "x\ty\xc3\xbc");
}

TEST(Yaml, folds_and_unescapes_exactly) {
    const auto text = [](std::string_view scalar) {
        return read("a: " + std::string(scalar) + "\nb: 1\n").find("a")->scalar().text;
    };
    EXPECT_EQ(text("'''''b'"), "''b");
    EXPECT_EQ(text("'x''''''y'' '"), "x'''y' ");
    EXPECT_EQ(text("'a\n  b\n\n  c'"), "a b\nc");
    EXPECT_EQ(text("\"\\\\\\\n \\n\""), "\\\n");
    EXPECT_EQ(text("\"\\ \n \""), "  ");
    EXPECT_EQ(text(">-\n  x\n\n   in"), "x\n\n in");
    EXPECT_EQ(text(">+\n  x\n  y\n\n  z\n"), "x y\nz\n\n");
    EXPECT_EQ(text("|2-\n    x\n   y"), "  x\n y");
}

TEST(Yaml, reads_a_list_that_ends_in_nothing) {
    const Value tree = read("a:\n- 1\n-\nb: 2\n");
    ASSERT_EQ(tree.find("a")->list().size(), 2U);
    EXPECT_TRUE(tree.find("a")->list()[1].is_null());
}

TEST(Yaml, takes_an_empty_text_as_null) {
    EXPECT_TRUE(read("").is_null());
    EXPECT_TRUE(read("# nothing\n").is_null());
    EXPECT_TRUE(read("\xef\xbb\xbf").is_null());
    EXPECT_TRUE(read("a:\n").find("a")->is_null());
}

TEST(Yaml, refuses_duplicate_keys_and_names_both_places) {
    EXPECT_EQ(refusal("a: 1\nb: 2\na: 3\n"),
              "f.yaml:3:1: key \"a\" is already written at 1:1; keep one of the two");
    EXPECT_EQ(refusal("x: {p: 1, q: 2, \"p\": 3, q: 4}"),
              "f.yaml:1:17: key \"p\" is already written at 1:5; keep one of the two");
    EXPECT_NE(refusal("&k a: 1\n*k : 2\n"), "accepted");
}

TEST(Yaml, refuses_what_has_no_meaning_here) {
    EXPECT_TRUE(starts(refusal("a: 1\n---\nb: 2\n"), "f.yaml:2:1: a second document begins here"));
    EXPECT_TRUE(starts(refusal("? [a]\n: 1\n"), "f.yaml:1:3: this key is a list; write text"));
    EXPECT_TRUE(starts(refusal("<<: {a: 1}\n"), "f.yaml:1:1: merge keys (<<)"));
    EXPECT_EQ(refusal("a: !foo x\n"), "f.yaml:1:4: tag !foo does not fit here; leave it out");
    EXPECT_EQ(refusal("a: !!map [1]\n"), "f.yaml:1:4: tag !!map does not fit here; leave it out");
}

TEST(Yaml, refuses_bytes_that_are_no_text) {
    EXPECT_TRUE(starts(refusal("a: \xff\n"), "f.yaml:1:4: the text is not UTF-8"));
    EXPECT_TRUE(starts(refusal("ok: yes\nx\xc3"), "f.yaml:2:2: the text is not UTF-8"));
    EXPECT_TRUE(starts(refusal(std::string("a: b\0c", 6)), "f.yaml:1:5: control byte \\x00"));
    EXPECT_TRUE(starts(refusal("a: \x1b[2J"), "f.yaml:1:4: control byte \\x1B"));
}

TEST(Yaml, tells_syntax_errors_with_their_place) {
    EXPECT_EQ(refusal("a: \"x\n"),
              "f.yaml:2:1: found unexpected end of stream while scanning a quoted scalar that "
              "begins at 1:4; close the quote");
    EXPECT_EQ(refusal("a: b: c\n"),
              "f.yaml:1:5: mapping values are not allowed in this context; put text that holds \": "
              "\" into quotes");
    EXPECT_TRUE(starts(refusal("a: [1, 2\nb: 3\n"), "f.yaml:"));
    EXPECT_TRUE(starts(refusal("a: @x\n"), "f.yaml:1:4: "));
    EXPECT_TRUE(starts(refusal("{a: 1}}"), "f.yaml:1:7: "));
}

TEST(Yaml, prints_nothing_by_itself) {
    testing::internal::CaptureStderr();
    testing::internal::CaptureStdout();
    EXPECT_NE(refusal("a: [1, 2\nb: 3\n"), "accepted");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST(Yaml, obeys_core_tags) {
    const Value tree =
        read("s: !!str 5\ni: !!int \"5\"\nl: !!seq [a]\nn: ! 5\nb: !!binary |\n  /wA\n  B\n");
    EXPECT_EQ(tree.find("s")->as_int(), std::nullopt);
    EXPECT_EQ(tree.find("i")->as_int(), 5);
    EXPECT_EQ(tree.find("n")->as_int(), std::nullopt);
    EXPECT_EQ(tree.find("l")->list().size(), 1U);
    EXPECT_EQ(tree.find("b")->scalar().text, std::string("\xff\x00\x01", 3));
    EXPECT_NE(refusal("b: !!binary /wA\n"), "accepted");
}

TEST(YamlAlias, stands_for_the_anchored_value) {
    const Value tree =
        read("a: &one {k: [v, w]}\nb: *one\nc: &two text\nd: [*two, *one]\n*two : key\n");
    EXPECT_EQ(*tree.find("a"), *tree.find("b"));
    EXPECT_EQ(tree.find("d")->list()[0].scalar().text, "text");
    EXPECT_EQ(tree.find("d")->list()[1], *tree.find("a"));
    EXPECT_EQ(tree.find("text")->scalar().text, "key");
}

TEST(YamlAlias, finds_anchors_inside_what_is_still_open) {
    const Value tree =
        read("- x\n- a: &in {p: &deep [1, 2]}\n  b: *in\n  c:\n  - *deep\n  - *in\n");
    const Value& item = tree.list()[1];
    EXPECT_EQ(*item.find("b"), *item.find("a"));
    EXPECT_EQ(item.find("c")->list()[0], *item.find("a")->find("p"));
    EXPECT_EQ(item.find("c")->list()[1], *item.find("a"));
}

TEST(YamlAlias, means_the_nearest_anchor_above) {
    const Value tree = read("[&a 1, *a, &a [2], *a]");
    EXPECT_EQ(tree.list()[1].as_int(), 1);
    EXPECT_TRUE(tree.list()[3].is_list());
}

TEST(YamlAlias, cannot_mean_nothing_or_itself) {
    EXPECT_EQ(
        refusal("a: *b\n"),
        "f.yaml:1:4: alias *b has no anchor above it; write &b before the value that is meant");
    EXPECT_TRUE(starts(refusal("a: &a [*a]\n"), "f.yaml:1:8: alias *a stands inside"));
    EXPECT_TRUE(starts(refusal("&r {a: {b: [*r]}}\n"), "f.yaml:1:13: alias *r stands inside"));
    EXPECT_NE(refusal("a: &l [1]\n*l : 2\n"), "accepted");
}

TEST(YamlAlias, cannot_blow_up) {
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 10; ++i) {
        const std::string below = "*a" + std::to_string(i - 1);
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int j = 0; j < 9; ++j) bomb += below + ", ";
        bomb += "x]\n";
    }
    EXPECT_NE(refusal(bomb).find("aliases expand to more than 100000 values"), std::string::npos);

    std::string wide = "a: &a \"" + std::string(1 << 20, 'x') + "\"\nb:\n";
    for (int i = 0; i < 20; ++i) wide += "- *a\n";
    EXPECT_NE(refusal(wide).find("16777216 bytes"), std::string::npos);

    const std::string deep = "a: &a [[[[x]]]]\nb: [[[*a]]]\n";
    EXPECT_NE(refusal(deep, {.depth_max = 7}), "accepted");
    EXPECT_EQ(refusal(deep, {.depth_max = 8}), "accepted");
}

TEST(YamlLimits, hold_for_bytes_depth_values_and_anchors) {
    EXPECT_EQ(refusal("abc", {.bytes_max = 2}),
              "f.yaml:1:1: the text has 3 bytes; at most 2 are read");
    EXPECT_EQ(refusal("[[x]]", {.depth_max = 2}), "accepted");
    EXPECT_EQ(refusal("[[[x]]]", {.depth_max = 2}),
              "f.yaml:1:3: lists and maps are nested deeper than 2; write it flatter");
    EXPECT_EQ(refusal("[a, b]", {.nodes_max = 3}), "accepted");
    EXPECT_EQ(refusal("[a, b, c]", {.nodes_max = 3}),
              "f.yaml:1:8: more than 3 values; split the text into smaller ones");
    EXPECT_NE(refusal("[&a x, &b y]", {.alias_nodes_max = 1}), "accepted");
    EXPECT_NE(refusal(std::string(100'000, '[')).find("deeper than 64"), std::string::npos);
}

TEST(Yaml, stays_linear_in_wide_maps) {
    std::string text;
    for (int i = 0; i < 50'000; ++i) text += "key" + std::to_string(i) + ": v\n";
    EXPECT_EQ(read(text).map().size(), 50'000U);
}

}  // namespace
}  // namespace hansa
