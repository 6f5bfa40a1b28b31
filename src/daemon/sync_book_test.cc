#include "daemon/sync_book.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

TEST(SyncBook, tells_what_all_but_one_of_a_hundred_do_not_exceed) {
    SyncBook book;
    book.add(std::vector<Duration>(15, Milliseconds{2}));
    EXPECT_FALSE(book.p99()) << "too few";
    book.add({Milliseconds{300}});
    EXPECT_EQ(book.p99(), Milliseconds{300}) << "of a few the slowest counts";
    book.add(std::vector<Duration>(112, Milliseconds{3}));
    EXPECT_EQ(book.p99(), Milliseconds{3}) << "of many one does not";
    book.add({Milliseconds{200}});
    EXPECT_EQ(book.p99(), Milliseconds{200}) << "and two do";
    book.add(std::vector<Duration>(127, Milliseconds{1}));
    EXPECT_EQ(book.p99(), Milliseconds{1}) << "until they are long ago";
    book.clear();
    EXPECT_FALSE(book.p99());
}

TEST(SyncBook, rounds_up_and_keeps_what_it_said_until_it_has_clearly_changed) {
    EXPECT_EQ(told_sync({}, Nanoseconds{1}), Milliseconds{1});
    EXPECT_EQ(told_sync({}, Milliseconds{1}), Milliseconds{1});
    EXPECT_EQ(told_sync({}, Nanoseconds{1'000'001}), Milliseconds{2});
    EXPECT_EQ(told_sync({}, Milliseconds{9}), Milliseconds{16});
    for (const int near : {7, 8, 16, 20})
        EXPECT_EQ(told_sync(Milliseconds{16}, Milliseconds{near}), Milliseconds{16}) << near;
    EXPECT_EQ(told_sync(Milliseconds{16}, Milliseconds{6}), Milliseconds{8});
    EXPECT_EQ(told_sync(Milliseconds{16}, Milliseconds{21}), Milliseconds{32});
}

}  // namespace
}  // namespace hansa
