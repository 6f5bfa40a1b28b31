#include "daemon/home.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "daemon/machine_store.h"
#include "sys/linux/locks.h"
#include "sys/linux/loop.h"
#include "sys/linux/test_loop.h"
#include "sys/linux/workers.h"
#include "sys/sim/machine.h"

namespace hansa {
namespace {

// A real directory and lock: what two agents fight about is the kernel's.
struct Rig {
    test::FreshDirectory directory;
    LinuxLoop loop;
    LinuxFiles files;
    LinuxLocks locks{loop};
    SimAccounts accounts;
    SeededRandom random{3};
    std::string prefix = directory.path() + "/deep/state";

    Rig() { accounts.become(files.status(directory.path())->owner); }

    Result<std::unique_ptr<Home>> open(const char* host) {
        return Home::open({files, locks, accounts, random}, prefix, *HostName::parse(host));
    }
};

TEST(Home, makes_its_directories_private) {
    Rig rig;
    auto home = rig.open("a");
    ASSERT_TRUE(home) << home.error().text;
    EXPECT_EQ((*home)->directory(), rig.prefix + "/a");
    EXPECT_EQ(rig.files.status((*home)->directory())->mode, 0700u);
    EXPECT_EQ((*home)->identity().host, "a");
}

TEST(Home, two_agents_of_one_name_do_not_fit_but_two_names_do) {
    Rig rig;
    auto first = rig.open("a");
    ASSERT_TRUE(first);
    auto twin = rig.open("a");
    ASSERT_FALSE(twin);
    EXPECT_EQ(twin.error().code, Code::conflict);
    EXPECT_NE(twin.error().text.find("--hostname"), std::string::npos);
    EXPECT_TRUE(rig.open("b"));
    first->reset();
    EXPECT_TRUE(rig.open("a"));
}

TEST(Home, an_end_waits_until_the_cluster_is_remembered) {
    Rig rig;
    LinuxWorkers workers(rig.loop);
    auto home = rig.open("a");
    ASSERT_TRUE(home);
    std::vector<std::string> told;
    (*home)->finish([&] { told.push_back("nothing under way"); });
    (*home)->belong_to("c1", 0, workers, [&](Result<void> done) {
        told.push_back(done ? "remembered" : done.error().text);
    });
    (*home)->finish([&] {
        told.push_back("finished");
        rig.loop.stop();
    });
    rig.loop.run();
    EXPECT_EQ(told, (std::vector<std::string>{"nothing under way", "remembered", "finished"}));
    EXPECT_EQ((*home)->identity().cluster, "c1");
    EXPECT_EQ(read_identity(rig.files, (*home)->directory())->cluster, "c1");

    (*home)->belong_to("c2", 0, workers, [&](Result<void> done) {
        told.push_back(done ? "remembered" : done.error().text);
        rig.loop.stop();
    });
    rig.loop.run();
    EXPECT_NE(told.back().find("belongs to cluster c1"), std::string::npos) << told.back();
    EXPECT_EQ((*home)->identity().cluster, "c1");
}

TEST(Home, a_directory_that_others_may_write_is_refused) {
    Rig rig;
    ASSERT_TRUE(rig.open("a"));
    FileAttributes open_to_all;
    open_to_all.mode = 0777;
    ASSERT_TRUE(rig.files.set_attributes(rig.prefix + "/a", open_to_all));
    auto home = rig.open("a");
    ASSERT_FALSE(home);
    EXPECT_EQ(home.error().code, Code::denied);
}

TEST(Home, another_users_directory_is_refused) {
    SimLoop loop;
    SimMachine machine(loop, 1);
    ASSERT_TRUE(machine.files.make_directories("/p"));
    machine.accounts.become(1000);
    EXPECT_TRUE(check_private(machine.files, machine.accounts, "/p")) << "root's is trusted";
    FileAttributes foreign;
    foreign.owner = 65534;
    ASSERT_TRUE(machine.files.set_attributes("/p", foreign));
    auto ours = check_private(machine.files, machine.accounts, "/p");
    ASSERT_FALSE(ours);
    EXPECT_EQ(ours.error().code, Code::denied);
    EXPECT_NE(ours.error().text.find("nobody"), std::string::npos);
}

TEST(Home, the_name_of_the_machines_store_is_kept) {
    Rig rig;
    auto home = rig.open("cluster");
    ASSERT_FALSE(home);
    EXPECT_EQ(home.error().code, Code::invalid);
}

TEST(StoreNotice, comes_back_as_it_went) {
    const StoreNotice notice{4711, {"https://127.0.0.1:2379"}, {"https://127.0.0.1:2380"}, "store"};
    auto back = decode_notice(encode(notice));
    ASSERT_TRUE(back) << back.error().text;
    EXPECT_EQ(back->pid, 4711);
    EXPECT_EQ(back->client_urls, notice.client_urls);
    EXPECT_EQ(back->peer_urls, notice.peer_urls);
    EXPECT_EQ(back->server_name, "store");
}

TEST(StoreNotice, says_when_nobody_serves) {
    StoreNotice notice{4711, {"https://127.0.0.1:2379"}, {"https://127.0.0.1:2380"}, "store"};
    EXPECT_TRUE(decode_notice(encode(notice))->serving);
    notice.serving = false;
    EXPECT_FALSE(decode_notice(encode(notice))->serving);
}

TEST(StoreNotice, garbage_is_refused) {
    for (const char* text :
         {"", "{}", "[1]", "{\"pid\": 1}", R"({"pid": 0, "client_urls": ["x"]})",
          R"({"pid": "x", "client_urls": ["x"]})", R"({"pid": 7, "client_urls": ["x"]})"})
        EXPECT_FALSE(decode_notice(text)) << text;
}

}  // namespace
}  // namespace hansa
