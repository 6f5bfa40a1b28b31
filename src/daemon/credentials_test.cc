#include "daemon/credentials.h"

#include <gtest/gtest.h>
#include <thread>

#include "daemon/authority_files.h"
#include "daemon/secret_files.h"
#include "daemon/store_certificate.h"
#include "sys/linux/files.h"
#include "sys/linux/test_loop.h"
#include "sys/sim/accounts.h"

namespace hansa {
namespace {

constexpr const char* uuid = "00000000-0000-4000-8000-00000000000a";
constexpr Duration hour = Seconds(3600);

class SetClock final : public Clock {
 public:
    Instant now() const override { return {}; }
    WallTime wall() const override { return at; }
    WallTime at{Seconds{1'475'323'200}};  // 2016-10-01T12:00:00Z
};

class HostCredentialsTest : public testing::Test {
 protected:
    HostCredentialsTest() {
        accounts.become(files.status(directory.path())->owner);
        EXPECT_TRUE(files.make_directory(at("state"), {}));
    }

    std::string at(const std::string& name) const { return directory.path() + "/" + name; }
    HostCredentials::Places places(const std::string& host = "a") const {
        return {at("state/" + host + "/trust"), at("state/ca"), elsewhere};
    }
    Result<HostCredentials> open(const std::string& host = "a") {
        return HostCredentials::open({files, accounts, random, clock}, places(host), {uuid, host});
    }
    std::string refusal(const std::string& host = "a") {
        auto opened = open(host);
        return opened ? "accepted" : opened.error().text;
    }
    FileMode mode_of(const std::string& name) const { return files.status(at(name))->mode; }
    void set_mode(const std::string& name, FileMode mode) {
        FileAttributes attributes;
        attributes.mode = mode;
        ASSERT_TRUE(files.set_attributes(at(name), attributes));
    }
    void put(const std::string& name, const std::string& text, FileMode mode = 0600) {
        FileAttributes attributes;
        attributes.mode = mode;
        ASSERT_TRUE(files.write(at(name), text, attributes));
    }
    std::string read(const std::string& name) const { return *files.read(at(name), 1 << 20); }

    // Files of an authority that is not this machine's.
    void give_certificates(const Authority& from, const std::string& name, Duration ago = {}) {
        const PrivateKey key = PrivateKey::make();
        IssueOrder order;
        order.claims.name = name;
        order.claims.uuid = uuid;
        order.public_pem = key.public_pem();
        put("host.pem", *from.issue(order, clock.at - ago), 0644);
        put("host.key", key.pem());
        put("roots.pem", from.root().pem(), 0644);
        elsewhere = TlsPaths{at("host.pem"), at("host.key"), at("roots.pem")};
    }

    test::FreshDirectory directory;
    LinuxFiles files;
    SimAccounts accounts;
    SeededRandom random{11};
    SetClock clock;
    std::optional<TlsPaths> elsewhere;
    Authority foreign =
        Authority::make("00000000-0000-4000-8000-0000000000ff", WallTime{Seconds{1'475'000'000}})
            .issuing;
};

TEST_F(HostCredentialsTest, agents_of_one_prefix_believe_each_other_without_being_told) {
    auto a = open("a");
    auto b = open("b");
    ASSERT_TRUE(a) << a.error().text;
    ASSERT_TRUE(b) << b.error().text;
    EXPECT_EQ(a->source(), TrustSource::machine);
    EXPECT_FALSE(a->cluster().empty());
    EXPECT_EQ(a->cluster(), b->cluster());
    EXPECT_TRUE(verify_chain(a->current().chain, b->current().roots, clock.at));
    EXPECT_EQ(a->current().chain.front().claims()->name, "a");
    EXPECT_EQ(a->current().chain.front().claims()->uuid, uuid);
    EXPECT_FALSE(a->current().chain.front().may_serve_store()) << "a peer is no store";
    EXPECT_NE(a->current().signing_key.verifying_key(), b->current().signing_key.verifying_key());
}

TEST_F(HostCredentialsTest, a_machines_own_certificate_says_the_domain_that_it_was_told) {
    const auto in = [this](const std::string& domain) {
        return HostCredentials::open({files, accounts, random, clock}, places(),
                                     {uuid, "a", domain});
    };
    EXPECT_EQ(in("dc=lon")->domain(), "dc=lon");
    EXPECT_EQ(in("dc=lon")->current().chain.front().claims()->domain, "dc=lon");
    EXPECT_EQ(in("")->domain(), "") << "it is made anew at each start";
}

TEST_F(HostCredentialsTest, keys_are_private_from_the_start_and_stay_the_same) {
    auto first = open();
    ASSERT_TRUE(first);
    for (const char* name : {"a/trust/tls.key", "a/trust/signing.key", "a/trust/tls.pem",
                             "a/trust/ca.pem", "ca/issuing.key", "ca/root.key"})
        EXPECT_EQ(mode_of(std::string("state/") + name), 0600u) << name;
    EXPECT_EQ(mode_of("state/a/trust"), 0700u);
    EXPECT_EQ(mode_of("state/ca"), 0700u);
    auto again = open();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->current().tls_key.public_pem(), first->current().tls_key.public_pem());
    EXPECT_EQ(again->current().signing_key.verifying_key(),
              first->current().signing_key.verifying_key());
    EXPECT_EQ(again->cluster(), first->cluster());
}

TEST_F(HostCredentialsTest, a_key_that_a_crash_left_blank_is_made_anew) {
    auto first = open();
    ASSERT_TRUE(first);
    for (const std::string& left : {std::string(), std::string(500, '\0')}) {
        ASSERT_TRUE(files.write(at("state/a/trust/tls.key"), left, {.mode = 0600}));
        auto again = open();
        ASSERT_TRUE(again) << again.error().text;
        EXPECT_NE(again->current().tls_key.public_pem(), first->current().tls_key.public_pem());
        EXPECT_TRUE(again->current().chain.front().belongs_to(again->current().tls_key));
    }
    ASSERT_TRUE(files.write(at("state/a/trust/tls.key"), "spoiled", {.mode = 0600}));
    EXPECT_FALSE(open());
}

TEST_F(HostCredentialsTest, a_key_that_others_may_read_is_refused_with_what_to_do) {
    ASSERT_TRUE(open());
    for (const char* name :
         {"state/a/trust/tls.key", "state/a/trust/signing.key", "state/ca/issuing.key"})
        for (const FileMode mode : {0644u, 0640u, 0604u, 0620u}) {
            set_mode(name, mode);
            const std::string told = refusal();
            EXPECT_NE(told.find("chmod 600"), std::string::npos) << told;
            EXPECT_NE(told.find(at(name)), std::string::npos) << told;
            set_mode(name, 0600);
        }
    EXPECT_TRUE(open());
}

TEST_F(HostCredentialsTest, a_key_of_another_user_or_through_a_link_is_refused) {
    ASSERT_TRUE(open());
    accounts.become(4711);
    EXPECT_FALSE(check_secret(files, accounts, at("state/a/trust/tls.key")) &&
                 files.status(directory.path())->owner != 0);
    accounts.become(files.status(directory.path())->owner);
    ASSERT_TRUE(files.rename(at("state/a/trust/tls.key"), at("other.key")));
    ASSERT_TRUE(files.make_symlink(at("state/a/trust/tls.key"), at("other.key")));
    EXPECT_NE(refusal().find("not a regular file"), std::string::npos) << refusal();
}

TEST_F(HostCredentialsTest, directories_that_others_may_write_are_refused) {
    ASSERT_TRUE(open());
    for (const char* name : {"state/a/trust", "state/ca"}) {
        set_mode(name, 0770);
        EXPECT_NE(refusal().find("written by others"), std::string::npos) << refusal();
        set_mode(name, 0700);
    }
}

TEST_F(HostCredentialsTest, a_key_that_is_none_is_said_and_its_bytes_are_not) {
    ASSERT_TRUE(open());
    put("state/a/trust/tls.key", "planted-secret");
    const std::string told = refusal();
    EXPECT_NE(told.find("tls.key"), std::string::npos) << told;
    EXPECT_EQ(told.find("planted-secret"), std::string::npos) << told;
}

TEST_F(HostCredentialsTest, is_issued_anew_at_two_thirds_of_its_life_and_not_before) {
    auto mine = open();
    ASSERT_TRUE(mine);
    const std::string serial = mine->current().chain.front().serial();
    clock.at += 15 * hour;
    auto early = mine->refresh();
    ASSERT_TRUE(early);
    EXPECT_FALSE(*early);
    clock.at += 1 * hour;
    auto due = mine->refresh();
    ASSERT_TRUE(due) << due.error().text;
    EXPECT_TRUE(*due);
    EXPECT_NE(mine->current().chain.front().serial(), serial);
    EXPECT_GT(mine->current().chain.front().not_after(), clock.at + 23 * hour);
    EXPECT_EQ(read("state/a/trust/tls.pem"), mine->current().chain_pem());
}

TEST_F(HostCredentialsTest, takes_up_an_issuing_certificate_that_was_renewed) {
    auto mine = open();
    ASSERT_TRUE(mine);
    const std::string before = mine->current().chain.back().serial();
    ASSERT_TRUE(files.rename(at("state/ca/root.key"), at("root.key")));
    clock.at += 729 * 24 * hour + 20 * hour;
    EXPECT_TRUE(*mine->refresh());
    EXPECT_LT(mine->current().chain.front().not_after(), clock.at + 5 * hour) << "cut short";
    clock.at += 5 * hour;
    auto late = mine->refresh();
    ASSERT_FALSE(late);
    EXPECT_NE(late.error().text.find("hansa ca renew"), std::string::npos) << late.error().text;

    const AuthorityFiles authority({files, accounts}, at("state/ca"));
    ASSERT_TRUE(authority.renew(at("root.key"), clock.at));
    EXPECT_TRUE(*mine->refresh());
    EXPECT_NE(mine->current().chain.back().serial(), before);
    EXPECT_TRUE(verify_chain(mine->current().chain, mine->current().roots, clock.at));
}

TEST_F(HostCredentialsTest, another_authority_is_not_made_behind_a_running_agent) {
    auto mine = open();
    ASSERT_TRUE(mine);
    ASSERT_TRUE(files.rename(at("state/ca"), at("elsewhere")));
    clock.at += 17 * hour;
    EXPECT_FALSE(mine->refresh());
    EXPECT_FALSE(files.status(at("state/ca")));
    ASSERT_TRUE(files.rename(at("elsewhere"), at("state/ca")));
    EXPECT_TRUE(*mine->refresh());
}

TEST_F(HostCredentialsTest, two_agents_at_the_same_instant_share_one_authority) {
    for (int round = 0; round < 20; ++round) {
        const std::string place = at("race" + std::to_string(round));
        ASSERT_TRUE(files.make_directory(place, {}));
        std::string clusters[2];
        std::thread agents[2];
        for (int which = 0; which < 2; ++which)
            agents[which] = std::thread([&, which] {
                SeededRandom own(static_cast<std::uint64_t>(round * 2 + which + 1));
                auto made = AuthorityFiles({files, accounts}, place + "/ca").share(own, clock.at);
                clusters[which] = made ? made->cluster() : made.error().text;
            });
        for (std::thread& agent : agents) agent.join();
        EXPECT_EQ(clusters[0], clusters[1]) << "round " << round;
        EXPECT_EQ(clusters[0].size(), 36u) << clusters[0];
        EXPECT_EQ(files.list(place)->size(), 1u) << "nothing is left of the slower one";
    }
}

TEST_F(HostCredentialsTest, certificates_from_elsewhere_are_taken_as_they_are) {
    give_certificates(foreign, "a");
    auto mine = open();
    ASSERT_TRUE(mine) << mine.error().text;
    EXPECT_EQ(mine->source(), TrustSource::elsewhere);
    EXPECT_EQ(mine->current().chain_pem(), read("host.pem"));
    EXPECT_FALSE(files.status(at("state/a/trust/tls.key"))) << "not needed";
    EXPECT_FALSE(files.status(at("state/ca"))) << "nor an authority";
    give_certificates(foreign, "a");  // replaced
    auto changed = mine->refresh();
    ASSERT_TRUE(changed);
    EXPECT_TRUE(*changed);
    EXPECT_EQ(mine->current().tls_key.pem(), read("host.key"));
    put("host.key", PrivateKey::make().pem());
    EXPECT_FALSE(mine->refresh());
    EXPECT_EQ(mine->current().chain_pem(), read("host.pem")) << "what was good stays";
}

TEST_F(HostCredentialsTest, files_from_elsewhere_are_refused_before_anybody_sees_them) {
    give_certificates(foreign, "a");
    set_mode("host.key", 0644);
    EXPECT_NE(refusal().find("chmod 600"), std::string::npos) << refusal();

    give_certificates(foreign, "a");
    put("host.key", PrivateKey::make().pem());
    EXPECT_NE(refusal().find("not for the key beside it"), std::string::npos) << refusal();

    give_certificates(foreign, "a", 25 * hour);
    EXPECT_NE(refusal().find("expired"), std::string::npos) << refusal();

    give_certificates(foreign, "a", -2 * hour);
    EXPECT_NE(refusal().find("not valid before"), std::string::npos) << refusal();

    give_certificates(foreign, "a");
    put("roots.pem", Authority::make("other", clock.at).issuing.root().pem());
    EXPECT_NE(refusal().find("--tls-cert"), std::string::npos) << refusal();

    give_certificates(foreign, "b");
    EXPECT_NE(refusal().find("--hostname b"), std::string::npos) << refusal();

    give_certificates(foreign, "a");
    elsewhere->roots = at("nowhere.pem");
    EXPECT_NE(refusal().find("--tls-ca"), std::string::npos) << refusal();
}

TEST_F(HostCredentialsTest, what_was_joined_is_found_again_and_renewed_in_place) {
    give_certificates(foreign, "a");
    const JoinedIdentity joined{
        read("host.key"), read("host.pem"), read("roots.pem"), {"https://seed:2379"}};
    elsewhere.reset();
    ASSERT_TRUE(open()) << "a machine's own before";
    EXPECT_FALSE(has_joined(files, places().directory));
    EXPECT_FALSE(replace_joined_certificate(files, places().directory, joined.chain_pem));
    ASSERT_TRUE(store_joined(files, places().directory, joined));
    auto mine = open();
    ASSERT_TRUE(mine) << mine.error().text;
    EXPECT_EQ(mine->source(), TrustSource::joined);
    EXPECT_EQ(mine->cluster(), foreign.cluster());
    EXPECT_EQ(mine->seeds(), joined.seeds);
    EXPECT_EQ(mode_of("state/a/trust/tls.key"), 0600u);

    IssueOrder order;
    order.claims.name = "a";
    order.claims.uuid = uuid;
    order.public_pem = mine->current().tls_key.public_pem();
    ASSERT_TRUE(replace_joined_certificate(files, places().directory,
                                           *foreign.issue(order, clock.at + hour)));
    clock.at += hour;
    auto changed = mine->refresh();
    ASSERT_TRUE(changed);
    EXPECT_TRUE(*changed);
    // Its authority decides how long it may still renew.
    clock.at += 30 * hour;
    EXPECT_TRUE(open()) << refusal();
}

TEST_F(HostCredentialsTest, half_a_joined_identity_is_none) {
    give_certificates(foreign, "a");
    const JoinedIdentity joined{read("host.key"), read("host.pem"), read("roots.pem"), {}};
    elsewhere.reset();
    ASSERT_TRUE(store_joined(files, places().directory, joined));
    ASSERT_TRUE(files.remove(at("state/a/trust/joined.json")));  // a crash before the last step
    auto mine = open();
    ASSERT_TRUE(mine) << mine.error().text;
    EXPECT_EQ(mine->source(), TrustSource::machine);
    EXPECT_NE(mine->cluster(), foreign.cluster());
}

TEST_F(HostCredentialsTest, seeds_want_something_to_show) {
    auto able = require_identity_for_seeds(files, places());
    ASSERT_FALSE(able);
    EXPECT_EQ(able.error().code, Code::conflict);
    for (const char* flag : {"--join", "--tls-cert"})
        EXPECT_NE(able.error().text.find(flag), std::string::npos) << able.error().text;
    ASSERT_TRUE(open());
    EXPECT_TRUE(require_identity_for_seeds(files, places("b"))) << "the same machine";
}

TEST_F(HostCredentialsTest, the_store_is_certified_for_its_addresses_and_as_the_store) {
    const StoreCertifier certifier({files, accounts, random}, clock,
                                   {at("state/cluster/tls"), at("state/ca"), {}}, {uuid, "a"});
    EXPECT_FALSE(certifier.certify({"https://192.0.2.7:2379"})) << "taken away meanwhile";
    EXPECT_FALSE(files.status(at("state/ca"))) << "and not replaced by another";
    ASSERT_TRUE(open());
    auto first = certifier.certify({"https://192.0.2.7:2379", "https://0.0.0.0:2380"});
    ASSERT_TRUE(first) << first.error().text;
    EXPECT_EQ(first->server_name, store_server_name);
    EXPECT_EQ(files.status(first->client_tls.key_file)->mode, 0600u);
    auto leaf = Certificate::from_pem(*files.read(first->client_tls.certificate_file, 1 << 16));
    ASSERT_TRUE(leaf);
    EXPECT_TRUE(leaf->may_serve_store());
    EXPECT_EQ(first->renew_at, renewal_time(*leaf));
    auto mine = open();
    ASSERT_TRUE(mine);
    const std::string chain = *files.read(first->peer_tls.certificate_file, 1 << 16);
    EXPECT_TRUE(verify_chain(*Certificate::chain_from_pem(chain), mine->current().roots, clock.at));
    auto second = certifier.certify({"https://192.0.2.7:2379"});
    ASSERT_TRUE(second);
    EXPECT_NE(*files.read(second->peer_tls.certificate_file, 1 << 16), chain);
}

TEST_F(HostCredentialsTest, the_store_lets_in_nobody_who_was_taken_back) {
    ASSERT_TRUE(open());
    const AuthorityFiles authority({files, accounts}, at("state/ca"));
    const StoreCertifier certifier({files, accounts, random}, clock,
                                   {at("state/cluster/tls"), at("state/ca"), {}}, {uuid, "a"});
    auto none = certifier.certify({"https://127.0.0.1:2379"});
    ASSERT_TRUE(none) << none.error().text;
    ASSERT_FALSE(none->client_tls.crl_file.empty());
    const std::string before = *files.read(none->client_tls.crl_file, 1 << 16);

    const RevocationList list = revoke_serial({none->server_name, 0, {}}, "0badc0de");
    auto text = sign_revocations(list, *authority.open());
    ASSERT_TRUE(text);
    ASSERT_TRUE(files.write(authority.revocations_path(), *text, {}));
    auto some = certifier.certify({"https://127.0.0.1:2379"});
    ASSERT_TRUE(some);
    EXPECT_EQ(some->client_tls.crl_file, none->client_tls.crl_file) << "etcd knows it by its name";
    const std::string after = *files.read(some->client_tls.crl_file, 1 << 16);
    EXPECT_EQ(before.find("\x0b\xad\xc0\xde"), std::string::npos);
    EXPECT_NE(after.find("\x0b\xad\xc0\xde"), std::string::npos) << "in DER, as it is";

    ASSERT_TRUE(files.write(authority.revocations_path(), "spoiled", {}));
    EXPECT_FALSE(certifier.certify({"https://127.0.0.1:2379"}));
}

TEST(CertifiedAddresses, are_those_of_the_urls_and_of_this_machine) {
    EXPECT_EQ(certified_addresses(
                  {"https://192.0.2.7:2379", "https://[2001:db8::1]:2379",
                   "https://web1.example:2380", "https://127.0.0.1:2380", "https://0.0.0.0:2379"},
                  "a"),
              (std::vector<std::string>{"127.0.0.1", "::1", "localhost", "a", "192.0.2.7",
                                        "2001:db8::1", "web1.example"}));
}

}  // namespace
}  // namespace hansa
