#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/check.h"

namespace hansa {
namespace {

TEST(Result, carries_a_value_that_can_be_moved_out) {
    Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
    ASSERT_TRUE(result);
    const std::unique_ptr<int> taken = *std::move(result);
    EXPECT_EQ(*taken, 7);
}

TEST(Result, carries_an_error_to_which_outer_frames_add) {
    const Result<int> result = Error{Code::denied, "permission denied"};
    ASSERT_FALSE(result);
    const Error told = result.error().during("/etc/motd").during("reading");
    EXPECT_EQ(told.code, Code::denied);
    EXPECT_EQ(told.text, "reading: /etc/motd: permission denied");
    EXPECT_EQ(result.error().text, "permission denied");
}

TEST(Result, of_nothing_is_fine_until_it_gets_an_error) {
    Result<void> result;
    EXPECT_TRUE(result);
    result = Error{Code::missing, "no such file"};
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::missing);
}

TEST(Result, names_every_code) {
    EXPECT_EQ(name_of(Code::invalid), "invalid");
    EXPECT_EQ(name_of(Code::missing), "missing");
    EXPECT_EQ(name_of(Code::denied), "denied");
    EXPECT_EQ(name_of(Code::conflict), "conflict");
    EXPECT_EQ(name_of(Code::unavailable), "unavailable");
    EXPECT_EQ(name_of(Code::cancelled), "cancelled");
    EXPECT_EQ(name_of(Code::internal), "internal");
}

TEST(ResultDeathTest, aborts_on_the_side_that_is_not_there) {
    const Result<int> error = Error{Code::invalid, "no"};
    EXPECT_DEATH((void)*error, "");
    const Result<int> value = 1;
    EXPECT_DEATH((void)value.error(), "");
}

TEST(CheckDeathTest, says_what_was_promised_and_where) {
    check(true, "the sky is up");
    EXPECT_DEATH(check(false, "the sky is up"), "result_test.cc:[0-9]+: broken promise: the sky");
}

}  // namespace
}  // namespace hansa
