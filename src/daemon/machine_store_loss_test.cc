// What becomes of the store of a machine whose data is damaged or gone.
#include <gtest/gtest.h>

#include "daemon/machine_store.h"
#include "daemon/machine_store_rig.h"

namespace hansa {
namespace {

class DataLoss : public MachineStoreTest {
 protected:
    void is_a_client_of_the_others() {
        EXPECT_TRUE(holds(warnings, "other members are known: https://192.0.2.2:2379"));
        EXPECT_FALSE(has_data()) << "nothing was founded in its place";
        EXPECT_FALSE(store->serves());
        EXPECT_TRUE(store->holds_lock()) << "nobody else founds here";
        EXPECT_TRUE(told_place.elsewhere) << "so that the steward is told of the loss";
        EXPECT_EQ(dialled, others);
        EXPECT_EQ(notice().elsewhere, others);
    }
    void the_way_out_is_told_with(const char* why) {
        for (const auto* texts : {&warnings, &told}) {
            EXPECT_TRUE(holds(*texts, why));
            EXPECT_TRUE(holds(*texts, "\"hansa cluster restore\""));
        }
    }
    void stops_and_frees_the_lock() {
        bool stopped = false;
        store->stop([&stopped] { stopped = true; });
        loop.run_for(Seconds(1));
        EXPECT_TRUE(stopped);
        EXPECT_FALSE(locks.ours());
    }
};

// What etcd 3.4 says of a flipped bit in its log.
class Damaged : public DataLoss {
 protected:
    void SetUp() override {
        have_data();
        script.takes = Milliseconds(20);
        script.status = 1;
        script.lines = {{Milliseconds(10), R"({"level":"fatal","msg":"discovery failed",)"
                                           R"("error":"walpb: crc mismatch"})"}};
    }
};

TEST_F(Damaged, data_that_others_have_whole_is_put_aside_and_the_machine_is_a_client) {
    others = {"https://192.0.2.2:2379"};
    start();
    loop.run_for(Seconds(60));
    EXPECT_EQ(etcds(), 1U) << "it would end again and again";
    EXPECT_EQ(fatal, std::vector<std::string>{});
    EXPECT_TRUE(holds(warnings, "walpb: crc mismatch"));
    EXPECT_TRUE(holds(warnings, "kept in /p/cluster/etcd.aside-"));
    is_a_client_of_the_others();
}

TEST_F(Damaged, data_that_nobody_else_has_stays_and_the_way_out_is_told) {
    start();
    loop.run_for(Seconds(60));
    EXPECT_EQ(etcds(), 1U);
    EXPECT_EQ(fatal, std::vector<std::string>{}) << "what was applied is kept up";
    the_way_out_is_told_with("walpb: crc mismatch");
    EXPECT_TRUE(has_data());
    EXPECT_TRUE(store->holds_lock());
    EXPECT_TRUE(dialled.empty());
    EXPECT_FALSE(notice().serving);
    stops_and_frees_the_lock();
}

TEST_F(Damaged, an_etcd_that_ends_for_another_reason_is_started_again) {
    others = {"https://192.0.2.2:2379"};
    script.lines = {{Milliseconds(10), R"({"level":"fatal","msg":"no space left on device"})"}};
    start();
    loop.run_for(Seconds(60));
    EXPECT_GT(etcds(), 2U);
    EXPECT_TRUE(has_data());
}

// The same process would be started with the same words, and found a second store on nothing.
class Vanished : public DataLoss {
 protected:
    void serve_and_lose_data() {
        script.takes = Seconds(10);
        script.status = 1;
        start();
        loop.run_for(Seconds(5));
        ASSERT_EQ(dialled, std::vector{url(2379)});
        ASSERT_TRUE(machine.files.remove_tree("/p/cluster/etcd"));
    }
};

TEST_F(Vanished, data_that_goes_while_it_is_served_makes_the_machine_a_client_of_the_others) {
    others = {"https://192.0.2.2:2379"};
    serve_and_lose_data();
    loop.run_for(Seconds(60));
    EXPECT_EQ(etcds(), 1U);
    EXPECT_EQ(fatal, std::vector<std::string>{});
    EXPECT_TRUE(holds(warnings, "is gone from /p/cluster/etcd"));
    is_a_client_of_the_others();
}

TEST_F(Vanished, where_nobody_else_is_known_the_way_out_is_told_and_nothing_is_founded) {
    serve_and_lose_data();
    loop.run_for(Seconds(60));
    EXPECT_EQ(etcds(), 1U);
    EXPECT_FALSE(has_data());
    EXPECT_EQ(fatal, std::vector<std::string>{}) << "what was applied is kept up";
    the_way_out_is_told_with("is gone from /p/cluster/etcd");
    EXPECT_TRUE(store->holds_lock());
    EXPECT_TRUE(dialled.empty());
    EXPECT_FALSE(notice().serving);
    EXPECT_EQ(notice().client_urls, std::vector{url(2379)});
    stops_and_frees_the_lock();
}

TEST_F(Vanished, an_etcd_that_is_started_again_on_purpose_is_not_started_on_nothing) {
    serve_and_lose_data();
    store->cut_connections();
    loop.run_for(Seconds(60));
    EXPECT_EQ(etcds(), 1U);
    EXPECT_FALSE(has_data());
    EXPECT_TRUE(holds(told, "\"hansa cluster restore\""));
    EXPECT_FALSE(notice().serving);
}

TEST_F(Vanished, who_takes_over_from_a_holder_that_served_founds_nothing) {
    have_data();
    another_serves(3000);
    start();
    loop.run_for(Seconds(1));
    ASSERT_EQ(dialled, std::vector{url(3000)});
    ASSERT_TRUE(machine.files.remove_tree("/p/cluster/etcd"));
    end_the_other({});
    loop.run_for(Seconds(60));
    EXPECT_EQ(etcds(), 0U);
    EXPECT_EQ(fatal, std::vector<std::string>{}) << "an agent that runs goes on";
    EXPECT_TRUE(holds(told, "\"hansa cluster restore\""));
    EXPECT_TRUE(dialled.empty());
    EXPECT_EQ(notice().pid, our_pid);
    EXPECT_FALSE(notice().serving);
}

TEST_F(Vanished, who_belongs_to_a_cluster_that_nobody_serves_ends_and_founds_none) {
    wishes.belongs = true;
    start();
    loop.run_for(Seconds(5));
    EXPECT_EQ(etcds(), 0U);
    ASSERT_EQ(fatal.size(), 1U) << "nothing is applied yet, and its operator sees it";
    EXPECT_NE(fatal[0].find("the store is empty"), std::string::npos) << fatal[0];
    EXPECT_NE(fatal[0].find("\"hansa cluster restore\""), std::string::npos) << fatal[0];
    EXPECT_FALSE(has_data());
    EXPECT_FALSE(locks.ours());
}

TEST_F(Vanished, an_etcd_that_never_had_data_is_tried_again) {
    script.takes = Milliseconds(20);
    script.status = 1;
    script.lines.clear();
    installed = false;
    machine.processes.script("etcd", [this](const Command&) { return script; });
    start();
    loop.run_for(Seconds(60));
    EXPECT_GT(etcds(), 2U);
    EXPECT_FALSE(holds(warnings, "is gone"));
}

}  // namespace
}  // namespace hansa
