#include "mesh/endpoint_keeper.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "sys/sim/loop.h"

namespace hansa {
namespace {

using Urls = std::vector<std::string>;
using State = StoreStatus::State;

StoreMember member(const std::string& name) {
    return {name, {}, {"https://" + name + ":2379"}};
}

class EndpointKeeperTest : public testing::Test {
 protected:
    void begin(std::vector<StoreMember> cached = {}, std::vector<std::string> domain = {}) {
        EndpointKeeper::Ports ports{
            .loop = loop,
            .random = random,
            .list =
                [this](auto done) {
                    ++lists;
                    held = [this, done] { done(answer); };
                    if (!hold) loop.post(held);
                },
            .use = [this](Urls urls) { used.push_back(std::move(urls)); },
            .expect = [this](std::size_t voters) { expected = voters; },
            .keep = [this](const auto& members) { kept.push_back(members); },
            .look_up =
                [this](auto found) {
                    ++look_ups;
                    loop.post([this, found] { found(dns); });
                },
            .domain_of = [](const StoreMember& member) -> std::vector<std::string> {
                if (member.name == "near") return {"dc=lon"};
                return {};
            }};
        keeper.emplace(std::move(ports), std::move(cached), std::move(domain));
    }

    void listed(std::vector<StoreMember> members, const std::string& by = "seed:2379") {
        answer = MemberListing{by, std::move(members)};
    }
    const Urls& now() const { return used.back(); }

