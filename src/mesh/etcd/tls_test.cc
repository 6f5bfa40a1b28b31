// Whom a client takes for the store, whom the store lets in, and what people are told. Attackers
// hold the address, a peer's key and certificate of the right authority, or an authority of their
// own.
#include <gtest/gtest.h>

#include "mesh/etcd/store.h"
#include "mesh/etcd/testing/client.h"

namespace hansa {
namespace {

using test::Client;
using test::EtcdRig;
using test::identity_of;
using test::IssuedTls;
using test::peer_of;
using test::run_until;
using test::TlsFiles;

constexpr Duration hour = Seconds(3600);

class EtcdTlsTest : public testing::Test {
 protected:
    void SetUp() override { rig.start_all(); }

    // What a client with that identity says when it does not get in.
    std::string refusal(const StoreIdentity& identity) {
        Client client(loop, identity, rig.urls());
        distrusted.clear();
        unaccepted = 0;
        client.store().on_unaccepted([&] { ++unaccepted; });
        client.store().on_distrust([&](const Error& why) { distrusted.push_back(why.text); });
        EXPECT_TRUE(client.await_state(StoreStatus::State::away));
        EXPECT_EQ(client.store().counters().connections, 0u);
        test::run_for(loop, Milliseconds(20));
        const std::string told = client.store().status().detail;
        EXPECT_NE(told.find(rig.address(0)), std::string::npos) << told;
        return told;
    }
    bool says(const StoreIdentity& identity, const char* words) {
        const std::string told = refusal(identity);
        const bool found = told.find(words) != std::string::npos;
        EXPECT_TRUE(found) << told;
        return found;
    }
    // From now on etcd shows another certificate: it reads the files for each handshake.
    void show(const IssuedTls& issued) { rig.tls().write("m0-client", issued); }

