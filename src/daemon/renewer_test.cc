#include "daemon/renewer.h"

#include <gtest/gtest.h>

#include "daemon/enrolment_rig.h"

namespace hansa {
namespace {

constexpr Duration hour = Seconds{3600};

// A host that has joined and keeps its certificate.
struct Rig : test::EnrolmentRig {
    std::vector<WallTime> renewals;
    std::vector<Certificate> leaves;
    std::string latest_chain;
    bool disk_is_full = false;
    int attempts = 0;  // to keep a new one
    std::unique_ptr<Renewer> renewer;
    Renewable first{{}, {}, PrivateKey::make(), {}};

    void join_and_keep() {
        start_issuer();
        const Joiner::Wishes wanted = host("web1", make_token());
        auto grant = join(wanted);
        ASSERT_TRUE(grant) << grant.error().text;
        first = {grant->chain_pem, grant->root_pem, wanted.key, {at}};
        leaves.push_back(*Certificate::from_pem(grant->chain_pem));
        keep();
    }
    void keep() {
        renewer =
            std::make_unique<Renewer>(Renewer::Ports{loop, sockets, random, report},
                                      [this](const Grant& grant) -> Result<void> {
                                          ++attempts;
                                          if (disk_is_full)
                                              return Error{Code::unavailable, "no space left"};
                                          renewals.push_back(wall());
                                          leaves.push_back(*Certificate::from_pem(grant.chain_pem));
                                          latest_chain = grant.chain_pem;
                                          return {};
                                      });
        auto kept = renewer->keep(first);
        ASSERT_TRUE(kept) << kept.error().text;
    }
    const Certificate& leaf() const { return leaves.back(); }
};

TEST(Renewer, renews_at_two_thirds_of_the_life_again_and_again_with_the_same_key) {
    Rig rig;
    rig.join_and_keep();
    const WallTime begin = rig.leaf().not_before();
    const Duration life = rig.leaf().not_after() - begin;
    rig.loop.run_for(4 * 24 * hour);
    ASSERT_GE(rig.renewals.size(), 5u);
    EXPECT_GE(rig.renewals[0], begin + life / 3 * 2);
    EXPECT_LE(rig.renewals[0], begin + life / 3 * 2 + life / 12 + Seconds{60});
    for (const Certificate& leaf : rig.leaves) {
        EXPECT_EQ(leaf.key_pin(), rig.leaves.front().key_pin());
        EXPECT_EQ(*leaf.claims(), *rig.leaves.front().claims());
    }
    EXPECT_GT(rig.leaf().not_after(), rig.wall());
}

TEST(Renewer, hosts_that_joined_together_do_not_ask_together) {
    const Authority authority = Authority::make("c1", WallTime{} + 9'999 * hour).issuing;
    IssueOrder order;
    order.claims = {"", test::some_uuid, "web1", "", {}};
    order.public_pem = PrivateKey::make().public_pem();
    const Certificate leaf =
        *Certificate::from_pem(*authority.issue(order, WallTime{} + 10'000 * hour));
    EXPECT_EQ(renewal_due(leaf, 0), renewal_time(leaf));
    EXPECT_GT(renewal_due(leaf, 0.9), renewal_due(leaf, 0.1) + hour);
    EXPECT_LT(renewal_due(leaf, 0.9999), leaf.not_after() - 5 * hour);
}

TEST(Renewer, says_how_much_time_is_left_while_nobody_renews_and_recovers_when_somebody_does) {
    Rig rig;
    rig.join_and_keep();
    rig.network.set_fault(rig.at, NetworkFault::refuse);
    rig.loop.run_for(20 * hour);
    EXPECT_TRUE(rig.renewals.empty());
    EXPECT_TRUE(rig.told("this host's certificate expires in "));
    const std::size_t lines = rig.log.size();
    EXPECT_LT(lines, 60u) << "a line now and then";
    rig.loop.run_for(10 * hour);
    EXPECT_TRUE(rig.told("this host's certificate expired "));
    rig.network.heal(rig.at);
    rig.loop.run_for(hour);
    ASSERT_EQ(rig.renewals.size(), 1u) << "within the grace";
    EXPECT_GT(rig.leaf().not_after(), rig.wall());
}

TEST(Renewer, a_certificate_that_cannot_be_kept_is_kept_once_there_is_room_without_another) {
    Rig rig;
    rig.join_and_keep();
    rig.disk_is_full = true;
    rig.loop.run_for(19 * hour);
    EXPECT_GE(rig.attempts, 3);
    EXPECT_LT(rig.attempts, 60) << "at a growing distance";
    EXPECT_TRUE(rig.told("and the next one could not be kept: no space left; tried again in "));
    EXPECT_TRUE(rig.renewals.empty());
    rig.disk_is_full = false;
    rig.loop.run_for(hour);
    ASSERT_EQ(rig.renewals.size(), 1u) << "long before two thirds of the next one's life";
    std::size_t granted = 0;
    for (const std::string& line : rig.log)
        granted += line.find("has a new certificate") != line.npos ? 1 : 0;
    EXPECT_EQ(granted, 1u) << "it was asked for once";
    rig.loop.run_for(24 * hour);
    EXPECT_GE(rig.renewals.size(), 2u) << "and it goes on";
}

TEST(Renewer, an_expired_certificate_is_renewed_at_once_when_the_host_is_back_within_the_grace) {
    Rig rig;
    rig.join_and_keep();
    rig.renewer.reset();
    rig.loop.run_for(3 * 24 * hour);
    rig.keep();
    rig.loop.run_for(Seconds{30});
    EXPECT_EQ(rig.renewals.size(), 1u);
}

TEST(Renewer, beyond_the_grace_only_a_new_token_helps) {
    Rig rig;
    rig.join_and_keep();
    rig.renewer.reset();
    rig.loop.run_for(9 * 24 * hour);
    rig.keep();
    rig.loop.run_for(hour);
    EXPECT_TRUE(rig.renewals.empty());
    EXPECT_TRUE(rig.told("join again with a new token"));
}

TEST(Renewer, who_was_revoked_gets_nothing_and_is_told_why) {
    Rig rig;
    rig.join_and_keep();
    rig.revoke("web1");
    rig.loop.run_for(23 * hour);
    EXPECT_TRUE(rig.renewals.empty());
    EXPECT_TRUE(rig.told("was revoked"));
}

TEST(Renewer, a_doubted_certificate_is_asked_about_at_once) {
    Rig rig;
    rig.join_and_keep();
    std::vector<std::string> refused;
    const auto note = [&refused](const Error& why) { refused.push_back(why.text); };
    rig.renewer->doubt(note);
    rig.loop.run_for(Seconds{5});
    EXPECT_TRUE(refused.empty()) << "it is good";
    EXPECT_FALSE(rig.told("could not be renewed")) << "it is too young for that";
    rig.loop.run_for(23 * hour);
    EXPECT_EQ(rig.renewals.size(), 1u) << "in its time";
    rig.revoke("web1");
    for (int i = 0; i < 2; ++i) {
        rig.renewer->doubt(note);
        rig.loop.run_for(Seconds{5});
    }
    ASSERT_EQ(refused.size(), 1u) << "the authority is not pestered";
    EXPECT_NE(refused[0].find("was revoked"), std::string::npos) << refused[0];
}

TEST(Renewer, no_other_refusal_of_a_doubted_certificate_ends_anything) {
    Rig rig;
    std::vector<std::string> refused;
    const auto note = [&refused](const Error& why) { refused.push_back(why.text); };
    rig.join_and_keep();
    rig.renewer.reset();
    rig.loop.run_for(9 * 24 * hour);
    rig.keep();
    rig.renewer->doubt(note);
    rig.loop.run_for(Seconds{5});
    EXPECT_TRUE(refused.empty()) << "it was off for too long, and keeps what it has";

    rig.authority = Authority::make("c1", rig.wall()).issuing;
    rig.issuer.reset();
    rig.start_issuer();
    rig.loop.run_for(hour);
    rig.renewer->doubt(note);
    rig.loop.run_for(Seconds{5});
    EXPECT_TRUE(refused.empty()) << "a stranger says so";
}

TEST(Renewer, another_authority_at_the_same_port_is_not_believed) {
    Rig rig;
    rig.join_and_keep();
    rig.authority = Authority::make("c1", rig.wall()).issuing;
    rig.issuer.reset();
    rig.start_issuer();
    rig.loop.run_for(23 * hour);
    EXPECT_TRUE(rig.renewals.empty());
    EXPECT_TRUE(rig.told("not the authority of this cluster"));
}

TEST(Renewer, the_authority_s_own_port_goes_on_with_fresh_certificates) {
    Rig rig;
    rig.join_and_keep();
    rig.loop.run_for(30 * 24 * hour);
    EXPECT_GE(rig.renewals.size(), 40u);
    EXPECT_GT(rig.leaf().not_after(), rig.wall());
}

TEST(Renewer, keeps_a_host_over_the_renewal_of_the_issuing_certificate) {
    Rig rig;
    rig.wishes.life = 60 * 24 * hour;
    rig.join_and_keep();
    const AuthorityFiles& keys = rig.directory.keys();
    ASSERT_TRUE(rig.machine.files.rename(keys.root_key(), "/tmp/root.key"));
    rig.loop.run_for((729 * 24 + 12) * hour);
    const WallTime end = rig.authority->chain().front().not_after();
    EXPECT_EQ(rig.leaf().not_after(), end) << "cut short by its issuer";
    ASSERT_TRUE(keys.renew("/tmp/root.key", rig.wall()));
    rig.loop.run_for(24 * hour);
    EXPECT_GT(rig.leaf().not_after(), end) << "by an agent that has run all the time";
    const auto chain = *Certificate::chain_from_pem(rig.latest_chain);
    EXPECT_TRUE(verify_chain(chain, {&rig.authority->root(), 1}, rig.wall()));
}

}  // namespace
}  // namespace hansa
