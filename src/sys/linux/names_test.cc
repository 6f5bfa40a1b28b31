#include "sys/linux/names.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

std::string number(unsigned value) {
    return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
}

std::string label(const std::string& text) {
    return static_cast<char>(text.size()) + text;
}

const std::string root(1, '\0');
constexpr unsigned srv = 33;

std::string record(unsigned type, const std::string& data) {
    const std::string name = number(0xc00c);  // a pointer to the question's
    return name + number(type) + number(1) + std::string(4, '\0') +
           number(static_cast<unsigned>(data.size())) + data;
}

// RFC 1035, 4.1.
std::string message(const std::vector<std::string>& records) {
    std::string text = number(7) + number(0x8180) + number(1) +
                       number(static_cast<unsigned>(records.size())) + number(0) + number(0) +
                       label("_hansa") + label("_tcp") + label("example") + root + number(srv) +
                       number(1);
    for (const std::string& one : records) text += one;
    return text;
}

std::string service(unsigned priority, unsigned port, const std::string& target) {
    return record(srv, number(priority) + number(5) + number(port) + target);
}

TEST(Names, services_are_read_from_an_answer) {
    const std::string example = number(0xc018);  // a pointer into the question
    const auto read = parse_services(
        message({service(10, 2379, label("a") + label("example") + root), record(16, label("text")),
                 service(20, 2381, label("b") + example)}));
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(*read,
              (std::vector<ServiceRecord>{{10, 5, 2379, "a.example"}, {20, 5, 2381, "b.example"}}));
}

TEST(Names, an_answer_that_is_cut_anywhere_is_refused) {
    const std::string whole = message({service(10, 2379, label("a") + root)});
    ASSERT_TRUE(parse_services(whole));
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_FALSE(parse_services(whole.substr(0, length))) << length;
}

TEST(Names, targets_that_lead_nowhere_are_left_out) {
    // A name that points at itself, one past the end, and none at all.
    const auto itself = static_cast<unsigned>(message({}).size() + 12 + 6);
    const auto read = parse_services(message({service(1, 1, number(0xc000 | itself)),
                                              service(1, 1, number(0xffff)), service(1, 1, "")}));
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_TRUE(read->empty());
}

}  // namespace
}  // namespace hansa
