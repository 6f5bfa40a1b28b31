#include "kinds/file/mode.h"

#include <gtest/gtest.h>

namespace hansa::kinds {
namespace {

std::string applied(const char* text, FileMode current, FileType type = FileType::regular) {
    auto mode = Mode::parse(text);
    return mode ? octal(mode->apply_to(current, type)) : "refused";
}

TEST(Mode, reads_octal_in_its_usual_spellings) {
    EXPECT_EQ(applied("0644", 0), "0644");
    EXPECT_EQ(applied("644", 0777), "0644");
    EXPECT_EQ(applied("0o755", 0), "0755");
    EXPECT_EQ(applied("1777", 0), "1777");
    EXPECT_EQ(applied("01777", 0), "1777");
    EXPECT_EQ(applied("0", 0777), "0000");
}

TEST(Mode, does_what_chmod_does) {
    struct Case {
        const char* text;
        FileMode current;
        const char* wanted;
    };
    const Case cases[] = {
        {"u=rw,go=r", 0777, "0644"}, {"a+x", 0644, "0755"},       {"+x", 0644, "0755"},
        {"go-rwx", 0777, "0700"},    {"u=rwx,g=u", 0600, "0770"}, {"o=g", 0640, "0644"},
        {"a+X", 0644, "0644"},       {"a+X", 0744, "0755"},       {"u+s", 0755, "4755"},
        {"g+s", 0755, "2755"},       {"+t", 0777, "1777"},        {"-t", 01777, "0777"},
        {"u=", 0777, "0077"},        {"u+r-w", 0200, "0400"},     {"ug=rw,o=", 0777, "0660"},
        {"a=r", 06777, "0444"},      {"u-s", 06755, "2755"},
    };
    for (const Case& each : cases)
        EXPECT_EQ(applied(each.text, each.current), each.wanted) << each.text;
    EXPECT_EQ(applied("a+X", 0644, FileType::directory), "0755");
    EXPECT_EQ(applied("u=rwx", 02755, FileType::directory), "2755");
}

TEST(Mode, refuses_what_is_no_mode) {
    for (const char* text : {"", "99", "0888", "77777", "rw", "u", "u=rw,", ",", "u=rw go=r",
                             "rw-r--r--", "u=q", "-1", "0x1ff", "u=rwg"})
        EXPECT_EQ(applied(text, 0), "refused") << text;
    EXPECT_NE(Mode::parse("99").error().text.find("write it as \"0644\""), std::string::npos);
}

}  // namespace
}  // namespace hansa::kinds
