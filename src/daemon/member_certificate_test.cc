#include "daemon/member_certificate.h"

#include "daemon/ask_authority.h"
#include "daemon/credentials.h"
#include "daemon/enrolment_rig.h"
#include "daemon/secret_files.h"

namespace hansa {
namespace {

constexpr Duration hour = Seconds{3600};
const std::string trust = "/tmp/web1";

// A host that has joined and may be given a seat.
struct Rig : test::EnrolmentRig {
    Joiner::Wishes web1{{}, {}, {}, {}, PrivateKey::make()};
    std::string chain_pem;  // its own certificate
    std::string root_pem;
    std::vector<MemberWish> asked;
    std::unique_ptr<MemberCertificate> member;
    std::vector<std::string> addresses{"127.0.0.1", "192.0.2.9"};

    void join_and_want() {
        start_issuer();
        web1 = host("web1", make_token());
        auto grant = join(web1);
        ASSERT_TRUE(grant) << grant.error().text;
        chain_pem = grant->chain_pem;
        root_pem = grant->root_pem;
        check(machine.files.make_directories(trust) &&
                  store_joined(machine.files, trust,
                               {web1.key.pem(), chain_pem, grant->root_pem, {}, {}}),
              "what was granted is kept");
        begin();
    }
    void begin() {
        member = std::make_unique<MemberCertificate>(
            MemberCertificate::Ports{loop, machine.files, machine.accounts, random, report},
            MemberCertificate::Subject{trust, web1.uuid, "web1"},
            [this](const MemberWish& wish, MemberCertificate::Done done) {
                asked.push_back(wish);
                return ask(wish, std::move(done));
            });
        auto wanted = member->want(addresses);
        ASSERT_TRUE(wanted) << wanted.error().text;
    }
    Held ask(const MemberWish& wish, MemberCertificate::Done done) {
        const MemberRequest request{wish.key.public_pem(), wish.addresses, make_nonce(random)};
        const Expectation expected{request.nonce, "web1",
                                   web1.uuid,     authority->root().key_pin(),
                                   wish.key,      CertificateUse::member};
        return ask_authority(loop, sockets,
                             {{at}, request, TlsIdentity{chain_pem, web1.key.pem()}, expected},
                             [done = std::move(done)](Result<Grant> grant) {
                                 if (!grant) return done(std::move(grant).error());
                                 done(std::move(grant->chain_pem));
                             });
    }
    std::optional<Certificate> kept() {
        auto text = machine.files.read(trust + "/member.pem", pem_bytes_max);
        if (!text) return std::nullopt;
        return *Certificate::from_pem(*text);
    }
    // As `hansa peers revoke` does.
    RevocationList take_back(const std::string& name) {
        auto list = directory.take_back(*HostName::parse(name), *authority, wall(), no_pause());
        check(static_cast<bool>(list), "it is taken back");
        return *list;
    }
};

TEST(MemberCertificate, is_had_in_advance_and_kept_where_only_its_owner_reads_the_key) {
    Rig rig;
    rig.join_and_want();
    EXPECT_FALSE(rig.member->is_ready());
    rig.loop.run_for(Seconds{10});
    ASSERT_TRUE(rig.member->is_ready());
    const auto leaf = rig.kept();
    ASSERT_TRUE(leaf);
    EXPECT_EQ(leaf->addresses(), rig.addresses);
    EXPECT_EQ(leaf->claims()->name, "web1");
    EXPECT_EQ(leaf->claims()->uuid, rig.web1.uuid);
    EXPECT_TRUE(leaf->may_serve_store());
    const auto key = PrivateKey::from_pem(
        *read_secret(rig.machine.files, rig.machine.accounts, trust + "/member.key"));
    EXPECT_TRUE(leaf->belongs_to(*key));
    EXPECT_FALSE(leaf->belongs_to(rig.web1.key)) << "a key of its own";
    EXPECT_TRUE(rig.told("web1 has a certificate to hold a seat with, at 127.0.0.1, 192.0.2.9"));
    EXPECT_TRUE(rig.told("this host may be given a seat"));
    rig.loop.run_for(10 * hour);
    EXPECT_EQ(rig.asked.size(), 1u) << "it is good for a while";
}

TEST(MemberCertificate, is_renewed_at_two_thirds_with_the_same_key_and_outlives_restarts) {
    Rig rig;
    rig.join_and_want();
    rig.loop.run_for(Seconds{10});
    const Certificate first = *rig.kept();
    rig.member.reset();
    rig.loop.run_for(hour);
    rig.begin();
    rig.loop.run_for(Seconds{10});
    EXPECT_TRUE(rig.member->is_ready());
    EXPECT_EQ(rig.kept()->serial(), first.serial()) << "what is there will do";
    rig.loop.run_for(renewal_time(first) - rig.wall() - Seconds{60});
    EXPECT_EQ(rig.kept()->serial(), first.serial());
    rig.loop.run_for(3 * hour);
    EXPECT_NE(rig.kept()->serial(), first.serial());
    EXPECT_EQ(rig.kept()->key_pin(), first.key_pin());
    EXPECT_TRUE(rig.member->is_ready());
}

TEST(MemberCertificate, is_asked_for_again_when_the_addresses_change) {
    Rig rig;
    rig.join_and_want();
    rig.loop.run_for(Seconds{10});
    rig.addresses = {"192.0.2.10"};
    ASSERT_TRUE(rig.member->want(rig.addresses));
    EXPECT_FALSE(rig.member->is_ready());
    rig.loop.run_for(Seconds{10});
    EXPECT_TRUE(rig.member->is_ready());
    EXPECT_EQ(rig.kept()->addresses(), rig.addresses);
    ASSERT_TRUE(rig.member->want(rig.addresses));
    rig.member.reset();
    rig.addresses = {"192.0.2.11"};  // by another --advertise
    rig.begin();
    rig.loop.run_for(Seconds{10});
    EXPECT_EQ(rig.kept()->addresses(), rig.addresses);
    EXPECT_EQ(rig.asked.size(), 3u);
}

TEST(MemberCertificate, is_awaited_while_the_authority_is_away) {
    Rig rig;
    rig.join_and_want();
    rig.network.set_fault(rig.at, NetworkFault::refuse);
    rig.loop.run_for(2 * hour);
    EXPECT_FALSE(rig.member->is_ready());
    EXPECT_TRUE(rig.told("this host cannot be given a seat, for want of a certificate: "));
    EXPECT_LT(rig.asked.size(), 200u);
    rig.network.heal(rig.at);
    rig.loop.run_for(Seconds{600});
    EXPECT_TRUE(rig.member->is_ready());
}

TEST(MemberCertificate, that_cannot_be_kept_is_not_asked_for_again) {
    Rig rig;
    rig.join_and_want();
    rig.loop.run_for(Milliseconds{900});
    ASSERT_TRUE(rig.machine.files.write(trust + "/member.key", rig.web1.key.pem(),
                                        {.mode = 0600, .owner = {}, .group = {}}));
    rig.machine.files.set_fault(trust + "/member.pem", FileFault::no_space);
    rig.loop.run_for(Seconds{600});
    EXPECT_FALSE(rig.member->is_ready());
    EXPECT_EQ(rig.asked.size(), 1u);
    rig.machine.files.heal_all();
    rig.loop.run_for(Seconds{600});
    EXPECT_TRUE(rig.member->is_ready());
    EXPECT_EQ(rig.asked.size(), 1u);
}

TEST(MemberCertificate, is_not_given_to_a_host_that_was_taken_back_and_goes_with_it) {
    Rig rig;
    rig.join_and_want();
    rig.loop.run_for(Seconds{10});
    const Certificate leaf = *rig.kept();
    const RevocationList list = rig.take_back("web1");
    EXPECT_EQ(list.revoked.serials.size(), 2u) << "its own and the member's";
    EXPECT_TRUE(std::binary_search(list.revoked.serials.begin(), list.revoked.serials.end(),
                                   leaf.serial()));
    rig.addresses = {"192.0.2.10"};
    ASSERT_TRUE(rig.member->want(rig.addresses));
    rig.loop.run_for(hour);
    EXPECT_FALSE(rig.member->is_ready());
    EXPECT_EQ(rig.kept()->serial(), leaf.serial());
    EXPECT_TRUE(rig.told("revoked"));
}

TEST(MemberCertificate, stands_for_nobody_elses_name) {
    Rig rig;
    rig.join_and_want();
    ASSERT_TRUE(rig.join(rig.host("web2", rig.make_token())));
    ASSERT_TRUE(rig.machine.files.make_directories("/tmp/Seat"));
    ASSERT_TRUE(rig.machine.files.write("/tmp/Seat/identity.json", "{}", {}));
    const auto grant = [&rig](const std::string& address) {
        const MemberRequest request{rig.web1.key.public_pem(), {address}, std::string(32, 'a')};
        return rig.directory.grant_member(request, rig.chain_pem, *rig.authority, {}, rig.wall(),
                                          rig.no_pause());
    };
    EXPECT_TRUE(grant("web1"));
    EXPECT_TRUE(grant("web3"));
    for (const char* other : {"web2", "seat"}) {
        const auto refused = grant(other);
        ASSERT_FALSE(refused) << other;
        EXPECT_EQ(refused.error().code, Code::denied);
        EXPECT_NE(refused.error().text.find("another host's name"), std::string::npos);
    }
}

TEST(MemberCertificate, is_given_to_nobody_who_shows_no_certificate) {
    Rig rig;
    rig.join_and_want();
    rig.web1.key = PrivateKey::make();
    for (const std::string& shown : {std::string(), rig.authority->chain_pem()}) {
        const auto refused = rig.directory.grant_member(
            {rig.web1.key.public_pem(), {"192.0.2.9"}, std::string(32, 'a')}, shown, *rig.authority,
            {}, rig.wall(), rig.no_pause());
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Code::denied);
    }
    rig.chain_pem.clear();
    rig.loop.run_for(Seconds{60});
    EXPECT_FALSE(rig.member->is_ready());
}

TEST(MemberCertificate, a_key_that_others_may_read_is_refused) {
    Rig rig;
    rig.join_and_want();
    rig.loop.run_for(Seconds{10});
    ASSERT_TRUE(rig.machine.files.write(trust + "/member.key", rig.web1.key.pem(),
                                        {.mode = 0644, .owner = {}, .group = {}}));
    const auto refused = rig.member->want({"192.0.2.10"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::denied);
}

TEST(MemberCertificate, goes_when_the_host_joins_anew) {
    Rig rig;
    rig.join_and_want();
    rig.loop.run_for(Seconds{10});
    rig.member.reset();
    ASSERT_TRUE(remove_member_certificate(rig.machine.files, trust));
    EXPECT_FALSE(rig.machine.files.status(trust + "/member.key"));
    EXPECT_FALSE(rig.kept());
    EXPECT_TRUE(remove_member_certificate(rig.machine.files, trust)) << "also when it is gone";
}

}  // namespace
}  // namespace hansa
