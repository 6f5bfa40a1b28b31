#include "trust/member_address.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

TEST(MemberAddress, has_one_form) {
    const std::pair<const char*, const char*> forms[] = {
        {"192.0.2.1", "192.0.2.1"},         {"127.0.0.1", "127.0.0.1"},
        {"2001:DB8:0:0::7", "2001:db8::7"}, {"0:0:0:0:0:0:0:1", "::1"},
        {"Seat.Example.", "seat.example"},  {"localhost", "localhost"},
    };
    for (const auto& [text, usual] : forms) {
        auto address = member_address(text);
        ASSERT_TRUE(address) << text << ": " << address.error().text;
        EXPECT_EQ(*address, usual);
    }
}

TEST(MemberAddress, is_one_machines_and_nothing_that_is_kept_for_the_store) {
    for (const std::string text : {"",
                                   "0.0.0.0",
                                   "0.1.2.3",
                                   "::",
                                   "0:0:0:0:0:0:0:0",
                                   "224.0.0.1",
                                   "239.255.255.250",
                                   "240.0.0.1",
                                   "255.255.255.255",
                                   "ff02::1",
                                   "::ffff:192.0.2.1",
                                   "::ffff:0.0.0.0",
                                   "store.hansa.internal",
                                   "STORE.hansa.internal.",
                                   "hansa-member",
                                   "Hansa-Member",
                                   "*",
                                   "*.example",
                                   "a b",
                                   "192.0.2.1:2379",
                                   "127.1",
                                   "1",
                                   "192.0.2.256",
                                   "[::1]",
                                   "a/b"}) {
        auto refused = member_address(text);
        ASSERT_FALSE(refused) << text;
        EXPECT_EQ(refused.error().code, Code::invalid);
        EXPECT_NE(refused.error().text.find("can be certified as"), std::string::npos);
    }
    EXPECT_FALSE(member_address(std::string_view{"::1\0.example", 12}));
    EXPECT_FALSE(member_address(std::string(254, 'a')));
}

TEST(MemberAddress, there_are_some_but_not_many_of_them_each_once_and_in_order) {
    auto several = member_addresses({"b.example", "192.0.2.1", "B.example", "::1"});
    ASSERT_TRUE(several) << several.error().text;
    EXPECT_EQ(*several, (std::vector<std::string>{"192.0.2.1", "::1", "b.example"}));
    EXPECT_FALSE(member_addresses({}));
    EXPECT_FALSE(member_addresses({"192.0.2.1", "0.0.0.0"}));
    EXPECT_TRUE(member_addresses(std::vector<std::string>(member_addresses_max, "::1")));
    EXPECT_FALSE(member_addresses(std::vector<std::string>(member_addresses_max + 1, "::1")));
}

}  // namespace
}  // namespace hansa
