#include "sys/linux/accounts.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "sys/linux/random.h"

namespace hansa {

TEST(LinuxAccounts, finds_names_and_numbers) {
    LinuxAccounts accounts;
    EXPECT_EQ(*accounts.user("root"), 0u);
    EXPECT_EQ(*accounts.group("root"), 0u);
    EXPECT_EQ(*accounts.user("12345678"), 12345678u);
    EXPECT_EQ(*accounts.group("0"), 0u);
    EXPECT_EQ(accounts.user_name(0), "root");
    EXPECT_EQ(accounts.group_name(0), "root");
    EXPECT_EQ(accounts.user_name(987654321), "987654321");
    EXPECT_EQ(accounts.group_name(987654321), "987654321");
    EXPECT_EQ(accounts.self(), ::geteuid());
}

TEST(LinuxAccounts, refuses_what_is_nobody) {
    LinuxAccounts accounts;
    for (std::string bad :
         {std::string("no such user"), std::string(), std::string("-1"), std::string("4294967295"),
          std::string("4294967296"), std::string("root\0", 5), std::string("root\n")}) {
        auto user = accounts.user(bad);
        ASSERT_FALSE(user) << bad;
        EXPECT_EQ(user.error().code, Code::missing);
        EXPECT_EQ(user.error().text.find("no user \""), 0u) << user.error().text;
        EXPECT_FALSE(accounts.group(bad));
    }
}

TEST(LinuxRandom, draws_differ) {
    LinuxRandom random;
    std::uint64_t all = 0;
    std::uint64_t none = ~all;
    for (int i = 0; i < 100; ++i) {
        std::uint64_t drawn = random.next();
        all |= drawn;
        none &= drawn;
    }
    EXPECT_EQ(all, ~std::uint64_t{0}) << "every bit was set at least once";
    EXPECT_EQ(none, 0u) << "no bit was always set";
    EXPECT_NE(LinuxRandom().next(), LinuxRandom().next());
}

}  // namespace hansa
