#include "daemon/store_epoch.h"

#include <gtest/gtest.h>

#include "sys/sim/machine.h"

namespace hansa {
namespace {

class StoreEpoch : public testing::Test {
 protected:
    StoreEpoch() { EXPECT_TRUE(machine.files.make_directory("/p", {})); }

    SimLoop loop;
    SimMachine machine{loop, 1};
};

TEST_F(StoreEpoch, is_0_until_something_else_is_written) {
    EXPECT_EQ(*read_store_epoch(machine.files, "/p"), 0U);
    ASSERT_TRUE(write_store_epoch(machine.files, "/p", 7));
    EXPECT_EQ(*read_store_epoch(machine.files, "/p"), 7U);
}

TEST_F(StoreEpoch, that_cannot_be_read_is_not_taken_for_0) {
    for (const char* text : {"", "7", "{}", R"({"v":2,"epoch":1})", R"({"v":1,"epoch":-1})"}) {
        ASSERT_TRUE(machine.files.write("/p/epoch.json", text, {}));
        EXPECT_FALSE(read_store_epoch(machine.files, "/p")) << text;
    }
}

TEST_F(StoreEpoch, nothing_that_was_put_aside_is_put_over) {
    EXPECT_EQ(*put_data_aside(machine.files, "/p/etcd", WallTime{}), "");
    std::string last;
    for (const char* kept : {"first", "second", "third"}) {
        ASSERT_TRUE(machine.files.make_directory("/p/etcd", {}));
        ASSERT_TRUE(machine.files.write("/p/etcd/data", kept, {}));
        const auto aside = put_data_aside(machine.files, "/p/etcd", WallTime{});
        ASSERT_TRUE(aside);
        EXPECT_EQ(*machine.files.read(*aside + "/data", 10), kept);
        EXPECT_NE(*aside, last);
        last = *aside;
    }
    EXPECT_EQ(machine.files.list("/p")->size(), 3U);
    EXPECT_TRUE(last.starts_with("/p/etcd.aside-19700101T000000Z")) << last;
}

}  // namespace
}  // namespace hansa
