// What EtcdStore tells of a store that answers and yet does not do what is asked, of lines that
// are slow, and of a store that was set back.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "mesh/etcd/store.h"
#include "mesh/etcd/testing/client.h"

namespace hansa {
namespace {

using test::Client;
using test::EtcdRig;
using test::run_for;
using test::run_until;

bool holds(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

TEST(EtcdTrouble, a_store_without_space_says_so_in_its_status_and_to_who_wants_a_lease) {
    LinuxLoop loop;
    EtcdRig rig(loop, 1);
    rig.config(0).quota_bytes = 64 * 1024;
    rig.start_all();
    Client client(loop, rig);
    Result<Committed> last = client.put("/k", "first");
    ASSERT_TRUE(last);
    // etcd learns of its size when it next writes its pages out, within about 100 ms.
    const Instant end = loop.clock().now() + Seconds(10);
    for (int at = 0; last && loop.clock().now() < end; ++at)
        last = client.put("/k" + std::to_string(at), std::string(16 * 1024, 'x'));
    ASSERT_FALSE(last);
    EXPECT_EQ(last.error().code, Code::unavailable);
    EXPECT_TRUE(holds(last.error().text, "space exceeded")) << last.error().text;
    EXPECT_TRUE(run_until(loop, [&] {
        const StoreStatus status = client.store().status();
        return status.state == StoreStatus::State::connected && holds(status.detail, "NOSPACE");
    })) << client.store().status().detail;
    EXPECT_TRUE(holds(client.store().status().detail, rig.address(0).c_str()));

    std::string refused;
    LeaseHandlers handlers;
    handlers.on_granted = [](LeaseId) { ADD_FAILURE() << "granted without space"; };
    handlers.on_lost = [] {};
    handlers.on_refused = [&refused](const Error& why) { refused = why.text; };
    const Held lease = client.store().keep_lease(Seconds(30), std::move(handlers));
    ASSERT_TRUE(run_until(loop, [&] { return !refused.empty(); }));
    EXPECT_TRUE(holds(refused, "space exceeded")) << refused;
}

TEST(EtcdTrouble, an_outage_of_many_endpoints_is_told_when_it_begins_and_after_one_round) {
    LinuxLoop loop;
    LinuxSockets sockets(loop);
    test::FreshDirectory directory;
    const test::TlsFiles tls(directory.path(), loop.clock().wall());
    std::vector<std::string> urls;
    for (int at = 0; at < 4; ++at)
        urls.push_back("https://127.0.0.1:" + std::to_string(*sockets.free_port()));
    Client client(loop, test::identity_of(tls, tls.issue(CertificateUse::peer)), urls);
    run_for(loop, Seconds(3));
    std::size_t away = 0;
    for (const StoreStatus& status : client.seen())
        away += status.state == StoreStatus::State::away ? 1 : 0;
    EXPECT_LE(away, 2u);
    for (const std::string& url : urls)
        EXPECT_TRUE(holds(client.store().status().detail, url.substr(8).c_str()))
            << client.store().status().detail;
}

TEST(EtcdTrouble, a_large_commit_has_the_time_that_its_bytes_take_on_a_slow_line) {
    LinuxLoop loop;
    EtcdRig rig(loop, 1);
    rig.start_all();
    Client client(loop, rig);
    ASSERT_TRUE(client.put("/k", "small"));
    rig.freeze(0);
    std::optional<Result<Committed>> answer;
    client.store().commit({{}, {Operation::put("/k", std::string(1 << 20, 'x'))}},
                          [&answer](Result<Committed> result) { answer = std::move(result); });
    run_for(loop, Milliseconds(2500));
    EXPECT_FALSE(answer) << "a second is not enough for a megabyte";
    rig.thaw(0);
    ASSERT_TRUE(run_until(loop, [&] { return answer.has_value(); }));
    EXPECT_TRUE(*answer) << (*answer ? "" : answer->error().text);
}

TEST(EtcdTrouble, a_long_prefix_is_read_in_pages_of_one_revision) {
    LinuxLoop loop;
    EtcdRig rig(loop, 1);
    rig.start_all();
    EtcdTimes times;
    times.page_records = 3;
    times.page_bytes = 1000;
    Client client(loop, rig, times);
    Transaction many;
    for (int at = 0; at < 500; ++at)
        many.then.push_back(Operation::put("/p/" + std::to_string(1000 + at),
                                           std::string(static_cast<std::size_t>(at), 'x')));
    const auto written = client.commit(many);
    ASSERT_TRUE(written);

    std::optional<Result<Reading>> answer;
    client.store().read(ReadScope::prefix, "/p/",
                        [&answer](Result<Reading> result) { answer = std::move(result); });
    ASSERT_TRUE(client.put("/p/1499", "changed meanwhile"));
    ASSERT_TRUE(run_until(loop, [&] { return answer.has_value(); }));
    ASSERT_TRUE(*answer);
    const Reading& reading = **answer;
    ASSERT_EQ(reading.records.size(), 500u);
    for (std::size_t at = 0; at < 500; ++at)
        EXPECT_EQ(reading.records[at].key, "/p/" + std::to_string(1000 + at));
    const bool before = reading.revision == written->revision;
    EXPECT_EQ(reading.records[499].value, before ? std::string(499, 'x') : "changed meanwhile");
}

TEST(EtcdTrouble, a_watch_ends_when_the_store_was_set_back_to_an_older_state) {
    LinuxLoop loop;
    EtcdRig rig(loop, 1);
    rig.start_all();
    Client client(loop, rig);
    ASSERT_TRUE(client.put("/k", "1"));
    rig.terminate(0);
    const std::filesystem::path data = rig.config(0).data_directory;
    const std::filesystem::path kept = data.string() + ".kept";
    std::filesystem::copy(data, kept, std::filesystem::copy_options::recursive);
    rig.start(0);
    Revision newest = 0;
    for (int at = 0; at < 5; ++at) newest = client.put_at_last("/k", "newer").revision;

    bool lost = false;
    WatchHandlers handlers;
    handlers.on_events = [](const EventBatch&) { ADD_FAILURE() << "nothing is to be told"; };
    handlers.on_lost = [&lost](Revision) { lost = true; };
    const Held watch = client.store().watch("/k", newest + 1, std::move(handlers));
    run_for(loop, Milliseconds(200));
    rig.kill(0);
    std::filesystem::remove_all(data);
    std::filesystem::rename(kept, data);
    rig.start(0);
    EXPECT_TRUE(run_until(loop, [&] { return lost; }));
}

// A store made of a snapshot, with ids of its own, as a recovery makes it: DATA is replaced.
void recover(EtcdRig& rig) {
    const std::string data = rig.config(0).data_directory;
    const std::string peer = rig.config(0).peer_urls.front();
    const std::string command = "ETCDCTL_API=3 etcdctl snapshot restore " + data +
                                "/member/snap/db --skip-hash-check --data-dir " + data +
                                ".new --name m0 --initial-cluster m0=" + peer +
                                " --initial-advertise-peer-urls " + peer +
                                " --initial-cluster-token anew >/dev/null 2>&1";
    check(std::system(command.c_str()) == 0, "the package etcd-client is installed");
    std::filesystem::remove_all(data);
    std::filesystem::rename(data + ".new", data);
}

// Revisions of the two mean different things; that the new one has come further must not hide it.
TEST(EtcdTrouble, watches_and_leases_end_when_the_store_was_recovered_however_far_it_has_come) {
    LinuxLoop loop;
    EtcdRig rig(loop, 1);
    rig.start_all();
    Client client(loop, rig);
    std::vector<LeaseId> leases;
    LeaseHandlers leased;
    leased.on_granted = [&leases](LeaseId lease) { leases.push_back(lease); };
    int leases_lost = 0;
    leased.on_lost = [&leases_lost] { ++leases_lost; };
    const Held lease = client.store().keep_lease(Seconds(60), std::move(leased));
    ASSERT_TRUE(run_until(loop, [&] { return leases.size() == 1; }));
    const auto first = client.put("/k", "1");
    ASSERT_TRUE(first);
    bool lost = false;
    WatchHandlers watched;
    watched.on_events = [](const EventBatch&) {};
    watched.on_lost = [&lost](Revision) { lost = true; };
    const Held watch = client.store().watch("/k", first->revision + 1, std::move(watched));
    const auto before = client.read(ReadScope::key, "/k");
    ASSERT_TRUE(before);
    ASSERT_NE(before->store, 0u);

    rig.terminate(0);
    recover(rig);
    client.store().use_endpoints({});
    rig.start(0);
    Client another(loop, rig);
    for (int at = 0; at < 20; ++at) ASSERT_TRUE(another.put("/other", "x"));
    EXPECT_FALSE(lost);
    client.store().use_endpoints(rig.urls());
    EXPECT_TRUE(run_until(loop, [&] { return lost; }));
    EXPECT_TRUE(run_until(loop, [&] { return leases.size() == 2; })) << "it is known there too";
    EXPECT_EQ(leases_lost, 1);
    const auto after = client.read(ReadScope::key, "/k");
    ASSERT_TRUE(after);
    EXPECT_EQ(after->records, before->records);
    EXPECT_NE(after->store, before->store);
}

TEST(EtcdTrouble, a_store_that_was_refused_is_not_used_and_another_one_is) {
    LinuxLoop loop;
    EtcdRig old(loop, 1);
    old.start_all();
    Client client(loop, old);
    ASSERT_TRUE(client.put("/k", "1"));
    const auto seen = client.read(ReadScope::key, "/k");
    ASSERT_TRUE(seen);
    client.store().refuse(seen->store);
    EXPECT_TRUE(client.await_state(StoreStatus::State::away));
    EXPECT_TRUE(holds(client.store().status().detail, "older epoch"))
        << client.store().status().detail;
    old.terminate(0);
    recover(old);
    old.start(0);
    EXPECT_TRUE(client.await_state(StoreStatus::State::connected));
}

}  // namespace
}  // namespace hansa
