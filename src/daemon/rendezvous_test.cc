// Hosts that found together, on a simulated network.
#include "daemon/rendezvous.h"

#include <gtest/gtest.h>

#include "mesh/seats.h"
#include "mesh/testing.h"
#include "sys/sim/secure_sockets.h"

namespace hansa {
namespace {

using testing::uuid_of;

struct Waiting {
    Waiting(SimLoop& loop, SimNetwork& network, const std::string& name,
            std::vector<HostPort> others, std::string group, const Credentials& mine)
        : at(place(name)), sockets(network, at.text()), report(loop.clock()) {
        report.listen([this](const Event& event, WallTime) {
            if (const auto* noted = std::get_if<happened::Noted>(&event)) said = noted->text;
            if (std::holds_alternative<happened::Refused>(event)) ++refused;
        });
        rendezvous = std::make_unique<Rendezvous>(
            Rendezvous::Ports{loop, sockets, report},
            Rendezvous::Wishes{{uuid_of(name), name, std::move(group)}, at, std::move(others)},
            [&mine]() -> const Credentials& { return mine; },
            Rendezvous::Events{[this] { ++founded; }, [this] { ++joined; },
                               [this](Error error) { fatal.push_back(error.text); }});
    }
    static HostPort place(const std::string& name) {
        return {"192.0.2." + std::to_string(name[0] - 'a' + 1), 2379};
    }

    HostPort at;
    SimSecureSockets sockets;
    Report report;
    std::string said;
    int founded = 0;
    int joined = 0;
    int refused = 0;
    std::vector<std::string> fatal;
    std::unique_ptr<Rendezvous> rendezvous;
};

class Meeting : public ::testing::Test {
 protected:
    static constexpr const char* names = "abc";

    std::unique_ptr<Waiting> host(const std::string& name, const std::string& group = "g",
                                  const Credentials* mine = nullptr) {
        std::vector<HostPort> others;
        for (const char other : std::string(names))
            if (other != name[0]) others.push_back(Waiting::place(std::string(1, other)));
        auto made = std::make_unique<Waiting>(loop, network, name, others, group,
                                              mine ? *mine : testing::credentials(name));
        EXPECT_TRUE(made->rendezvous->start());
        return made;
    }
    static std::string smallest() {
        std::string best = "a";
        for (const std::string name : {"b", "c"})
            if (seat_hash(uuid_of(name)) < seat_hash(uuid_of(best))) best = name;
        return best;
    }

    SimLoop loop;
    SimNetwork network{loop};
};

TEST_F(Meeting, nobody_founds_before_all_are_here_and_then_one_does) {
    auto a = host("a");
    auto b = host("b");
    loop.run_for(Seconds{3600});
    EXPECT_EQ(a->founded + b->founded, 0) << "time is no reason";
    EXPECT_NE(a->said.find("waits for 192.0.2.3:2379: 2 of 3"), std::string::npos) << a->said;
    auto c = host("c");
    loop.run_for(Seconds{5});
    EXPECT_EQ(a->founded + b->founded + c->founded, 1);
    for (const auto* one : {&a, &b, &c})
        EXPECT_EQ((*one)->founded, (*one)->said.find("this one founds") != std::string::npos);
    for (const auto& [name, one] : {std::pair{"a", &a}, {"b", &b}, {"c", &c}})
        EXPECT_EQ((*one)->founded, name == smallest() ? 1 : 0);
}

TEST_F(Meeting, the_founders_port_is_free_when_it_is_told) {
    std::map<std::string, std::unique_ptr<Waiting>> hosts;
    for (const std::string name : {"a", "b", "c"}) hosts[name] = host(name);
    loop.run_for(Seconds{5});
    Waiting& founder = *hosts.at(smallest());
    ASSERT_EQ(founder.founded, 1);
    EXPECT_TRUE(founder.sockets.serve(founder.at, {}));
}

TEST_F(Meeting, a_store_at_one_of_the_addresses_is_joined) {
    auto b = host("b");
    SimSecureSockets store(network, "192.0.2.1:2379");
    const PrivateKey key = PrivateKey::make();
    const auto issued =
        testing::authority().issue(member_order("a", uuid_of("a"), key), loop.clock().wall());
    ASSERT_TRUE(issued) << issued.error().text;
    int heard = 0;
    auto served = store.serve(Waiting::place("a"), {.identity =
                                                        [&] {
                                                            return TlsIdentity{*issued, key.pem()};
                                                        },
                                                    .handler =
                                                        [&](const SecurePeer&, const std::string&,
                                                            const SecureSockets::Answer& answer) {
                                                            ++heard;
                                                            answer("");
                                                        }});
    ASSERT_TRUE(served);
    loop.run_for(Seconds{5});
    EXPECT_EQ(b->joined, 1);
    EXPECT_EQ(heard, 0) << "nothing is said to a store";
    EXPECT_TRUE(b->sockets.serve(b->at, {})) << "the port is free";
}

TEST_F(Meeting, who_has_no_certificate_of_the_authority_learns_nothing_and_counts_for_nothing) {
    const auto other = Authority::make("c1", loop.clock().wall());
    const Credentials foreign = testing::credentials_of({"a"}, other.issuing);
    auto a = host("a", "g", &foreign);
    auto b = host("b");
    auto c = host("c");
    loop.run_for(Seconds{30});
    EXPECT_EQ(a->founded + b->founded + c->founded, 0);
    EXPECT_NE(b->said.find("2 of 3"), std::string::npos) << b->said;
    EXPECT_NE(a->said.find("1 of 3"), std::string::npos) << a->said;
}

TEST_F(Meeting, different_lists_are_for_an_operator) {
    auto a = host("a", "one");
    auto b = host("b", "other");
    loop.run_for(Seconds{5});
    ASSERT_EQ(a->fatal.size() + b->fatal.size(), 2U);
    EXPECT_NE(a->fatal[0].find("other --seeds"), std::string::npos) << a->fatal[0];
}

}  // namespace
}  // namespace hansa