    LinuxLoop loop;
    EtcdRig rig{loop, 1};
    int unaccepted = 0;
    std::vector<std::string> distrusted;  // what the last refusal() was told apart
    test::FreshDirectory elsewhere;
    TlsFiles foreign{elsewhere.path(), loop.clock().wall(), "00000000-0000-4000-8000-0000000000ff"};
};

TEST_F(EtcdTlsTest, a_client_without_a_certificate_is_not_let_in) {
    auto identity = peer_of(rig);
    identity.chain_pem = identity.key_pem = "";
    says(identity, "does not accept this host's certificate");
    EXPECT_TRUE(distrusted.empty()) << "the store is believed; it is we who are not";
    EXPECT_GT(unaccepted, 0);
}

TEST_F(EtcdTlsTest, a_client_of_another_authority_is_not_let_in) {
    auto identity = identity_of(foreign, foreign.issue(CertificateUse::peer));
    identity.roots_pem = rig.tls().roots_pem();
    says(identity, "does not accept this host's certificate");
}

TEST_F(EtcdTlsTest, a_client_whose_certificate_has_expired_is_not_let_in) {
    says(identity_of(rig.tls(), rig.tls().issue(CertificateUse::peer, Seconds(60), hour)),
         "does not accept this host's certificate");
}

TEST_F(EtcdTlsTest, a_client_whose_certificate_is_not_valid_yet_is_not_let_in) {
    says(identity_of(rig.tls(), rig.tls().issue(CertificateUse::peer, 2 * hour, -hour)),
         "does not accept this host's certificate");
}

TEST_F(EtcdTlsTest, a_client_that_was_taken_back_is_let_in_no_more_however_it_was_connected) {
    const IssuedTls issued = rig.tls().issue(CertificateUse::peer);
    Client connected(loop, identity_of(rig.tls(), issued), rig.urls());
    ASSERT_TRUE(connected.put("/k", "1"));
    (void)rig.tls().take_back({issued});
    says(identity_of(rig.tls(), issued), "does not accept this host's certificate");
    EXPECT_TRUE(connected.put("/k", "2")) << "etcd looks at the handshake only";
    rig.kill(0);
    rig.launch(0);
    rig.await_serving(0);
    EXPECT_TRUE(run_until(loop, [&] {
        return connected.store().status().detail.find("does not accept") != std::string::npos;
    })) << connected.store().status().detail;
    Client other(loop, rig);
    EXPECT_TRUE(other.put("/k", "3")) << "nobody else is concerned";
}

TEST_F(EtcdTlsTest, a_store_of_another_authority_is_not_believed) {
    auto identity = peer_of(rig);
    identity.roots_pem = foreign.roots_pem();
    says(identity, "is not believed");
    EXPECT_FALSE(distrusted.empty());
    EXPECT_EQ(unaccepted, 0);
}

TEST_F(EtcdTlsTest, a_peers_certificate_cannot_serve_as_the_store) {
    show(rig.tls().issue(CertificateUse::peer));
    says(peer_of(rig), "is not believed");
}

TEST_F(EtcdTlsTest, a_server_of_the_right_authority_with_another_name_is_not_the_store) {
    auto identity = peer_of(rig);
    identity.server_name = "store.elsewhere";
    says(identity, "for another name");
}

TEST_F(EtcdTlsTest, a_store_whose_certificate_is_not_valid_now_is_not_believed) {
    show(rig.tls().issue(CertificateUse::member, Seconds(60), hour));
    says(peer_of(rig), "not valid now");
    show(rig.tls().issue(CertificateUse::member, 2 * hour, -hour));
    says(peer_of(rig), "not valid now");
    show(rig.tls().issue(CertificateUse::member));
    Client client(loop, rig);
    EXPECT_TRUE(client.put("/k", "1"));
}

TEST_F(EtcdTlsTest, without_a_name_of_its_own_the_store_must_be_the_host_that_is_dialled) {
    auto identity = peer_of(rig);
    identity.server_name = "";
    Client client(loop, identity, rig.urls());  // certified for 127.0.0.1
    EXPECT_TRUE(client.put("/k", "1"));
    identity.server_name = "192.0.2.1";
    says(identity, "for another name");
}

TEST_F(EtcdTlsTest, what_does_not_speak_tls_is_told_as_such) {
    LinuxSockets sockets(loop);
    const std::string address = "127.0.0.1:" + std::to_string(*sockets.free_port());
    auto config = rig.config(0);
    config.name = "plain";
    config.data_directory += "-plain";
    config.client_urls = {"http://" + address};
    config.peer_urls = {"https://127.0.0.1:" + std::to_string(*sockets.free_port())};
    config.members.clear();
    auto line = etcd_command_line(config);
    std::erase_if(line, [](const std::string& flag) {
        return flag.starts_with("--cert-file") || flag.starts_with("--key-file") ||
               flag.starts_with("--trusted-ca-file") || flag.starts_with("--client-cert-auth");
    });
    LinuxProcesses processes(loop);
    bool serving = false;
    ChildEvents events;
    events.on_line = [&](const std::string& text) { serving |= read_etcd_log(text).serving; };
    Command command;
    command.arguments = line;
    auto child = processes.start(command, Lifetime::tied_to_us, std::move(events));
    ASSERT_TRUE(child);
    ASSERT_TRUE(run_until(loop, [&] { return serving; }));

    Client client(loop, peer_of(rig), {address});
    ASSERT_TRUE(client.await_state(StoreStatus::State::away));
    EXPECT_NE(client.store().status().detail.find("not speak TLS"), std::string::npos)
        << client.store().status().detail;
}

TEST_F(EtcdTlsTest, nothing_is_dialled_without_an_identity_and_then_it_goes_on) {
    Client client(loop, std::nullopt, rig.urls());
    test::run_for(loop, Milliseconds(100));
    EXPECT_EQ(client.store().counters().probes, 0u);
    client.store().use_identity(peer_of(rig));
    EXPECT_TRUE(client.put("/k", "1"));
}

TEST_F(EtcdTlsTest, a_renewed_identity_moves_the_connection_without_a_gap) {
    EtcdTimes soon;
    soon.move_within = Milliseconds(20);
    Client client(loop, rig, soon);
    const auto first = client.put("/k", "0");
    ASSERT_TRUE(first);
    std::vector<std::string> seen;
    WatchHandlers handlers;
    handlers.on_events = [&](const EventBatch& batch) {
        for (const auto& event : batch.events) seen.push_back(event.record.value);
    };
    handlers.on_lost = [](Revision) { ADD_FAILURE() << "the watch is lost"; };
    const auto watch = client.store().watch("/k", first->revision + 1, std::move(handlers));
    LeaseHandlers lease_handlers;
    int granted = 0;
    lease_handlers.on_granted = [&](LeaseId) { ++granted; };
    lease_handlers.on_lost = [] { ADD_FAILURE() << "the lease is lost"; };
    const auto lease = client.store().keep_lease(Seconds(5), std::move(lease_handlers));
    ASSERT_TRUE(run_until(loop, [&] { return granted == 1; }));

    const std::size_t told = client.seen().size();
    std::size_t written = 0;
    for (std::uint64_t round = 1; round <= 3; ++round) {
        client.store().use_identity(peer_of(rig));
        while (client.store().counters().moves < round)
            ASSERT_TRUE(client.put("/k", std::to_string(++written)));
    }
    ASSERT_TRUE(run_until(loop, [&] { return seen.size() == written; }));
    for (std::size_t at = 0; at < seen.size(); ++at) EXPECT_EQ(seen[at], std::to_string(at + 1));
    EXPECT_EQ(granted, 1);
    EXPECT_EQ(client.seen().size(), told) << "nobody is told of an outage";
    EXPECT_EQ(client.store().counters().connections, 1u);
}

TEST_F(EtcdTlsTest, an_identity_that_the_store_refuses_does_not_cost_the_connection_that_stands) {
    EtcdTimes soon;
    soon.move_within = Milliseconds(5);
    Client client(loop, rig, soon);
    ASSERT_TRUE(client.put("/k", "0"));
    client.store().use_identity(identity_of(foreign, foreign.issue(CertificateUse::peer)));
    for (int round = 0; round < 20; ++round) {
        test::run_for(loop, Milliseconds(10));
        ASSERT_TRUE(client.put("/k", "1"));
    }
    EXPECT_EQ(client.store().counters().moves, 0u);
}

}  // namespace
}  // namespace hansa
