#include "base/host.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

std::string refusal(std::string_view text) {
    auto parsed = HostName::parse(text);
    return parsed ? "accepted" : parsed.error().text;
}

TEST(HostName, takes_what_dns_may_hold) {
    for (const char* text : {"a", "web1", "web-1.example.com", "9lives", "under_score", "A.b"}) {
        auto parsed = HostName::parse(text);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(parsed->text(), text);
    }
    EXPECT_TRUE(HostName::parse(std::string(253, 'x')));
}

TEST(HostName, says_what_is_wrong_and_what_would_be_right) {
    EXPECT_EQ(refusal(""), "host name \"\" is empty; write a name such as \"web1\"");
    EXPECT_EQ(refusal("-a"),
              "host name \"-a\" begins with '.' or '-'; begin with a letter or a digit");
    EXPECT_EQ(refusal("a/b"),
              "host name \"a/b\" holds \"/\"; use letters, digits, '-', '_' and '.'");
    EXPECT_NE(refusal(".."), "accepted");
    EXPECT_NE(refusal(std::string("a\0b", 3)), "accepted");
    EXPECT_NE(refusal("a\n"), "accepted");
    EXPECT_NE(refusal("gr\xc3\xbc\xc3\x9f"), "accepted");
    EXPECT_NE(refusal(std::string(254, 'x')), "accepted");
}

TEST(HostName, compares_by_bytes) {
    EXPECT_LT(*HostName::parse("a"), *HostName::parse("b"));
    EXPECT_NE(*HostName::parse("A"), *HostName::parse("a"));
}

}  // namespace
}  // namespace hansa
