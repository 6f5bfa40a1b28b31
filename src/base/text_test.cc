#include "base/text.h"

#include <gtest/gtest.h>

#include <limits>

namespace hansa {
namespace {

using Texts = std::vector<std::string>;

TEST(Text, splits_into_one_part_more_than_separators) {
    EXPECT_EQ(split("a,b,,c", ','), (Texts{"a", "b", "", "c"}));
    EXPECT_EQ(split("", ','), (Texts{""}));
    EXPECT_EQ(split(",", ','), (Texts{"", ""}));
}

TEST(Text, joins_what_it_split) {
    const Texts parts = {"a", "", "c"};
    EXPECT_EQ(join(parts, ", "), "a, , c");
    EXPECT_EQ(join(Texts{}, ", "), "");
}

TEST(Text, trims_and_lowers) {
    EXPECT_EQ(trim(" \t a b\r\n"), "a b");
    EXPECT_EQ(trim(" \n"), "");
    EXPECT_EQ(lower("AbC-\xc3\x84"), "abc-\xc3\x84");
}

TEST(Text, reads_whole_decimal_numbers_only) {
    EXPECT_EQ(to_int("42"), 42);
    EXPECT_EQ(to_int("-7"), -7);
    EXPECT_EQ(to_int("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
    for (const char* text : {"", "-", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808", "--1"})
        EXPECT_EQ(to_int(text), std::nullopt) << text;
}

TEST(Glob, matches_like_a_shell) {
    EXPECT_TRUE(glob_matches("*", ""));
    EXPECT_TRUE(glob_matches("web*", "web1.example.com"));
    EXPECT_TRUE(glob_matches("*.com", "web1.example.com"));
    EXPECT_TRUE(glob_matches("w?b[1-3]", "web2"));
    EXPECT_TRUE(glob_matches("[!a]*", "b"));
    EXPECT_TRUE(glob_matches("a\\*", "a*"));
    EXPECT_TRUE(glob_matches("*a*b*c", "xxaxxbxxcxxabc"));
    EXPECT_TRUE(glob_matches("[]]", "]"));
    EXPECT_TRUE(glob_matches("[a-]", "-"));
}

TEST(Glob, refuses_what_only_looks_similar) {
    EXPECT_FALSE(glob_matches("", "a"));
    EXPECT_FALSE(glob_matches("web", "web1"));
    EXPECT_FALSE(glob_matches("a\\*", "ab"));
    EXPECT_FALSE(glob_matches("[!a-c]", "b"));
    EXPECT_FALSE(glob_matches("w?b", "wb"));
    EXPECT_FALSE(glob_matches("[a-c]", "d"));
}

TEST(Glob, takes_an_unclosed_class_as_itself) {
    EXPECT_TRUE(glob_matches("[ab", "[ab"));
    EXPECT_FALSE(glob_matches("[ab", "a"));
    EXPECT_TRUE(glob_matches("\\", "\\"));
}

TEST(Glob, does_not_explode) {
    std::string glob, text(5000, 'a');
    for (int i = 0; i < 50; ++i) glob += "*a";
    EXPECT_FALSE(glob_matches(glob + "b", text));
    EXPECT_TRUE(glob_matches(glob, text));
}

TEST(Nearest, explains_slips_of_the_hand) {
    const Texts kinds = {"file", "exec", "svc", "print", "noop"};
    EXPECT_EQ(nearest("scv", kinds), "svc");
    EXPECT_EQ(nearest("File", kinds), "file");
    EXPECT_EQ(nearest("pint", kinds), "print");
    EXPECT_EQ(nearest("exce", kinds), "exec");
    EXPECT_EQ(nearest("resorces", Texts{"resources", "edges"}), "resources");
}

TEST(Nearest, is_silent_when_nothing_is_near) {
    const Texts kinds = {"file", "exec", "k"};
    EXPECT_EQ(nearest("virtual", kinds), std::nullopt);
    EXPECT_EQ(nearest("", kinds), std::nullopt);
    EXPECT_EQ(nearest("x", kinds), std::nullopt);
    EXPECT_EQ(nearest("file", Texts{}), std::nullopt);
    EXPECT_EQ(nearest(std::string(100'000, 'f'), kinds), std::nullopt);
}

TEST(Counted, knows_plurals) {
    EXPECT_EQ(counted(1, "file"), "1 file");
    EXPECT_EQ(counted(0, "file"), "0 files");
    EXPECT_EQ(counted(3, "entry"), "3 entries");
    EXPECT_EQ(counted(2, "key"), "2 keys");
    EXPECT_EQ(counted(2, "process"), "2 processes");
}

TEST(Percent, encodes_to_a_key_segment_and_back) {
    EXPECT_EQ(percent_encode("a/b c"), "a%2Fb%20c");
    EXPECT_EQ(percent_encode("."), "%2E");
    EXPECT_EQ(percent_encode(".."), "%2E%2E");
    EXPECT_EQ(percent_encode("..."), "...");
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    EXPECT_EQ(percent_decode(percent_encode(all)), all);
    EXPECT_EQ(percent_decode("%2E%2E"), "..");
    EXPECT_EQ(percent_decode(""), "");
}

TEST(Percent, has_one_spelling_per_text) {
    for (const char* text : {"%2f", "%41", "a b", "%", "%4", "%zz", "..", ".", "%2E.", "a%2Eb"})
        EXPECT_EQ(percent_decode(text), std::nullopt) << text;
}

TEST(Utf8, knows_well_formed_text) {
    EXPECT_TRUE(valid_utf8("plain, gr\xc3\xbc\xc3\x9f, \xe2\x82\xac, \xf0\x9f\x98\x80"));
    EXPECT_TRUE(valid_utf8(""));
    EXPECT_FALSE(valid_utf8("seven bytes and then \xff, then more"));
    const char* broken[] = {"\xc3",         "\x80",         "\xc0\xaf",         "\xe0\x80\xaf",
                            "\xed\xa0\x80", "\xf5\x80\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80",
                            "\xe2\x82",     "\xff"};
    for (const char* text : broken) EXPECT_FALSE(valid_utf8(text)) << printable(text);
}

TEST(Printable, keeps_a_terminal_safe) {
    EXPECT_EQ(printable("a\nb\tc"), "a\\nb\\tc");
    EXPECT_EQ(printable("\x1b[2J\x7f"), "\\x1B[2J\\x7F");
    EXPECT_EQ(printable("\xff\xc3\xbc"), "\\xFF\xc3\xbc");
    EXPECT_EQ(printable("\xc2\x9b"), "\\xC2\\x9B");
    EXPECT_EQ(printable(std::string("\0", 1)), "\\x00");
}

TEST(Printable, cuts_between_characters) {
    EXPECT_EQ(printable("abcdef", 3), "abc…");
    EXPECT_EQ(printable("abc", 3), "abc");
    EXPECT_EQ(printable("ab\xc3\xbc", 3), "ab…");
    EXPECT_EQ(printable("ab\x01", 4), "ab…");
}

TEST(Printable, lines_keep_their_ends_tabs_and_length) {
    EXPECT_EQ(printable_lines("a\n\tb\x1b[31m\n\xff\n"), "a\n\tb\\x1B[31m\n\\xFF\n");
    EXPECT_EQ(printable_lines(""), "");
    const std::string longer(10'000, 'x');
    EXPECT_EQ(printable_lines(longer), longer);
}

TEST(Base64, agrees_with_the_rfc) {
    const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, encoded] : vectors) {
        EXPECT_EQ(base64_encode(plain), encoded);
        EXPECT_EQ(base64_decode(encoded), plain);
    }
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    EXPECT_EQ(base64_decode(base64_encode(all)), all);
}

TEST(Base64, refuses_every_other_spelling) {
    for (const char* text : {"Zg", "Zg=", "Z===", "====", "Zh==", "Zm9=", "Zg==Zg==", "Z g=",
                             "Zm9v\n", "Zm-v", "=Zg="})
        EXPECT_EQ(base64_decode(text), std::nullopt) << text;
}

TEST(Text, hexadecimal_has_one_spelling) {
    EXPECT_EQ(hex_encode(std::string("\x00\x7f\xff", 3)), "007fff");
    EXPECT_EQ(hex_decode("007fff"), std::string("\x00\x7f\xff", 3));
    EXPECT_EQ(hex_decode(""), "");
    for (const char* text : {"0", "0g", "FF", "0x", " 00"})
        EXPECT_EQ(hex_decode(text), std::nullopt) << text;
}

}  // namespace
}  // namespace hansa
