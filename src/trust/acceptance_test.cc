#include "trust/acceptance.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

TEST(Acceptance, of_nobody_is_the_beginning_and_survives_its_text) {
    Acceptance acceptance;
    EXPECT_FALSE(acceptance.accepted("web1"));
    EXPECT_TRUE(acceptance.accept(*HostName::parse("web1")));
    EXPECT_FALSE(acceptance.accept(*HostName::parse("web1")));
    EXPECT_TRUE(acceptance.accept(*HostName::parse("db1")));
    auto again = Acceptance::parse(acceptance.text());
    ASSERT_TRUE(again) << again.error().text;
    EXPECT_EQ(again->hosts(), (std::set<std::string>{"db1", "web1"}));
    EXPECT_TRUE(again->accepted("web1"));
    EXPECT_FALSE(again->accepted("web"));
    EXPECT_FALSE(again->accepted("web1x"));
    EXPECT_FALSE(again->accepted(""));
}

TEST(Acceptance, of_a_spoiled_file_is_an_error_and_no_acceptance) {
    for (const char* text :
         {"", "null", "[]", "{}", "{\"accepted\": \"web1\"}", "{\"accepted\": [[\"web1\"]]}",
          "{\"accepted\": [\"../x\"]}", "{\"accepted\": [\"*\"]}", "{\"accepted\": [\"\"]}",
          "{\"accepted\": [], \"more\": 1}", "{\"accepted\": [\"web1\""}) {
        auto parsed = Acceptance::parse(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, Code::invalid) << text;
    }
    EXPECT_FALSE(Acceptance::parse("{\"accepted\": [" + std::string(2 << 20, ' ') + "]}"));
}

}  // namespace
}  // namespace hansa
