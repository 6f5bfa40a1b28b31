#include "daemon/enrolment.h"

#include "daemon/enrolment_rig.h"
#include "daemon/seat_settings.h"

namespace hansa {
namespace {

constexpr Duration day = Seconds{24 * 3600};

// The agent that came first under a prefix.
struct Rig {
    SimLoop loop;
    SimMachine machine{loop, 1};
    SimLocks locks;
    SimNetwork network{loop};
    SimSecureSockets sockets{network, "192.0.2.1:50000"};
    SeededRandom random{5};
    Report report{loop.clock()};
    std::vector<std::string> noted, warned;
    Settings settings{"g.yaml", *HostName::parse("a")};
    std::unique_ptr<Home> home;
    std::optional<HostCredentials> credentials;
    std::unique_ptr<Enrolment> enrolment;

    Rig() {
        report.listen([this](const Event& event, WallTime) {
            if (const auto* note = std::get_if<happened::Noted>(&event))
                noted.push_back(note->text);
            if (const auto* told = std::get_if<happened::Warned>(&event))
                warned.push_back(told->text);
        });
        auto opened =
            Home::open({machine.files, locks, machine.accounts, random}, "/p", settings.host);
        check(static_cast<bool>(opened), "a home can be made");
        home = std::move(*opened);
        open_credentials();
    }

    void open_credentials() {
        auto own = HostCredentials::open({machine.files, machine.accounts, random, loop.clock()},
                                         {home->trust_directory(), home->authority_directory(), {}},
                                         {home->identity().uuid, "a"});
        check(static_cast<bool>(own), "the host has credentials");
        credentials.emplace(std::move(*own));
    }

    void start() {
        enrolment = std::make_unique<Enrolment>(
            Enrolment::Ports{loop, machine.workers, sockets, machine.files, locks, machine.accounts,
                             random, report},
            settings, *home, [] { return std::vector<std::string>{"https://192.0.2.1:2379"}; });
        auto started = enrolment->start(*credentials);
        ASSERT_TRUE(started) << started.error().text;
    }
    bool answers() const {
        return !noted.empty() && noted.back().find("answers joins") != std::string::npos;
    }
};

TEST(Enrolment, a_host_beside_the_authority_certifies_itself_for_a_seat) {
    Rig rig;
    rig.settings.listen = "192.0.2.1";
    rig.start();
    rig.loop.run_for(Seconds{5});
    const std::string trust = rig.home->trust_directory();
    const auto text = rig.machine.files.read(trust + "/member.pem", 64 * 1024);
    ASSERT_TRUE(text) << text.error().text;
    const Certificate leaf = *Certificate::from_pem(*text);
    EXPECT_TRUE(leaf.may_serve_store());
    EXPECT_EQ(leaf.addresses(), seat_addresses(rig.settings));
    EXPECT_EQ(leaf.claims()->uuid, rig.home->identity().uuid);
    EXPECT_TRUE(rig.machine.files.status(trust + "/member.key"));
}

TEST(Enrolment, who_refuses_seats_has_no_certificate_for_one) {
    Rig rig;
    rig.settings.seat = SeatWish::no;
    rig.start();
    rig.loop.run_for(Seconds{60});
    EXPECT_FALSE(rig.machine.files.status(rig.home->trust_directory() + "/member.pem"));
    EXPECT_FALSE(rig.machine.files.status(rig.home->trust_directory() + "/member.key"));
}

TEST(Enrolment, opens_no_port_before_anybody_is_expected) {
    Rig rig;
    rig.start();
    EXPECT_FALSE(rig.answers());
    // By "hansa token create".
    ASSERT_TRUE(rig.machine.files.make_directories("/p/ca/tokens"));
    rig.enrolment.reset();
    rig.start();
    EXPECT_TRUE(rig.answers());
}

TEST(Enrolment, answers_joins_where_it_is_told_to) {
    Rig rig;
    rig.settings.join_listen = HostPort{"192.0.2.1", 700};
    rig.start();
    EXPECT_TRUE(rig.answers());
}

TEST(Enrolment, a_joined_host_whose_clock_is_behind_starts_and_says_so) {
    Rig rig;
    const WallTime later = rig.loop.clock().wall() + Seconds{7500};
    const Authority authority = Authority::make("c1", later - day).issuing;
    const PrivateKey key = PrivateKey::make();
    IssueOrder order;
    order.claims.name = "a";
    order.claims.uuid = rig.home->identity().uuid;
    order.public_pem = key.public_pem();
    auto chain = authority.issue(order, later);
    ASSERT_TRUE(chain) << chain.error().text;
    ASSERT_TRUE(store_joined(rig.machine.files, rig.home->trust_directory(),
                             {key.pem(), *chain, authority.root().pem(), {}}));
    rig.open_credentials();
    rig.start();
    ASSERT_EQ(rig.warned.size(), 1u);
    EXPECT_EQ(rig.warned[0].find("this machine's clock is at least 2 h behind"), 0u)
        << rig.warned[0];
    // Once the clock is right there is nothing to say.
    rig.loop.run_for(Seconds{7500});
    rig.warned.clear();
    rig.enrolment.reset();
    rig.start();
    EXPECT_TRUE(rig.warned.empty());
}

TEST(Enrolment, warns_before_the_issuing_certificate_ends) {
    Rig rig;
    ASSERT_TRUE(rig.machine.files.rename("/p/ca/root.key", "/p/root.key"));
    rig.start();
    rig.loop.run_for(660 * day);
    EXPECT_TRUE(rig.warned.empty());
    rig.loop.run_for(20 * day);
    ASSERT_FALSE(rig.warned.empty());
    EXPECT_NE(rig.warned.front().find("hansa ca renew --root-key FILE"), std::string::npos);
}

}  // namespace
}  // namespace hansa