    SimLoop loop;
    SeededRandom random{5};
    Result<MemberListing> answer = Error{Code::unavailable, "away"};
    Urls dns;
    std::vector<Urls> used;
    std::vector<std::vector<StoreMember>> kept;
    int lists = 0;
    bool hold = false;  // answers wait for held()
    Action held;
    int look_ups = 0;
    std::size_t expected = 0;
    std::optional<EndpointKeeper> keeper;
};

TEST_F(EndpointKeeperTest, learns_the_members_after_it_has_connected_and_keeps_them) {
    begin();
    const Urls seeds{"https://seed:2379", "https://other:2379"};
    keeper->begin_with(seeds);
    EXPECT_EQ(now(), seeds);
    StoreMember learner = member("l");
    learner.learner = true;
    listed({member("b"), member("a"), learner});
    keeper->store_is(State::connected);
    loop.run_for(Milliseconds{700});
    EXPECT_EQ(lists, 0) << "a connection has more urgent things to do";
    loop.run_for(Milliseconds{600});
    EXPECT_EQ(lists, 1);
    ASSERT_EQ(now().size(), 4u);
    EXPECT_EQ(Urls(now().begin() + 2, now().end()), seeds);
    EXPECT_EQ(expected, 2u);
    ASSERT_EQ(kept.size(), 1u);
    EXPECT_EQ(kept[0], (std::vector<StoreMember>{member("a"), member("b")}));
}

TEST_F(EndpointKeeperTest, who_knows_of_one_member_alone_asks_for_others_at_once) {
    begin({member("a")});
    keeper->begin_with({});
    listed({member("a"), member("b")});
    keeper->store_is(State::connected);
    loop.run_for(Milliseconds{1});
    EXPECT_EQ(now().size(), 2u);
}

TEST_F(EndpointKeeperTest, asks_again_from_time_to_time_and_hands_on_only_what_is_new) {
    begin();
    keeper->begin_with({"https://seed:2379"});
    listed({member("a")});
    keeper->store_is(State::connected);
    loop.run_for(Seconds{300});
    EXPECT_GE(lists, 8);
    EXPECT_LE(lists, 13);
    EXPECT_EQ(used.size(), 2u);
    EXPECT_EQ(kept.size(), 1u);
    listed({member("a"), member("b")});
    loop.run_for(Seconds{37});
    EXPECT_EQ(used.size(), 3u);
    EXPECT_EQ(kept.size(), 2u);
    EXPECT_EQ(now().size(), 3u);
}

TEST_F(EndpointKeeperTest, asks_soon_when_somebody_knows_of_a_change) {
    begin();
    keeper->begin_with({"https://seed:2379"});
    listed({member("a")});
    keeper->members_changed();
    loop.run_for(Seconds{2});
    EXPECT_EQ(lists, 0) << "nothing is connected";
    keeper->store_is(State::connected);
    loop.run_for(Seconds{2});
    ASSERT_EQ(lists, 1);
    keeper->members_changed();
    loop.run_for(Seconds{2});
    EXPECT_EQ(lists, 2);
    loop.run_for(Seconds{20});
    EXPECT_EQ(lists, 2) << "and then as rarely as before";
    loop.run_for(Seconds{20});
    EXPECT_EQ(lists, 3);
}

TEST_F(EndpointKeeperTest, asks_once_more_when_news_come_while_it_asks) {
    begin();
    keeper->begin_with({"https://seed:2379"});
    listed({member("a")});
    keeper->store_is(State::connected);
    hold = true;
    loop.run_for(Seconds{2});
    ASSERT_EQ(lists, 1);
    keeper->members_changed();
    loop.run_for(Seconds{5});
    EXPECT_EQ(lists, 1) << "one question at a time";
    hold = false;
    held();
    loop.run_for(Seconds{2});
    EXPECT_EQ(lists, 2);
}

TEST_F(EndpointKeeperTest, asks_nobody_while_the_store_is_away) {
    begin();
    keeper->begin_with({"https://seed:2379"});
    keeper->store_is(State::connected);
    loop.run_for(Seconds{2});
    const int before = lists;
    keeper->store_is(State::no_quorum);
    loop.run_for(Seconds{120});
    EXPECT_EQ(lists, before);
    EXPECT_EQ(now(), (Urls{"https://seed:2379"}));
}

TEST_F(EndpointKeeperTest, starts_with_what_was_kept_when_no_seed_answers) {
    begin({member("a"), member("b")});
    keeper->begin_with({"https://seed:2379"});
    ASSERT_EQ(now().size(), 3u);
    EXPECT_EQ(now().front(), "https://seed:2379");
    listed({member("b"), member("a")}, "a:2379");
    keeper->store_is(State::connected);
    loop.run_for(Seconds{2});
    EXPECT_EQ(lists, 1);
    EXPECT_EQ(now().back(), "https://seed:2379");
    EXPECT_TRUE(kept.empty()) << "it is what was kept";
}

TEST_F(EndpointKeeperTest, a_store_whose_addresses_mean_nothing_here_is_reached_as_before) {
    begin();
    keeper->begin_with({"https://seed:2379"});
    listed({{"a", {}, {"https://127.0.0.1:2379"}}, {"b", {}, {"http://b:2379"}}});
    keeper->store_is(State::connected);
    loop.run_for(Seconds{2});
    EXPECT_EQ(now(), (Urls{"https://seed:2379"}));
    EXPECT_TRUE(kept.empty());
    listed({{"a", {}, {"https://127.0.0.1:2379"}}}, "127.0.0.1:9");
    loop.run_for(Seconds{40});
    EXPECT_EQ(now(), (Urls{"https://127.0.0.1:2379", "https://seed:2379"}));
}

TEST_F(EndpointKeeperTest, the_nearest_member_comes_first) {
    begin({}, {"dc=lon"});
    keeper->begin_with({"https://seed:2379"});
    listed({member("a"), member("b"), member("c"), member("near")});
    keeper->store_is(State::connected);
    loop.run_for(Seconds{2});
    EXPECT_EQ(now().front(), "https://near:2379");
    EXPECT_EQ(kept.at(0).back().domain, (std::vector<std::string>{"dc=lon"}));
}

TEST_F(EndpointKeeperTest, asks_the_dns_when_nobody_answers) {
    begin();
    keeper->begin_with({"https://seed:2379"});
    dns = {"https://dns:2379"};
    loop.run_for(Milliseconds{3900});
    EXPECT_EQ(look_ups, 0);
    loop.run_for(Milliseconds{2200});
    EXPECT_EQ(look_ups, 1);
    EXPECT_EQ(now(), (Urls{"https://seed:2379", "https://dns:2379"}));
    dns.clear();
    loop.run_for(Seconds{37});
    EXPECT_EQ(look_ups, 2);
    EXPECT_EQ(used.size(), 2u) << "what was found stays";
    keeper->store_is(State::connected);
    loop.run_for(Seconds{120});
    EXPECT_EQ(look_ups, 2);
}

TEST_F(EndpointKeeperTest, a_machines_own_store_is_where_the_machine_says) {
    begin();
    EXPECT_TRUE(used.empty());
    keeper->own_is({{"https://127.0.0.1:2379"}});
    keeper->own_is({{"https://127.0.0.1:2379"}});
    EXPECT_EQ(used.size(), 2u) << "once more means: try now";
    listed({{"a", {}, {"https://127.0.0.1:2379"}}}, "127.0.0.1:2379");
    keeper->store_is(State::connected);
    loop.run_for(Seconds{60});
    EXPECT_GE(lists, 2);
    EXPECT_EQ(used.size(), 2u);
    EXPECT_TRUE(kept.empty());
    keeper->own_is({.dialled = {}});
    EXPECT_TRUE(now().empty()) << "the list is older than the machine's word";
    loop.run_for(Seconds{60});
    EXPECT_EQ(look_ups, 0);
}

TEST_F(EndpointKeeperTest, members_elsewhere_stand_in_for_a_machines_own_store) {
    begin();
    keeper->own_is({{"https://127.0.0.1:2379"}, {"https://10.0.0.1:2379"}});
    listed({{"a", {}, {"https://10.0.0.1:2379"}}, member("b"), member("c")}, "10.0.0.1:2379");
    keeper->store_is(State::connected);
    loop.run_for(Seconds{2});
    ASSERT_EQ(now().size(), 3u);
    EXPECT_EQ(now().front(), "https://127.0.0.1:2379");
    keeper->own_is({.dialled = {}});
    EXPECT_EQ(now().size(), 2u);
    ASSERT_EQ(kept.size(), 1u);

    // It is alone again: nothing of the others stays.
    keeper->own_is({{"https://127.0.0.1:2379"}, {"https://10.0.0.1:2379"}});
    listed({{"a", {}, {"https://10.0.0.1:2379"}}}, "10.0.0.1:2379");
    loop.run_for(Seconds{40});
    EXPECT_EQ(now(), (Urls{"https://127.0.0.1:2379"}));
    ASSERT_EQ(kept.size(), 2u);
    EXPECT_TRUE(kept[1].empty());
}

TEST_F(EndpointKeeperTest, an_answer_that_comes_too_late_is_nobodys) {
    begin();
    keeper->begin_with({"https://seed:2379"});
    keeper->store_is(State::connected);
    hold = true;
    loop.run_for(Seconds{2});
    ASSERT_EQ(lists, 1);
    listed({member("a")});
    keeper.reset();
    held();
    loop.run_for(Seconds{60});
    EXPECT_EQ(used.size(), 1u);
}

}  // namespace
}  // namespace hansa
