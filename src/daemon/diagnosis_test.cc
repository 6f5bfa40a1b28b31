#include "daemon/diagnosis.h"

#include <gtest/gtest.h>

#include <functional>

#include "data/json.h"

namespace hansa {
namespace {

using Grade = Finding::Grade;

constexpr WallTime noon{Seconds{1'700'000'000}};

Signs healthy() {
    Signs signs;
    signs.now = noon;
    signs.prefix = "/p";
    signs.disk_free = std::uint64_t{20} << 30;
    signs.disk_size = std::uint64_t{40} << 30;
    signs.etcd_version = "3.4.23";
    signs.clock_is_synchronised = true;
    HostSigns host;
    host.name = "web1";
    host.certified_from = noon - Seconds{3600};
    host.certified_until = noon + Seconds{20 * 3600};
    host.is_marked_member = host.has_member_data = host.agent_runs = true;
    signs.hosts = {host};
    signs.status = *parse_json(R"({"graph":{"refused":""},"counts":{"settled":3},
        "store":{"state":"connected","detail":"10.0.0.1:2379"}})");
    signs.cluster = *parse_json(R"({"health":"healthy","reasons":[],"stale":false,
        "tolerance":"can lose 1 more voter","alarms":[],"members":[
        {"seat":"voter","host":"web1","answers":true,"etcd":"3.4.23"},
        {"seat":"voter","host":"web2","answers":true,"etcd":"3.4.23"},
        {"seat":"voter","host":"web3","answers":true,"etcd":"3.4.23"}]})");
    signs.peers = *parse_json(R"({"peers":[{"name":"web1","version":"0.1.0","alive":true},
        {"name":"web2","version":"0.1.0","alive":true,"clock_offset_ms":200}]})");
    return signs;
}

// What is found beside the good things when that is changed.
std::vector<Finding> found(const std::function<void(Signs&)>& change) {
    Signs signs = healthy();
    change(signs);
    std::vector<Finding> findings = diagnose(signs);
    std::erase_if(findings, [](const Finding& one) { return one.grade == Grade::good; });
    return findings;
}

// Exactly one finding, of that grade, with these words.
void expect_one(Grade grade, const std::string& words, const std::function<void(Signs&)>& change) {
    const auto findings = found(change);
    ASSERT_EQ(findings.size(), 1U) << words;
    EXPECT_EQ(findings[0].grade, grade) << findings[0].what;
    EXPECT_NE(findings[0].what.find(words), std::string::npos) << findings[0].what;
    EXPECT_FALSE(findings[0].remedy.empty()) << findings[0].what;
}

TEST(Diagnosis, of_what_is_well_nothing_is_said_but_that) {
    const auto findings = diagnose(healthy());
    EXPECT_EQ(worst(findings), Grade::good);
    EXPECT_GE(findings.size(), 5U);
    for (const Finding& one : findings) EXPECT_TRUE(one.remedy.empty()) << one.what;
}

TEST(Diagnosis, of_the_machine) {
    expect_one(Grade::problem, "others may write",
               [](Signs& signs) { signs.prefix_fault = "/p: others may write there"; });
    expect_one(Grade::problem, "are free below /p",
               [](Signs& signs) { signs.disk_free = std::uint64_t{512} << 20; });
    expect_one(Grade::warning, "synchronised",
               [](Signs& signs) { signs.clock_is_synchronised = false; });
    expect_one(Grade::problem, "no etcd: not there",
               [](Signs& signs) { signs.etcd_fault = "not there"; });
    expect_one(Grade::warning, "etcd 3.5.1", [](Signs& signs) { signs.etcd_version = "3.5.1"; });
    expect_one(Grade::warning, "2379 is taken",
               [](Signs& signs) { signs.taken_ports = {"127.0.0.1:2379 is taken by nginx"}; });
    expect_one(Grade::warning, "root key",
               [](Signs& signs) { signs.root_key_is_here = signs.others_joined = true; });
    EXPECT_TRUE(found([](Signs& signs) { signs.root_key_is_here = true; }).empty())
        << "nobody else depends on it";
}

TEST(Diagnosis, a_small_disk_is_judged_by_its_share) {
    EXPECT_TRUE(found([](Signs& signs) {
                    signs.disk_size = std::uint64_t{4} << 30;
                    signs.disk_free = std::uint64_t{500} << 20;
                }).empty());
    expect_one(Grade::problem, "gives its seat up", [](Signs& signs) {
        signs.disk_size = std::uint64_t{4} << 30;
        signs.disk_free = std::uint64_t{300} << 20;
    });
}

