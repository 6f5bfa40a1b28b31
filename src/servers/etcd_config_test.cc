#include "servers/etcd_config.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace hansa {
namespace {

bool has(const EtcdConfig& config, const std::string& flag) {
    const auto line = etcd_command_line(config);
    return std::find(line.begin(), line.end(), flag) != line.end();
}

EtcdConfig example() {
    EtcdConfig config;
    config.name = "a";
    config.data_directory = "/var/lib/hansa/a/etcd";
    config.client_urls = {"https://127.0.0.1:2379"};
    config.peer_urls = {"https://127.0.0.1:2380"};
    config.client_tls = {"/tls/client.pem", "/tls/client.key", "/tls/roots.pem", ""};
    config.peer_tls = {"/tls/peer.pem", "/tls/peer.key", "/tls/members.pem", ""};
    config.member_name = "hansa-member";
    config.token = "t1";
    return config;
}

TEST(EtcdConfig, a_founder_is_a_cluster_of_its_own) {
    EXPECT_EQ(etcd_command_line(example()),
              (std::vector<std::string>{
                  "etcd",
                  "--name=a",
                  "--data-dir=/var/lib/hansa/a/etcd",
                  "--listen-client-urls=https://127.0.0.1:2379",
                  "--advertise-client-urls=https://127.0.0.1:2379",
                  "--listen-peer-urls=https://127.0.0.1:2380",
                  "--initial-advertise-peer-urls=https://127.0.0.1:2380",
                  "--initial-cluster=a=https://127.0.0.1:2380",
                  "--initial-cluster-state=new",
                  "--initial-cluster-token=t1",
                  "--initial-election-tick-advance=true",
                  "--heartbeat-interval=100",
                  "--election-timeout=1000",
                  "--pre-vote=true",
                  "--strict-reconfig-check=true",
                  "--experimental-initial-corrupt-check=true",
                  "--experimental-corrupt-check-time=0s",
                  "--max-txn-ops=10240",
                  "--max-request-bytes=10485760",
                  "--quota-backend-bytes=2147483648",
                  "--snapshot-count=10000",
                  "--auto-compaction-mode=periodic",
                  "--auto-compaction-retention=600s",
                  "--grpc-keepalive-min-time=500ms",
                  "--enable-grpc-gateway=false",
                  "--logger=zap",
                  "--log-level=info",
                  "--log-outputs=stderr",
                  "--cert-file=/tls/client.pem",
                  "--key-file=/tls/client.key",
                  "--trusted-ca-file=/tls/roots.pem",
                  "--client-cert-auth=true",
                  "--peer-cert-file=/tls/peer.pem",
                  "--peer-key-file=/tls/peer.key",
                  "--peer-trusted-ca-file=/tls/members.pem",
                  "--peer-client-cert-auth=true",
                  "--peer-cert-allowed-cn=hansa-member",
              }));
}

TEST(EtcdConfig, certificates_that_were_taken_back_are_named_to_each_side) {
    auto config = example();
    config.client_tls.crl_file = "/tls/clients.crl";
    config.peer_tls.crl_file = "/tls/members.crl";
    EXPECT_TRUE(has(config, "--client-crl-file=/tls/clients.crl"));
    EXPECT_TRUE(has(config, "--peer-crl-file=/tls/members.crl"));
}

TEST(EtcdConfig, who_joins_names_all_members_and_an_existing_cluster) {
    auto config = example();
    config.entry = EtcdConfig::Entry::joining;
    config.members = {{"a", "https://10.0.0.1:2380"}, {"b", "https://10.0.0.2:2380"}};
    EXPECT_TRUE(has(config, "--initial-cluster-state=existing"));
    EXPECT_TRUE(has(config, "--initial-cluster=a=https://10.0.0.1:2380,b=https://10.0.0.2:2380"));
}

TEST(EtcdConfig, who_joins_is_known_by_its_address_until_it_has_told_its_name) {
    auto config = example();
    config.entry = EtcdConfig::Entry::joining;
    config.name = "b";
    config.peer_urls = {"https://0.0.0.0:2380"};
    config.peers_told = {"https://10.0.0.2:2380"};
    config.members = {{"a", "https://10.0.0.1:2380"},
                      {"a", "https://192.0.2.1:2380"},
                      {"", "https://10.0.0.2:2380"},
                      {"", "https://10.0.0.3:2380"}};
    EXPECT_TRUE(has(config,
                    "--initial-cluster=a=https://10.0.0.1:2380,a=https://192.0.2.1:2380,"
                    "b=https://10.0.0.2:2380,unnamed=https://10.0.0.3:2380"));
}

TEST(EtcdConfig, others_may_be_told_addresses_that_it_does_not_listen_on) {
    auto config = example();
    config.client_urls = {"https://0.0.0.0:2379"};
    config.clients_told = {"https://10.0.0.1:2379", "https://192.0.2.1:2379"};
    config.peers_told = {"https://10.0.0.1:2380"};
    EXPECT_TRUE(has(config, "--listen-client-urls=https://0.0.0.0:2379"));
    EXPECT_TRUE(
        has(config, "--advertise-client-urls=https://10.0.0.1:2379,https://192.0.2.1:2379"));
    EXPECT_TRUE(has(config, "--initial-advertise-peer-urls=https://10.0.0.1:2380"));
    EXPECT_TRUE(has(config, "--initial-cluster=a=https://10.0.0.1:2380"));
}

TEST(EtcdConfig, the_operators_flags_come_last_and_so_win) {
    auto config = example();
    config.more_flags = {"--snapshot-count=1000"};
    EXPECT_EQ(etcd_command_line(config).back(), "--snapshot-count=1000");
}

TEST(EtcdLog, serving_is_told_by_two_generations_of_etcd) {
    EXPECT_TRUE(read_etcd_log(R"({"level":"info","msg":"serving client traffic insecurely; this )"
                              R"(is strongly discouraged!","address":"127.0.0.1:1"})")
                    .serving);
    EXPECT_TRUE(
        read_etcd_log(R"({"level":"info","msg":"ready to serve client requests"})").serving);
    EXPECT_FALSE(read_etcd_log(R"({"level":"info","msg":"serving peer traffic"})").serving);
}

