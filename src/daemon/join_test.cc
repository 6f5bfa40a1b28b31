// A host joins through the agent beside an authority: the whole exchange, simulated.
#include <gtest/gtest.h>

#include "base/text.h"
#include "daemon/enrolment_rig.h"
#include "trust/keys.h"

namespace hansa {
namespace {

using test::EnrolmentRig;

std::string refusal(const Result<Grant>& grant) {
    if (grant) return "granted";
    return (grant.error().code == Code::denied ? "denied: " : "other: ") + grant.error().text;
}

bool says(const std::string& text, std::string_view words) {
    return text.starts_with("denied: ") && text.find(words) != std::string::npos;
}

TEST(Join, a_token_gives_a_host_its_certificate_with_what_the_token_says) {
    EnrolmentRig rig;
    rig.start_issuer();
    const Token token = rig.make_token([](TokenRecord& record) {
        record.name_glob = "web*";
        record.domain = "dc=lon";
        record.labels = {{"role", "web"}};
    });
    const Joiner::Wishes web1 = rig.host("web1", token);
    auto grant = rig.join(web1);
    ASSERT_TRUE(grant) << grant.error().text;
    auto chain = Certificate::chain_from_pem(grant->chain_pem);
    ASSERT_TRUE(chain);
    const Claims claims = *chain->front().claims();
    EXPECT_EQ(claims, (Claims{"c1", web1.uuid, "web1", "dc=lon", {{"role", "web"}}}));
    EXPECT_TRUE(chain->front().belongs_to(web1.key));
    EXPECT_FALSE(chain->front().may_serve_store());
    EXPECT_EQ(Certificate::from_pem(grant->root_pem)->key_pin(), token.pin);
    EXPECT_EQ(grant->stores, std::vector<std::string>{"https://192.0.2.1:2379"});
    EXPECT_EQ(grant->addresses, std::vector<std::string>{rig.at.text()});
    EXPECT_TRUE(rig.told("web1 joins with token " + token.id));
}

TEST(Join, a_token_is_refused_after_its_use_its_time_and_its_end) {
    EnrolmentRig rig;
    rig.start_issuer();
    const Token once = rig.make_token();
    ASSERT_TRUE(rig.join(rig.host("a", once)));
    EXPECT_TRUE(says(refusal(rig.join(rig.host("b", once))), "used up"));

    const Token revoked = rig.make_token();
    ASSERT_TRUE(rig.directory.revoke(revoked.id, {}));
    EXPECT_TRUE(says(refusal(rig.join(rig.host("c", revoked))), "was revoked"));

    const Token old = rig.make_token();
    rig.loop.run_for(Seconds{3601});
    EXPECT_TRUE(says(refusal(rig.join(rig.host("d", old))), "expired at"));
    EXPECT_EQ(rig.uses_of(old), 0u);

    const Token lost = make_token(rig.authority->root().key_pin(), {});
    EXPECT_TRUE(says(refusal(rig.join(rig.host("e", lost))), "no token"));
}

TEST(Join, a_token_never_works_for_another_name) {
    EnrolmentRig rig;
    rig.start_issuer();
    const Token token = rig.make_token([](TokenRecord& record) { record.name_glob = "web*"; });
    EXPECT_TRUE(says(refusal(rig.join(rig.host("db1", token))), "not for db1"));
    EXPECT_TRUE(says(refusal(rig.join(rig.host("store.hansa.internal", token))), ""));
    EXPECT_EQ(rig.uses_of(token), 0u);
    EXPECT_TRUE(rig.join(rig.host("web1", token)));
}

TEST(Join, a_name_that_no_certificate_can_carry_costs_no_use) {
    EnrolmentRig rig;
    rig.start_issuer();
    const Token token = rig.make_token();
    EXPECT_TRUE(says(refusal(rig.join(rig.host("hansa-member", token))), "kept for the store"));
    EXPECT_EQ(rig.uses_of(token), 0u);
}

TEST(Join, the_secret_is_what_counts_not_the_id) {
    EnrolmentRig rig;
    rig.start_issuer();
    const Token token = rig.make_token();
    Token guessed = make_token(token.pin, {});
    guessed.id = token.id;
    EXPECT_TRUE(says(refusal(rig.join(rig.host("a", guessed))), "secret"));
    EXPECT_EQ(rig.uses_of(token), 0u);
}

TEST(Join, somebody_in_between_with_an_authority_of_his_own_hears_nothing) {
    EnrolmentRig rig;
    rig.start_issuer();
    const Token token = rig.make_token();
    // The same port, another authority: the joiner believes the pin and nothing else.
    rig.authority = Authority::make("c1", rig.wall()).issuing;
    rig.issuer.reset();
    rig.start_issuer();
    EXPECT_TRUE(says(refusal(rig.join(rig.host("a", token))), "not the authority of this cluster"));
    EXPECT_EQ(rig.uses_of(token), 0u);
}

TEST(Join, a_lost_answer_is_asked_for_again_and_counts_once) {
    EnrolmentRig rig;
    rig.start_issuer();
    const Token token = rig.make_token();
    const Joiner::Wishes host = rig.host("a", token);
    rig.network.set_fault(rig.at, NetworkFault::lose_answers);
    EXPECT_EQ(rig.join(host, Seconds{60}).error().code, Code::unavailable);
    EXPECT_EQ(rig.uses_of(token), 1u);
    rig.network.heal(rig.at);
    EXPECT_TRUE(rig.join(host)) << "the same name, uuid and key";
    EXPECT_EQ(rig.uses_of(token), 1u);
    Joiner::Wishes thief = host;
    thief.key = PrivateKey::make();
    EXPECT_TRUE(says(refusal(rig.join(thief)), "used up"));
}

TEST(Join, nobody_there_is_waited_for_and_said) {
    EnrolmentRig rig;
    rig.start_issuer();
    const Token token = rig.make_token();
    const Joiner::Wishes host = rig.host("a", token);
    rig.network.set_fault(rig.at, NetworkFault::refuse);
    EXPECT_FALSE(rig.join(host, Seconds{300}));
    EXPECT_TRUE(rig.told("waiting for an authority"));
    EXPECT_TRUE(rig.told(rig.at.text()));
    Held healing = rig.loop.after(Seconds{100}, [&] { rig.network.heal(rig.at); });
    EXPECT_TRUE(rig.join(host));
}

TEST(Join, nobody_joins_before_it_can_be_said_where_the_store_is) {
    EnrolmentRig rig;
    const std::vector<std::string> stores = std::exchange(rig.stores, {});
    rig.start_issuer();
    const Token token = rig.make_token();
    const Joiner::Wishes host = rig.host("a", token);
    EXPECT_FALSE(rig.join(host, Seconds{60}));
    EXPECT_TRUE(rig.told("its store does not serve yet"));
    EXPECT_EQ(rig.uses_of(token), 0u);
    rig.stores = stores;
    const auto grant = rig.join(host);
    ASSERT_TRUE(grant);
    EXPECT_EQ(grant->stores, stores);
}

TEST(Join, a_full_disk_grants_nothing_and_is_asked_again) {
    EnrolmentRig rig;
    rig.start_issuer();
    const Token token = rig.make_token();
    rig.machine.files.set_fault("/tmp/ca/tokens", FileFault::no_space);
    const Joiner::Wishes host = rig.host("a", token);
    EXPECT_FALSE(rig.join(host, Seconds{60}));
    EXPECT_EQ(rig.uses_of(token), 0u);
    rig.machine.files.heal_all();
    EXPECT_TRUE(rig.join(host));
}

TEST(Join, of_two_at_the_same_instant_with_one_use_exactly_one_wins) {
    for (std::uint64_t round = 0; round < 50; ++round) {
        EnrolmentRig rig;
        rig.start_issuer();
        // A second agent of the same machine beside the same directory.
        IssuerWishes beside = rig.wishes;
        beside.host = "seat2";
        Issuer second({rig.loop, rig.machine.workers, rig.sockets, rig.report}, rig.directory,
                      *rig.authority, beside, [&] { return rig.stores; });
        auto at = second.start();
        ASSERT_TRUE(at);
        EXPECT_NE(at->port, rig.at.port);
        const Token token = rig.make_token();
        int granted = 0;
        int refused = 0;
        const auto count = [&](const Result<Grant>& grant) { ++(grant ? granted : refused); };
        Joiner::Wishes other = rig.host("b", token);
        other.places = {*at};
        rig.random = SeededRandom(round);
        Joiner a({rig.loop, rig.sockets, rig.random, rig.report}, rig.host("a", token), count);
        Joiner b({rig.loop, rig.sockets, rig.random, rig.report}, other, count);
        a.start();
        b.start();
        ASSERT_TRUE(rig.loop.run_until([&] { return granted + refused == 2; }, Seconds{600}));
        EXPECT_EQ(granted, 1) << round;
        EXPECT_EQ(rig.uses_of(token), 1u);
    }
}

TEST(Join, a_revoked_name_does_not_come_back_with_an_older_token) {
    EnrolmentRig rig;
    rig.start_issuer();
    const Token token = rig.make_token([](TokenRecord& record) { record.uses = 3; });
    rig.loop.run_for(Seconds{10});
    rig.revoke("a");
    EXPECT_TRUE(says(refusal(rig.join(rig.host("a", token))), "was revoked"));
    rig.loop.run_for(Seconds{10});
    EXPECT_TRUE(rig.join(rig.host("a", rig.make_token())));
}

TEST(Join, a_host_is_taken_back_with_every_certificate_that_it_ever_got) {
    EnrolmentRig rig;
    rig.start_issuer();
    const auto joined = rig.join(rig.host("a", rig.make_token()));
    ASSERT_TRUE(joined);
    const auto chain = *Certificate::chain_from_pem(joined->chain_pem);
    rig.loop.run_for(Seconds{13 * 3600});
    const auto renewed = rig.directory.grant_renewal(joined->chain_pem, *rig.authority, {},
                                                     rig.wall(), rig.no_pause());
    ASSERT_TRUE(renewed) << renewed.error().text;
    EXPECT_EQ(rig.directory.hosts(), std::vector<std::string>{"a"});

    const auto list =
        rig.directory.take_back(*HostName::parse("a"), *rig.authority, rig.wall(), rig.no_pause());
    ASSERT_TRUE(list) << list.error().text;
    EXPECT_EQ(list->epoch, 1u);
    EXPECT_EQ(list->revoked.serials.size(), 2u);
    const std::vector<Certificate> roots{rig.authority->root()};
    const auto kept = rig.directory.keys().revocations(*rig.authority, rig.wall());
    ASSERT_TRUE(kept);
    for (const std::string& pem : {joined->chain_pem, *renewed})
        EXPECT_FALSE(
            verify_chain(*Certificate::chain_from_pem(pem), roots, rig.wall(), kept->revoked));
    const auto again =
        rig.directory.grant_renewal(*renewed, *rig.authority, {}, rig.wall(), rig.no_pause());
    EXPECT_EQ(again.error().code, Code::conflict);
    const auto unknown =
        rig.directory.take_back(*HostName::parse("b"), *rig.authority, rig.wall(), rig.no_pause());
    EXPECT_EQ(unknown.error().code, Code::missing) << "a name that was misspelled is said to be";
    EXPECT_EQ(rig.directory.keys().revocations(*rig.authority, rig.wall())->epoch, 1u);
}

TEST(Join, a_token_takes_over_nobody_elses_name) {
    EnrolmentRig rig;
    rig.start_issuer();
    const Joiner::Wishes first = rig.host("a", rig.make_token());
    ASSERT_TRUE(rig.join(first));
    const Token another = rig.make_token();
    EXPECT_TRUE(says(refusal(rig.join(rig.host("a", another))), "belongs to another host"));
    EXPECT_EQ(rig.uses_of(another), 0u);
    ASSERT_TRUE(rig.machine.files.make_directories("/tmp/seat"));
    const Joiner::Wishes seat = rig.host("seat", another);
    for (const std::string& marker :
         {R"({"uuid": "of the seat", "host": "seat", "cluster": ")" + seat.uuid + "\"}",
          std::string("damaged")}) {
        ASSERT_TRUE(rig.machine.files.write("/tmp/seat/identity.json", marker, {}));
        EXPECT_TRUE(says(refusal(rig.join(seat)), "beside the authority")) << marker;
    }
    Joiner::Wishes again = first;
    again.token = another;
    EXPECT_TRUE(rig.join(again)) << "the same host";
}

TEST(Join, what_cannot_be_remembered_is_not_granted) {
    EnrolmentRig rig;
    rig.start_issuer();
    const Token token = rig.make_token();
    rig.machine.files.set_fault("/tmp/ca/issued", FileFault::no_space);
    const Joiner::Wishes host = rig.host("a", token);
    EXPECT_FALSE(rig.join(host, Seconds{60}));
    EXPECT_EQ(rig.uses_of(token), 0u);
    rig.machine.files.heal_all();
    EXPECT_TRUE(rig.join(host));
}

TEST(Join, while_the_list_of_the_revoked_cannot_be_believed_nobody_gets_in) {
    EnrolmentRig rig;
    rig.start_issuer();
    const Token token = rig.make_token();
    const Authority foreign = Authority::make("c1", rig.wall()).issuing;
    const std::string list = *sign_revocations({"c1", 1, {}}, foreign);
    ASSERT_TRUE(rig.machine.files.write("/tmp/ca/revocations.json", list, {}));
    EXPECT_EQ(rig.join(rig.host("a", token), Seconds{60}).error().code, Code::unavailable);
    EXPECT_EQ(rig.uses_of(token), 0u);
}

TEST(Join, no_secret_is_ever_told) {
    EnrolmentRig rig;
    rig.start_issuer();
    const Token token = rig.make_token();
    (void)rig.join(rig.host("a", token));
    (void)rig.join(rig.host("b", token));
    const std::string hash = sha256(token.secret);
    for (const std::string& secret :
         {token.secret, hex_encode(token.secret), base64_encode(token.secret), encode(token), hash,
          hex_encode(hash), base64_encode(hash), std::string("PRIVATE KEY")})
        EXPECT_FALSE(rig.told(secret));
}

TEST(Issuer, garbage_at_the_port_is_hung_up_on_and_changes_nothing) {
    EnrolmentRig rig;
    rig.start_issuer();
    const Token token = rig.make_token();
    SeededRandom random(3);
    int answers = 0;
    for (int round = 0; round < 500; ++round) {
        std::string text(random.below(200), '\0');
        for (char& byte : text) byte = static_cast<char>(random.next());
        if (random.chance(0.3)) text = "hansa join\n" + text;
        bool done = false;
        Held asking = rig.sockets.ask({.addresses = {rig.at},
                                       .text = text,
                                       .identity = {},
                                       .judge = [](const std::string&) { return Result<void>{}; }},
                                      [&](const Result<std::string>& answer) {
                                          answers += answer ? 1 : 0;
                                          done = true;
                                      });
        ASSERT_TRUE(rig.loop.run_until([&] { return done; }, Seconds{60}));
    }
    EXPECT_EQ(answers, 0);
    EXPECT_EQ(rig.uses_of(token), 0u);
    EXPECT_TRUE(rig.join(rig.host("a", token)));
}

TEST(Issuer, strangers_do_not_fill_the_log) {
    EnrolmentRig rig;
    rig.start_issuer();
    const std::size_t before = rig.log.size();
    for (int round = 0; round < 40; ++round)
        (void)rig.join(rig.host("a", make_token(rig.authority->root().key_pin(), {})));
    EXPECT_LE(rig.log.size(), before + 2);
    rig.loop.run_for(Seconds{120});
    (void)rig.join(rig.host("a", make_token(rig.authority->root().key_pin(), {})));
    EXPECT_TRUE(rig.told("refusals in all"));
}

TEST(Issuer, counts_clients_that_were_lost_before_they_had_asked) {
    EnrolmentRig rig;
    rig.start_issuer();
    const SecureLimits more{.question_max = 1 << 20};
    bool done = false;
    const Held asking = rig.sockets.ask({.addresses = {rig.at},
                                         .text = std::string(100'000, 'x'),
                                         .identity = {},
                                         .judge = [](const std::string&) { return Result<void>{}; },
                                         .limits = more},
                                        [&done](const Result<std::string>&) { done = true; });
    ASSERT_TRUE(rig.loop.run_until([&] { return done; }, Seconds{60}));
    EXPECT_EQ(rig.report.snapshot().refusals.at("join_broken"), 1u);
    EXPECT_TRUE(rig.told("from 192.0.2.7:50000: left before it had asked"));
}

TEST(Issuer, keeps_its_port_from_start_to_start_and_takes_the_next_when_the_usual_is_taken) {
    EnrolmentRig rig;
    rig.start_issuer();
    EXPECT_EQ(rig.at.text(), "127.0.0.1:2381");
    EnrolmentRig second;
    auto taken = second.sockets.serve({"127.0.0.1", 2381}, {[] { return TlsIdentity{}; }, {}});
    ASSERT_TRUE(taken);
    second.start_issuer();
    const HostPort first = second.at;
    EXPECT_NE(first.port, 2381);
    second.issuer.reset();
    taken->held.reset();
    second.start_issuer();
    EXPECT_EQ(second.at, first) << "tokens that are out name it";
    EXPECT_EQ(second.directory.listeners().at(0).at, first);
}

TEST(Issuer, a_port_that_was_asked_for_and_is_taken_is_an_error) {
    EnrolmentRig rig;
    auto taken = rig.sockets.serve({"127.0.0.1", 700}, {[] { return TlsIdentity{}; }, {}});
    rig.wishes.listen = HostPort{"127.0.0.1", 700};
    Issuer issuer({rig.loop, rig.machine.workers, rig.sockets, rig.report}, rig.directory,
                  *rig.authority, rig.wishes, {});
    auto started = issuer.start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Code::unavailable);
    EXPECT_NE(started.error().text.find("--join-listen"), std::string::npos);
}

TEST(Joiner, asks_the_tokens_addresses_first_then_the_hosts_of_the_seeds) {
    const auto places = places_to_ask({"a:1", "not an address", "a:1"},
                                      {"https://b:2379", "http://[::1]:2379", "https://b:99"});
    std::vector<std::string> texts;
    for (const HostPort& at : places) texts.push_back(at.text());
    EXPECT_EQ(texts, (std::vector<std::string>{"a:1", "b:2381", "[::1]:2381"}));
}

}  // namespace
}  // namespace hansa
