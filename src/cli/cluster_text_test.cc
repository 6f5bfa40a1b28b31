// What people read of an agent's answer about its cluster.
#include <gtest/gtest.h>

#include "cli/render.h"
#include "data/json.h"

namespace hansa {
namespace {

Value value(const char* json) {
    auto parsed = parse_json(json);
    EXPECT_TRUE(parsed) << parsed.error().text;
    return parsed ? *parsed : Value::of_map({});
}

TEST(ClusterText, says_what_is_well_and_who_sits_where) {
    EXPECT_EQ(as_cluster(value(R"({
        "health":"changing","reasons":["1 of 3 seats taken"],"stale":false,
        "tolerance":"a loss of the only voter stops writes",
        "revision":1234,"bytes":20480000,"bytes_used":16384,
        "seats":{"given":true,"known":true,"ideal":5,"timing":"fast","wanted":3,"taken":1,"open":0,
                 "fewer_because":["only 3 peers may hold a seat, for 5 seats"],
                 "open_because":[]},
        "members":[{"host":"n1","seat":"voter","leads":true,"domain":"dc=a","answers":true,
                    "behind":0,"url":"https://10.0.0.1:2379","etcd":"3.4.23"},
                   {"host":"n2","seat":"learner","leads":false,"domain":"","answers":false,
                    "silence":"refused","url":"","etcd":""}],
        "steward":{"host":"n1","says":"waits for n2","at":"2026-11-22T10:00:03.123Z"},
        "intent":{"purpose":"grow","why":"1 of 3 seats taken","adds":["n2","n3"],"removes":[],
                  "next":"add_learner","deadline":"2026-11-22T10:00:33.123Z"},
        "alarms":[],
        "copies":[{"host":"n5","age":10920,"revision":1200},{"host":"n4","age":40,"revision":1}],
        "penalties":[{"host":"n4","strikes":2,"until":"2026-11-22T10:02:00.000Z"}]})")),
              "health    changing: 1 of 3 seats taken\n"
              "          a loss of the only voter stops writes\n"
              "leader    n1\n"
              "store     revision 1234, 16 kB used of a file of 20 MB, etcd 3.4.23\n"
              "seats     1 of 3 seats taken, ideal size 5, timing fast\n"
              "          only 3 peers may hold a seat, for 5 seats\n"
              "copies    3 h old at n5, 40 s old at n4\n"
              "steward   n1: waits for n2 (said at 10:00:03Z)\n"
              "intent    grow: 1 of 3 seats taken; adds n2, n3; given up after 10:00:33Z\n"
              "penalties n4 gets no seat until 10:02:00Z, after 2 failures\n"
              "\n"
              "HOST  SEAT     DOMAIN  ANSWERS  BEHIND  ADDRESS\n"
              "n1    voter*   dc=a    yes      0       https://10.0.0.1:2379\n"
              "n2    learner  -       no       -       -\n");
}

TEST(ClusterText, says_that_there_is_no_copy_where_there_could_be_one) {
    const char* given = R"({"seats":{"given":true,"known":true},"copies":[]})";
    EXPECT_NE(as_cluster(value(given)).find("copies    none yet\n"), std::string::npos);
    const char* own = R"({"seats":{"given":false,"known":true},"copies":[]})";
    EXPECT_EQ(as_cluster(value(own)).find("copies"), std::string::npos);
}

TEST(ClusterText, says_first_that_nothing_can_be_written) {
    const std::string text = as_cluster(value(
        R"({"health":"read-only","reasons":["quorum lost: 1 of 3 members answer"],"stale":true,
            "read_only_since":"2026-11-22T10:00:03.123Z",
            "tolerance":"nothing can be written: 2 of 3 voters are needed",
            "members":[{"host":"n1"}]})"));
    EXPECT_TRUE(
        text.starts_with("health    read-only since 10:00:03Z, quorum lost: 1 of 3 members answer\n"
                         "          nothing can be written: 2 of 3 voters are needed\n"
                         "          what follows may be stale: it is what one member had heard of\n"
                         "leader    none\n"))
        << text;
}

TEST(ClusterText, says_nothing_of_a_store_that_nobody_here_knows) {
    const std::string cluster = as_cluster(value(
        R"({"health":"read-only","reasons":["no member of the store is known here: waiting"],
            "stale":true,"voters":0,"tolerance":"nothing is shared","remedy":"run one",
            "seats":{"given":false,"known":false,"taken":0},"members":[]})"));
    EXPECT_EQ(cluster,
              "health    read-only: no member of the store is known here: waiting\n"
              "          nothing is shared\n"
              "          to do: run one\n"
              "leader    not known\n"
              "seats     not known\n");
    const std::string peers = as_peers(value(
        R"({"time":"","stale":true,"reason":"no member of the store is known here","peers":[]})"));
    EXPECT_TRUE(peers.starts_with("no member of the store is known here\n")) << peers;
    const std::string own = as_cluster(value(R"({"seats":{"given":false,"known":true}})"));
    EXPECT_NE(own.find("serves its own machine only"), std::string::npos) << own;
}

TEST(PeersText, fits_eighty_columns_for_usual_names) {
    const std::string text = as_peers(value(R"({
        "time":"2026-11-22T12:00:00.000Z","stale":false,"peers":[
        {"name":"web1","address":"192.0.2.101","seat":"voter","leads":true,
         "since":"2026-11-22T09:05:00.000Z","domain":"dc=lon,rack=r1","version":"0.1.0","lag":0,
         "alive":true},
        {"name":"web2","address":"192.0.2.102","seat":"learner","leads":false,
         "since":"2026-03-01T09:05:00.000Z","domain":"dc=lon,rack=r2","version":"0.1.0","lag":312,
         "clock_offset_ms":-12,"alive":true},
        {"name":"web3","address":"","seat":"-","leads":false,"since":"2025-03-01T09:05:00.000Z",
         "domain":"","version":"","alive":false,"gone_since":"2026-11-22T11:58:00.000Z"},
        {"name":"web4","address":"","seat":"-","leads":false,"since":"odd",
         "domain":"","version":"","clock_offset_ms":5000,"alive":false}]})"));
    EXPECT_EQ(text,
              "NAME  ADDRESS      SEAT     SINCE  DOMAIN          VER    LAG  CLOCK  LAST\n"
              "web1  192.0.2.101  voter*   09:05  dc=lon,rack=r1  0.1.0  0    -      now\n"
              "web2  192.0.2.102  learner  03-01  dc=lon,rack=r2  0.1.0  312  -12ms  now\n"
              "web3  -            -        2025   -               -      -    -      11:58\n"
              "web4  -            -        odd    -               -      -    +5.0s  gone\n");
    EXPECT_LE(text.find('\n'), 80U);
}

TEST(PeersText, tells_how_far_a_clock_is_off) {
    const auto clock = [](const std::string& offset) {
        const std::string text = as_peers(value(
            (R"({"peers":[{"name":"n","seat":"-","alive":true,"clock_offset_ms":)" + offset + "}]}")
                .c_str()));
        return text.substr(text.rfind('\n', text.size() - 2) + 1);
    };
    EXPECT_NE(clock("0").find(" 0ms "), std::string::npos) << clock("0");
    EXPECT_NE(clock("-300").find(" -300ms "), std::string::npos) << clock("-300");
    EXPECT_NE(clock("-1200").find(" -1.2s "), std::string::npos) << clock("-1200");
    EXPECT_NE(clock("300000").find(" +300.0s "), std::string::npos) << clock("300000");
}

TEST(PeersText, says_that_it_may_be_stale) {
    const std::string text = as_peers(value(R"({"time":"","stale":true,"peers":[]})"));
    EXPECT_TRUE(text.starts_with("the store has no majority")) << text;
}

TEST(ClusterText, is_safe_for_a_terminal) {
    const std::string text = as_cluster(value(
        R"({"health":"degraded","reasons":["n1\u001b[31m does not answer"],"alarms":["\u0007"]})"));
    EXPECT_EQ(text.find('\033'), std::string::npos);
    EXPECT_EQ(text.find('\a'), std::string::npos);
}

}  // namespace
}  // namespace hansa
