#include "daemon/identity.h"

#include <gtest/gtest.h>

#include "sys/sim/machine.h"

namespace hansa {
namespace {

struct Rig {
    SimLoop loop;
    SimMachine machine{loop, 1};
    SeededRandom random{7};
    std::string directory = "/var/lib/hansa/web1";

    Rig() { EXPECT_TRUE(machine.files.make_directories(directory)); }

    Result<Identity> claim(const char* host = "web1") {
        return claim_directory(machine.files, directory, *HostName::parse(host), random);
    }
    void spoil(std::string_view text) {
        ASSERT_TRUE(machine.files.write(directory + "/identity.json", text, {}));
    }
};

TEST(DaemonIdentity, is_made_once_and_counts_the_starts) {
    Rig rig;
    auto first = rig.claim();
    ASSERT_TRUE(first) << first.error().text;
    EXPECT_EQ(first->uuid.size(), 36u);
    EXPECT_EQ(first->incarnation, 1u);
    auto second = rig.claim();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->uuid, first->uuid);
    EXPECT_EQ(second->incarnation, 2u);
    EXPECT_EQ(rig.machine.files.status(rig.directory + "/identity.json")->mode, 0600u);
}

TEST(DaemonIdentity, another_hosts_directory_is_refused_and_left_alone) {
    Rig rig;
    auto mine = rig.claim();
    ASSERT_TRUE(mine);
    auto other = rig.claim("web2");
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, Code::conflict);
    EXPECT_NE(other.error().text.find("web1"), std::string::npos);
    EXPECT_EQ(rig.claim()->incarnation, 2u);
}

TEST(DaemonIdentity, garbage_is_refused_with_what_to_do) {
    for (const char* text : {"", "{", "[]", "{\"uuid\": \"x\"}", "{\"host\": \"web1\"}",
                             R"({"uuid": "x", "host": "web1", "incarnation": -1})"}) {
        Rig rig;
        rig.spoil(text);
        auto identity = rig.claim();
        ASSERT_FALSE(identity) << text;
        EXPECT_EQ(identity.error().code, Code::conflict);
        EXPECT_NE(identity.error().text.find("--prefix"), std::string::npos);
        EXPECT_EQ(*rig.machine.files.read(rig.directory + "/identity.json", 1000), text);
    }
}

TEST(DaemonIdentity, a_full_disk_is_told) {
    Rig rig;
    rig.machine.files.set_fault(rig.directory, FileFault::no_space);
    auto identity = rig.claim();
    ASSERT_FALSE(identity);
    EXPECT_NE(identity.error().text.find("identity.json"), std::string::npos);
}

TEST(DaemonIdentity, belongs_to_one_cluster_for_good) {
    Rig rig;
    auto identity = rig.claim();
    ASSERT_TRUE(identity);
    auto joined = remember_cluster(rig.machine.files, rig.directory, *identity, "one", 0);
    ASSERT_TRUE(joined);
    EXPECT_EQ(rig.claim()->cluster, "one");
    auto foreign = remember_cluster(rig.machine.files, rig.directory, *joined, "two", 0);
    ASSERT_FALSE(foreign);
    EXPECT_EQ(foreign.error().code, Code::conflict);
    EXPECT_NE(foreign.error().text.find("one"), std::string::npos);
    EXPECT_NE(foreign.error().text.find("two"), std::string::npos);
    EXPECT_EQ(rig.claim()->cluster, "one");
}

TEST(DaemonIdentity, remembers_the_latest_epoch_of_its_cluster) {
    Rig rig;
    auto identity = rig.claim();
    ASSERT_TRUE(identity);
    EXPECT_EQ(identity->epoch, 0U);
    auto seen = remember_cluster(rig.machine.files, rig.directory, *identity, "one", 2);
    ASSERT_TRUE(seen);
    EXPECT_EQ(rig.claim()->epoch, 2U);
    auto older = remember_cluster(rig.machine.files, rig.directory, *seen, "one", 1);
    ASSERT_TRUE(older);
    EXPECT_EQ(older->epoch, 2U);
    EXPECT_EQ(rig.claim()->epoch, 2U) << "an older one is no news";
    EXPECT_FALSE(remember_cluster(rig.machine.files, rig.directory, *seen, "two", 9));
    EXPECT_EQ(rig.claim()->epoch, 2U);
}

}  // namespace
}  // namespace hansa
