#include "base/host_port.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

TEST(HostPort, names_and_addresses_of_both_families_are_read_and_told_again) {
    for (const char* text : {"127.0.0.1:2381", "web1.example:1", "[::1]:65535", "a_b:80"}) {
        auto at = HostPort::parse(text);
        ASSERT_TRUE(at) << text;
        EXPECT_EQ(at->text(), text);
    }
    EXPECT_EQ(HostPort::parse("[fe80::1]:7")->host, "fe80::1");
}

TEST(HostPort, anything_else_is_refused_with_what_would_be_right) {
    for (const std::string text :
         {"", ":", "host", "host:", "host:0", "host:65536", "host:-1", ":80", "[]:80", "::1:80",
          "a b:80", "http://h:80", "h/x:80", "h:8o"}) {
        auto at = HostPort::parse(text);
        ASSERT_FALSE(at) << text;
        EXPECT_EQ(at.error().code, Code::invalid);
        EXPECT_NE(at.error().text.find("HOST:PORT"), std::string::npos);
    }
    EXPECT_FALSE(HostPort::parse(std::string(254, 'a') + ":80"));
    EXPECT_FALSE(HostPort::parse(std::string("a\0b:80", 6)));
}

}  // namespace
}  // namespace hansa