TEST(Diagnosis, of_a_host) {
    const auto host = [](const std::function<void(HostSigns&)>& change) {
        return [change](Signs& signs) { change(signs.hosts[0]); };
    };
    expect_one(Grade::problem, "web1: damaged",
               host([](HostSigns& one) { one.identity_fault = "damaged"; }));
    expect_one(Grade::problem, "is not valid before",
               host([](HostSigns& one) { one.certified_from = noon + Seconds{60}; }));
    expect_one(Grade::problem, "has expired",
               host([](HostSigns& one) { one.certified_until = noon; }));
    expect_one(Grade::warning, "expires at",
               host([](HostSigns& one) { one.certified_until = noon + Seconds{3600}; }));
    expect_one(Grade::problem, "cannot be read: bad",
               host([](HostSigns& one) { one.certificate_fault = "bad"; }));
    expect_one(Grade::problem, "member of the store is gone",
               host([](HostSigns& one) { one.has_member_data = false; }));
    expect_one(Grade::warning, "does not run",
               host([](HostSigns& one) { one.agent_runs = false; }));
    expect_one(Grade::problem, "does not answer",
               host([](HostSigns& one) { one.agent_fault = "it does not answer"; }));
}

TEST(Diagnosis, of_what_the_agent_says) {
    expect_one(Grade::problem, "line 3", [](Signs& signs) {
        signs.status = *parse_json(R"({"graph":{"refused":"line 3: no"}})");
    });
    expect_one(Grade::problem, "2 resources failed",
               [](Signs& signs) { signs.status = *parse_json(R"({"counts":{"failed":2}})"); });
    expect_one(Grade::problem, "not reached: refused", [](Signs& signs) {
        signs.status = *parse_json(R"({"store":{"state":"away","detail":"refused"}})");
    });
}

TEST(Diagnosis, of_the_cluster_and_what_always_holds_in_one) {
    const auto cluster = [](const std::string& text) {
        return [text](Signs& signs) { signs.cluster = *parse_json(text); };
    };
    expect_one(Grade::problem, "no majority: 1 of 3", cluster(R"({"stale":true,
        "reasons":["1 of 3 voters answers"],"members":[]})"));
    expect_one(Grade::problem, "cannot be seen: no member is known", cluster(R"({"stale":true,
        "reasons":["no member is known"],"remedy":"run one","members":[]})"));
    expect_one(Grade::warning, "degraded: web3 is away", cluster(R"({"health":"degraded",
        "reasons":["web3 is away"],"members":[{"seat":"voter"}]})"));
    expect_one(Grade::problem, "no voters", cluster(R"({"health":"healthy","members":[]})"));
    const std::string two = R"({"seat":"voter"},{"seat":"voter"})";
    expect_one(Grade::warning, "is even (2)",
               cluster(R"({"health":"healthy","members":[)" + two + "]}"));
    EXPECT_TRUE(
        found(cluster(R"({"health":"healthy","intent":{},"members":[)" + two + "]}")).empty());
    expect_one(Grade::problem, "2 learners at once", cluster(R"({"health":"healthy","members":[
        {"seat":"voter"},{"seat":"learner"},{"seat":"learner"}]})"));
    expect_one(
        Grade::problem, "an alarm of the store: no space",
        cluster(R"({"health":"healthy","alarms":["no space"],"members":[{"seat":"voter"}]})"));
    expect_one(Grade::warning, "different etcds: 3.4.23 on a; 3.4.30 on b",
               cluster(R"({"health":"healthy","members":[
        {"seat":"voter","host":"a","answers":true,"etcd":"3.4.23"},
        {"seat":"voter","host":"b","answers":true,"etcd":"3.4.30"},{"seat":"voter"}]})"));
}

TEST(Diagnosis, of_other_hosts) {
    const auto peers = [](const std::string& text) {
        return [text](Signs& signs) { signs.peers = *parse_json(R"({"peers":[)" + text + "]}"); };
    };
    expect_one(Grade::warning, "different versions",
               peers(R"({"name":"a","version":"1","alive":true},
                        {"name":"b","version":"2","alive":true})"));
    EXPECT_TRUE(found(peers(R"({"name":"a","version":"1","alive":true},
                               {"name":"b","version":"2","alive":false})"))
                    .empty());
    expect_one(Grade::warning, "clock of a is 2 s behind that of the steward's host",
               peers(R"({"name":"a","alive":true,"clock_offset_ms":-2000})"));
    expect_one(Grade::problem, "clock of a",
               peers(R"({"name":"a","alive":true,"clock_offset_ms":45000})"));
    const auto disk = [&peers](const std::string& seat, int p99) {
        return peers(R"({"name":"a","alive":true,"seat":")" + seat + R"(","fsync_p99_ms":)" +
                     std::to_string(p99) + "}");
    };
    EXPECT_TRUE(found(disk("voter", 16)).empty()) << "which may be 9";
    expect_one(Grade::warning, "the disk of a takes up to 32 ms", disk("voter", 32));
    expect_one(Grade::problem, "loses its leadership", disk("learner", 512));
    EXPECT_TRUE(found(disk("-", 512)).empty()) << "nothing is written there";
}

TEST(Diagnosis, problems_come_first) {
    Signs signs = healthy();
    signs.clock_is_synchronised = false;
    signs.hosts[0].has_member_data = false;
    const auto findings = diagnose(signs);
    EXPECT_EQ(findings[0].grade, Grade::problem);
    EXPECT_EQ(findings[1].grade, Grade::warning);
    EXPECT_EQ(findings[2].grade, Grade::good);
    EXPECT_EQ(worst(findings), Grade::problem);
}

}  // namespace
}  // namespace hansa