TEST(EtcdLog, faults_carry_their_reason) {
    EXPECT_EQ(read_etcd_log(R"({"level":"fatal","msg":"discovery failed","error":"listen tcp )"
                            R"(127.0.0.1:2380: bind: address already in use","stacktrace":"x\ny"})")
                  .fault,
              "discovery failed: listen tcp 127.0.0.1:2380: bind: address already in use");
    EXPECT_EQ(read_etcd_log(R"({"level":"panic","msg":"tocommit is out of range"})").fault,
              "tocommit is out of range");
    EXPECT_EQ(read_etcd_log(R"({"level":"info","msg":"fine","error":"none"})").fault, "");
    EXPECT_EQ(read_etcd_log("flag provided but not defined: -x").fault,
              "flag provided but not defined: -x");
}

TEST(EtcdLog, damage_is_told_from_what_may_pass) {
    EXPECT_TRUE(tells_of_damage("discovery failed: walpb: crc mismatch"));
    EXPECT_TRUE(tells_of_damage("failed to open database: invalid database"));
    for (const char* other :
         {"", "discovery failed: listen tcp 127.0.0.1:2380: bind: address already in use",
          "failed to create WAL: no space left on device", "etcd is not installed",
          "failed to find local ID in cluster members"})
        EXPECT_FALSE(tells_of_damage(other)) << other;
}

TEST(EtcdLog, lines_of_any_shape_are_survived) {
    for (const auto* line : {"", "{", "null", "[]", "{}", R"({"msg":3,"level":[]})", "\xff\x01{"}) {
        EXPECT_FALSE(read_etcd_log(line).serving) << line;
        EXPECT_EQ(read_etcd_log(line).fault, "") << line;
    }
    EXPECT_EQ(read_etcd_log("error: \x1b[31m\n").fault.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace hansa
