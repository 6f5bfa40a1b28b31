// Who serves the store of a machine, with simulated processes, time and ports.
#include "daemon/machine_store.h"

#include <gtest/gtest.h>

#include "daemon/machine_store_rig.h"
#include "daemon/store_epoch.h"

namespace hansa {
namespace {

TEST_F(MachineStoreTest, the_first_agent_serves_at_the_usual_port_and_says_so) {
    start();
    loop.run_for(Seconds(1));
    EXPECT_TRUE(store->serves());
    EXPECT_EQ(dialled, std::vector{url(2379)});
    const auto notice = decode_notice(*machine.files.read("/p/cluster/store.json", 10'000));
    ASSERT_TRUE(notice);
    EXPECT_EQ(notice->pid, our_pid);
    EXPECT_EQ(notice->client_urls, std::vector{url(2379)});
}

TEST_F(MachineStoreTest, its_etcd_is_certified_for_its_urls_and_others_learn_its_name) {
    start();
    loop.run_for(Seconds(1));
    EXPECT_EQ(certified, (std::vector<std::vector<std::string>>{{url(2379), url(2380)}}));
    EXPECT_EQ(server_name, "certified");
    const auto notice = decode_notice(*machine.files.read("/p/cluster/store.json", 10'000));
    ASSERT_TRUE(notice);
    EXPECT_EQ(notice->server_name, "certified");
    const std::string line = machine.processes.history().front().text + " ";
    for (const char* flag : {"--cert-file=/p/tls.pem", "--peer-trusted-ca-file=/p/ca.pem",
                             "--client-cert-auth=true", "--peer-cert-allowed-cn=hansa-member"})
        EXPECT_NE(line.find(std::string(" ") + flag + " "), std::string::npos) << line;
}

TEST_F(MachineStoreTest, founds_with_the_times_that_it_is_told_and_keeps_them) {
    wishes.timing = "fast";
    start();
    loop.run_for(Seconds(1));
    EXPECT_EQ(notice().timing, "fast");
    EXPECT_EQ(store->timing(), "fast");
    const std::string first = machine.processes.history().front().text;
    EXPECT_NE(first.find("--heartbeat-interval=20 --election-timeout=200 "), std::string::npos)
        << first;
    store.reset();
    wishes.timing.clear();
    start();
    loop.run_for(Seconds(1));
    EXPECT_EQ(store->timing(), "fast") << "what the other members have, whatever the options say";
    const std::string second = machine.processes.history().back().text;
    EXPECT_NE(second.find("--heartbeat-interval=20 "), std::string::npos) << second;
    EXPECT_EQ(notice().timing, "fast");
}

TEST_F(MachineStoreTest, times_that_nobody_chose_are_the_usual_ones_for_ever) {
    start();
    loop.run_for(Seconds(1));
    store.reset();
    wishes.timing = "fast";
    start();
    loop.run_for(Seconds(1));
    EXPECT_EQ(store->timing(), "");
    const std::string line = machine.processes.history().back().text;
    EXPECT_NE(line.find("--heartbeat-interval=100 --election-timeout=1000 "), std::string::npos);
}

TEST_F(MachineStoreTest, listens_where_it_is_told_and_tells_others_another_address) {
    wishes.listen = "0.0.0.0";
    wishes.advertise = "192.0.2.1";
    another_serves(7000);  // of an earlier run at the loopback interface
    locks.other_holds = false;
    ports.taken = {2380};
    start();
    ASSERT_TRUE(loop.run_until([&] { return !dialled.empty(); }, Seconds(5)));
    EXPECT_EQ(dialled, std::vector<std::string>{"https://0.0.0.0:2379"});
    EXPECT_EQ(told_place.clients_told, std::vector<std::string>{"https://192.0.2.1:2379"});
    ASSERT_EQ(told_place.peers_told.size(), 1u);
    EXPECT_TRUE(told_place.peers_told[0].starts_with("https://192.0.2.1:"));
    EXPECT_FALSE(told_place.peers_told[0].ends_with(":2380")) << "that is taken";
    const auto& urls = certified.back();
    EXPECT_NE(std::find(urls.begin(), urls.end(), "https://192.0.2.1:2379"), urls.end());
    const auto notice =
        decode_notice(*machine.files.read("/p/cluster/store.json", std::uint64_t{1} << 20));
    ASSERT_TRUE(notice) << notice.error().text;
    EXPECT_EQ(notice->clients_told, told_place.clients_told);
}

TEST_F(MachineStoreTest, who_follows_learns_what_other_hosts_are_told) {
    another_serves(7000);
    write_notice({other_pid, {url(7000)}, {url(7001)}, "theirs", true, {"https://192.0.2.1:7000"}});
    start();
    ASSERT_TRUE(loop.run_until([&] { return !dialled.empty(); }, Seconds(5)));
    EXPECT_EQ(dialled, std::vector<std::string>{url(7000)});
    EXPECT_EQ(told_place.clients_told, std::vector<std::string>{"https://192.0.2.1:7000"});
    write_notice({other_pid, {url(7000)}, {url(7001)}, "theirs"});
    ASSERT_TRUE(loop.run_until(
        [&] { return told_place.clients_told == std::vector<std::string>{url(7000)}; },
        Seconds(5)));
}

TEST_F(MachineStoreTest, its_certificate_is_renewed_in_time_and_again_after_a_failure) {
    start();
    loop.run_for(Seconds(15 * 3600));
    EXPECT_EQ(certified.size(), 1u);
    uncertified = Error{Code::unavailable, "no space left"};
    loop.run_for(Seconds(2 * 3600));
    EXPECT_TRUE(holds(warnings, "not renewed: no space left"));
    uncertified.reset();
    loop.run_for(Seconds(61));
    const std::size_t made = certified.size();
    loop.run_for(Seconds(14 * 3600));
    EXPECT_EQ(certified.size(), made);
    EXPECT_EQ(etcds(), 1u) << "etcd reads the files; it is not started again";
}

TEST_F(MachineStoreTest, connections_are_cut_by_starting_etcd_again_where_it_was) {
    start();
    loop.run_for(Seconds(1));
    ASSERT_EQ(dialled, std::vector{url(2379)});
    store->cut_connections();
    store->cut_connections();
    loop.run_until([this] { return dialled.empty(); }, Seconds(10));
    EXPECT_TRUE(dialled.empty()) << "somebody else may stand there for a moment";
    loop.run_for(Seconds(1));
    EXPECT_EQ(etcds(), 2u);
    EXPECT_EQ(machine.processes.most_at_once(), 1u);
    EXPECT_EQ(certified.size(), 2u);
    EXPECT_EQ(dialled, std::vector{url(2379)});
    EXPECT_TRUE(warnings.empty());

    bool stopped = false;
    store->stop([&stopped] { stopped = true; });
    store->cut_connections();
    loop.run_for(Seconds(10));
    EXPECT_TRUE(stopped);
    EXPECT_EQ(etcds(), 2u);
}

TEST_F(MachineStoreTest, without_a_certificate_no_etcd_is_started) {
    uncertified = Error{Code::denied, "the issuing key may be read by others"};
    start();
    loop.run_for(Seconds(1));
    EXPECT_EQ(etcds(), 0u);
    EXPECT_TRUE(holds(fatal, "issuing key"));
}

TEST_F(MachineStoreTest, who_follows_learns_the_name_of_the_holders_store) {
    another_serves(3000);
    start();
    loop.run_for(Seconds(1));
    EXPECT_EQ(server_name, "theirs");
    EXPECT_TRUE(certified.empty());
}

TEST_F(MachineStoreTest, a_usual_port_that_is_taken_gives_a_free_one_at_once) {
    ports.taken = {2379};
    start();
    loop.run_for(Milliseconds(100));
    EXPECT_EQ(dialled, std::vector{url(40000)});
}

TEST_F(MachineStoreTest, whoever_comes_later_dials_the_holder) {
    another_serves(3000);
    start();
    loop.run_for(Seconds(1));
    EXPECT_FALSE(store->serves());
    EXPECT_EQ(dialled, std::vector{url(3000)});
}

TEST_F(MachineStoreTest, a_notice_that_is_not_the_holders_is_not_believed) {
    another_serves(3000);
    write_notice({999, {url(3000)}, {url(3001)}, "theirs"});
    start();
    loop.run_for(Seconds(1));
    EXPECT_TRUE(dialled.empty());
    write_notice({other_pid, {url(3000)}, {url(3001)}, "theirs"});
    loop.run_for(Seconds(1));
    EXPECT_EQ(dialled, std::vector{url(3000)});
}

TEST_F(MachineStoreTest, the_next_holder_serves_at_the_same_port_though_it_is_freed_late) {
    another_serves(3000);
    start();
    loop.run_for(Seconds(1));
    end_the_other(Milliseconds(30));
    loop.run_for(Milliseconds(500));
    EXPECT_TRUE(store->serves());
    EXPECT_EQ(dialled, std::vector{url(3000)});
    EXPECT_TRUE(warnings.empty());
}

TEST_F(MachineStoreTest, a_remembered_port_that_stays_taken_is_given_up_after_a_second) {
    another_serves(3000);
    start();
    loop.run_for(Seconds(1));
    end_the_other(Seconds(1000));
    loop.run_for(Milliseconds(900));
    EXPECT_FALSE(store->serves());
    loop.run_for(Seconds(1));
    EXPECT_EQ(dialled, std::vector{url(2379)});
}

TEST_F(MachineStoreTest, a_takeover_with_an_explicit_port_that_is_freed_late_ends_nobody) {
    wishes.client_urls = {url(3000)};
    another_serves(3000);
    start();
    loop.run_for(Seconds(1));
    end_the_other(Milliseconds(30));
    loop.run_for(Milliseconds(500));
    EXPECT_TRUE(fatal.empty());
    EXPECT_EQ(dialled, std::vector{url(3000)});
}

TEST_F(MachineStoreTest, a_takeover_waits_for_an_explicit_port_as_long_as_it_takes) {
    wishes.client_urls = {url(3000)};
    another_serves(3000);
    start();
    loop.run_for(Seconds(1));
    end_the_other(Seconds(600));
    loop.run_for(Seconds(599));
    EXPECT_TRUE(fatal.empty());
    ASSERT_EQ(warnings.size(), 1u) << "told once";
    EXPECT_NE(warnings[0].find("3000"), std::string::npos);
    EXPECT_TRUE(dialled.empty());
    loop.run_for(Seconds(3));
    EXPECT_EQ(dialled, std::vector{url(3000)});
}

TEST_F(MachineStoreTest, an_explicit_port_that_is_taken_at_the_start_is_fatal_after_a_second) {
    wishes.client_urls = {url(3000)};
    ports.taken = {3000};
    start();
    loop.run_for(Milliseconds(900));
    EXPECT_TRUE(fatal.empty());
    loop.run_for(Seconds(1));
    ASSERT_EQ(fatal.size(), 1u);
    EXPECT_NE(fatal[0].find("--client-urls https://127.0.0.1:3000"), std::string::npos);
    loop.run_for(Seconds(100));
    EXPECT_EQ(fatal.size(), 1u);
    EXPECT_FALSE(locks.ours());
}

TEST_F(MachineStoreTest, after_a_fatal_error_a_notice_starts_nothing) {
    wishes.client_urls = {url(3000)};
    ports.taken = {3000};
    start();
    loop.run_for(Seconds(3));
    ASSERT_EQ(fatal.size(), 1u);
    ports.taken.clear();
    write_notice({other_pid, {url(3000)}, {url(3001)}, "theirs"});
    loop.run_for(Seconds(3));
    EXPECT_EQ(etcds(), 0u);
    EXPECT_FALSE(locks.ours());
}

TEST_F(MachineStoreTest, without_etcd_the_first_agent_ends_with_advice) {
    installed = false;
    start();
    loop.run_for(Seconds(1));
    ASSERT_EQ(fatal.size(), 1u);
    EXPECT_NE(fatal[0].find("install"), std::string::npos);
}

TEST_F(MachineStoreTest, without_etcd_a_takeover_waits_until_it_is_there) {
    installed = false;
    another_serves(3000);
    start();
    loop.run_for(Seconds(1));
    end_the_other(Milliseconds(30));
    loop.run_for(Seconds(60));
    EXPECT_TRUE(fatal.empty());
    EXPECT_TRUE(holds(warnings, "install"));
    install_etcd();
    loop.run_for(Seconds(2));
    EXPECT_EQ(dialled, std::vector{url(3000)});
}

TEST_F(MachineStoreTest, an_etcd_that_ends_is_told_once_and_shown_as_away) {
    start();
    loop.run_for(Seconds(1));
    told.clear();
    script.takes = Milliseconds(1);
    script.status = 1;
    script.lines.clear();
    wishes.client_urls = {url(3000)};
    store.reset();
    start();
    loop.run_for(Milliseconds(10));
    ASSERT_FALSE(warnings.empty());
    EXPECT_EQ(warnings[0], "etcd ended: exit status 1; it is started again in 100 ms");
    EXPECT_TRUE(holds(told, "etcd ended: exit status 1"));
}

TEST_F(MachineStoreTest, an_etcd_whose_port_was_taken_from_it_moves_and_runs_once) {
    script.takes = Milliseconds(200);
    script.status = 1;
    start();
    loop.run_for(Milliseconds(100));
    ASSERT_EQ(dialled, std::vector{url(2379)});
    ports.taken = {2379};
    script.takes = Seconds(1000);
    loop.run_for(Seconds(5));
    EXPECT_EQ(dialled, std::vector{url(40000)});
    EXPECT_EQ(machine.processes.most_at_once(), 1u);
    EXPECT_EQ(etcds(), 2u);
}

TEST_F(MachineStoreTest, a_holder_without_a_name_is_asked_for_with_pauses_and_told) {
    locks.other_holds = true;
    locks.other_says_its_name = false;
    start();
    loop.run_for(Seconds(60));
    EXPECT_LT(locks.asked, 80);
    ASSERT_FALSE(told.empty());
    EXPECT_EQ(told.back(),
              "waiting for whoever holds /p/cluster/lock: it does not say which process it is");
    locks.other_says_its_name = true;
    write_notice({other_pid, {url(3000)}, {url(3001)}, "theirs"});
    loop.run_for(Seconds(2));
    EXPECT_EQ(dialled, std::vector{url(3000)});
}

TEST_F(MachineStoreTest, another_users_store_is_never_joined) {
    machine.accounts.become(1000);
    locks.other_holds = true;
    locks.other_user = 65534;
    start();
    loop.run_for(Seconds(1));
    ASSERT_EQ(fatal.size(), 1u);
    EXPECT_NE(fatal[0].find("nobody"), std::string::npos);
}

TEST_F(MachineStoreTest, a_machine_whose_member_was_removed_is_a_client_of_the_others) {
    others = {"https://192.0.2.2:2379"};
    is_removed_after(Seconds(10));
    start();
    loop.run_for(Seconds(5));
    ASSERT_EQ(dialled, std::vector{url(2379)});
    loop.run_for(Seconds(20));
    EXPECT_EQ(fatal, std::vector<std::string>{});
    EXPECT_FALSE(store->serves());
    EXPECT_TRUE(store->holds_lock()) << "nobody else founds here";
    EXPECT_EQ(dialled, others);
    EXPECT_TRUE(told_place.elsewhere);
    EXPECT_FALSE(has_data());
    EXPECT_EQ(notice().elsewhere, others);
    EXPECT_EQ(etcds(), 1U);
}

TEST_F(MachineStoreTest, and_stays_one_after_a_restart) {
    write_notice({other_pid, {url(2379)}, {url(2380)}, "theirs", true, {}, {"https://old:2379"}});
    others = {"https://192.0.2.2:2379"};
    start();
    loop.run_for(Seconds(5));
    EXPECT_EQ(etcds(), 0U);
    EXPECT_EQ(dialled, others) << "what is known now counts";
    EXPECT_EQ(notice().pid, our_pid);
    EXPECT_EQ(server_name, "theirs");
}

TEST_F(MachineStoreTest, where_nothing_newer_is_known_the_notice_counts) {
    write_notice({other_pid, {url(2379)}, {url(2380)}, "theirs", true, {}, {"https://old:2379"}});
    start();
    loop.run_for(Seconds(5));
    EXPECT_EQ(etcds(), 0U);
    EXPECT_EQ(dialled, std::vector<std::string>{"https://old:2379"});
}

TEST_F(MachineStoreTest, data_that_is_there_again_is_served_whatever_a_notice_says) {
    write_notice({other_pid, {url(2379)}, {url(2380)}, "theirs", true, {}, {"https://old:2379"}});
    have_data();
    start();
    loop.run_for(Seconds(5));
    EXPECT_EQ(dialled, std::vector{url(2379)});
    EXPECT_FALSE(told_place.elsewhere);
    EXPECT_TRUE(notice().elsewhere.empty());
}

TEST_F(MachineStoreTest, who_belongs_to_a_cluster_that_others_serve_founds_none_beside_it) {
    wishes.belongs = true;
    others = {"https://192.0.2.2:2379"};
    start();
    loop.run_for(Seconds(5));
    EXPECT_EQ(etcds(), 0U);
    EXPECT_TRUE(told_place.elsewhere);
}

TEST_F(MachineStoreTest, whoever_follows_a_machine_without_a_member_goes_where_it_says) {
    locks.other_holds = true;
    write_notice({other_pid, {url(2379)}, {url(2380)}, "theirs", true, {}, {"https://old:2379"}});
    start();
    ASSERT_TRUE(loop.run_until([&] { return !dialled.empty(); }, Seconds(5)));
    EXPECT_EQ(dialled, std::vector<std::string>{"https://old:2379"});
    EXPECT_TRUE(told_place.elsewhere);
    EXPECT_FALSE(store->holds_lock());
}

TEST_F(MachineStoreTest, removed_without_knowing_of_anybody_is_fatal) {
    is_removed_after(Seconds(10));
    start();
    loop.run_for(Seconds(20));
    ASSERT_EQ(fatal.size(), 1U);
    EXPECT_NE(fatal[0].find("no other member"), std::string::npos) << fatal[0];
    EXPECT_TRUE(has_data()) << "nothing is thrown away then";
}

TEST_F(MachineStoreTest, stopping_ends_the_etcd_and_frees_the_lock) {
    start();
    loop.run_for(Seconds(1));
    bool stopped = false;
    store->stop([&stopped] { stopped = true; });
    loop.run_for(Seconds(1));
    EXPECT_TRUE(stopped);
    EXPECT_FALSE(locks.ours());
    EXPECT_TRUE(machine.processes.history()[0].ended_by_us);
}

TEST_F(MachineStoreTest, stopping_while_a_port_is_waited_for_frees_the_lock) {
    wishes.client_urls = {url(3000)};
    another_serves(3000);
    start();
    loop.run_for(Seconds(1));
    end_the_other(Seconds(600));
    loop.run_for(Seconds(5));
    ASSERT_TRUE(locks.ours());
    bool stopped = false;
    store->stop([&stopped] { stopped = true; });
    loop.run_for(Seconds(1000));
    EXPECT_TRUE(stopped);
    EXPECT_FALSE(locks.ours());
    EXPECT_EQ(etcds(), 0u);
}

// A kernel that grants no watches.
class MachineStoreWithoutWatches : public MachineStoreTest {
 protected:
    MachineStoreWithoutWatches() : MachineStoreTest({.watch = {.watches_max = 0}}) {}
};

TEST_F(MachineStoreWithoutWatches, the_notice_is_read_each_second) {
    locks.other_holds = true;
    start();
    loop.run_for(Seconds(1));
    EXPECT_TRUE(dialled.empty());
    EXPECT_TRUE(holds(warnings, "each second"));
    write_notice({other_pid, {url(3000)}, {url(3001)}, "theirs"});
    loop.run_for(Seconds(2));
    EXPECT_EQ(dialled, std::vector{url(3000)});
}

class Outdated : public MachineStoreTest {
 protected:
    void leave_data() {
        for (const char* path : {"/p", "/p/cluster", "/p/cluster/etcd", "/p/cluster/etcd/member"})
            if (!machine.files.status(path)) make(path);
    }
    void make(const std::string& path) {
        FileAttributes attributes;
        attributes.mode = 0700;
        ASSERT_TRUE(machine.files.make_directory(path, attributes));
    }
    bool has(const std::string& path) { return static_cast<bool>(machine.files.status(path)); }
};

TEST_F(Outdated, data_of_an_epoch_that_is_over_is_put_aside_and_not_served) {
    leave_data();
    wishes.epoch = 2;
    ASSERT_TRUE(write_store_epoch(machine.files, "/p/cluster", 1));
    start();
    loop.run_for(Seconds(5));
    ASSERT_EQ(fatal.size(), 1u);
    EXPECT_NE(fatal[0].find("epoch 2"), std::string::npos) << fatal[0];
    EXPECT_NE(fatal[0].find("--seeds"), std::string::npos) << fatal[0];
    EXPECT_TRUE(dialled.empty());
    EXPECT_FALSE(has("/p/cluster/etcd"));
    EXPECT_FALSE(locks.ours());
}

TEST_F(Outdated, data_of_the_present_epoch_is_served) {
    leave_data();
    wishes.epoch = 2;
    ASSERT_TRUE(write_store_epoch(machine.files, "/p/cluster", 2));
    start();
    loop.run_for(Seconds(5));
    EXPECT_TRUE(fatal.empty());
    EXPECT_FALSE(dialled.empty());
}

TEST_F(Outdated, a_store_ends_when_its_cluster_turns_out_to_be_further) {
    leave_data();
    start();
    loop.run_for(Seconds(5));
    ASSERT_FALSE(dialled.empty());
    store->epoch_is(0);
    loop.run_for(Seconds(5));
    EXPECT_TRUE(fatal.empty());
    store->epoch_is(1);
    loop.run_for(Seconds(10));
    ASSERT_EQ(fatal.size(), 1u);
    EXPECT_NE(fatal[0].find("is kept in /p/cluster/etcd.aside-"), std::string::npos) << fatal[0];
    EXPECT_FALSE(has("/p/cluster/etcd"));
}

}  // namespace
}  // namespace hansa
