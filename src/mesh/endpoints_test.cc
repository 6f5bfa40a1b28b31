#include "mesh/endpoints.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace hansa {
namespace {

using Urls = std::vector<std::string>;

StoreMember member(const std::string& name, std::vector<std::string> domain = {}) {
    return {name, std::move(domain), {"https://" + name + ":2379"}};
}

std::vector<StoreMember> five() {
    return {member("a"), member("b"), member("c"), member("d"), member("e")};
}

TEST(Endpoints, clients_spread_over_the_members) {
    for (const std::uint64_t first : {0u, 1000u, 7'000'000u}) {
        std::map<std::string, int> load;
        for (std::uint64_t seed = first; seed < first + 128; ++seed)
            ++load[order_endpoints({.members = five()}, {}, seed).front()];
        int most = 0;
        for (const auto& [url, clients] : load) most = std::max(most, clients);
        EXPECT_EQ(load.size(), 5u);
        EXPECT_LE(most, 1.5 * 128 / 5);
    }
}

TEST(Endpoints, whoever_loses_a_member_spreads_over_the_others) {
    std::map<std::string, int> load;
    for (std::uint64_t seed = 0; seed < 128; ++seed) {
        const Urls order = order_endpoints({.members = five()}, {}, seed);
        ++load[order[0] == "https://a:2379" ? order[1] : order[0]];
    }
    for (const auto& [url, clients] : load) EXPECT_LE(clients, 1.5 * 128 / 4) << url;
}

TEST(Endpoints, a_process_keeps_its_order_however_the_list_is_written_and_grows) {
    const Urls all = order_endpoints({.members = five()}, {}, 42);
    auto turned = five();
    std::reverse(turned.begin(), turned.end());
    EXPECT_EQ(order_endpoints({.members = turned}, {}, 42), all);
    turned.pop_back();  // a
    Urls without = all;
    std::erase(without, "https://a:2379");
    EXPECT_EQ(order_endpoints({.members = turned}, {}, 42), without);
}

TEST(Endpoints, whoever_shares_more_of_our_domain_comes_first) {
    const std::vector<StoreMember> members = {
        member("far", {"dc=par", "rack=r1"}), member("unknown"),
        member("rack", {"dc=lon", "rack=r1"}), member("hall", {"dc=lon", "rack=r2"})};
    const Vantage here{{"dc=lon", "rack=r1", "host=x"}};
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const Urls order = order_endpoints({.members = members}, here, seed);
        ASSERT_EQ(order.size(), 4u);
        EXPECT_EQ(order[0], "https://rack:2379");
        EXPECT_EQ(order[1], "https://hall:2379");
    }
}

TEST(Endpoints, every_member_is_tried_before_the_second_address_of_one) {
    StoreMember two = member("a");
    two.client_urls.push_back("https://10.0.0.1:2379");
    const Urls order = order_endpoints({.members = {two, member("b")}}, {}, 1);
    ASSERT_EQ(order.size(), 3u);
    EXPECT_EQ(order[2], "https://10.0.0.1:2379");
}

TEST(Endpoints, sources_come_in_the_order_of_their_worth_and_each_endpoint_once) {
    KnownEndpoints known;
    EXPECT_TRUE(order_endpoints(known, {}, 1).empty());
    known.found = {"https://dns:2379"};
    EXPECT_EQ(order_endpoints(known, {}, 1), (Urls{"https://dns:2379"}));
    known.cached = {member("old")};
    known.seeds = {"https://seed:2379"};
    EXPECT_EQ(order_endpoints(known, {}, 1),
              (Urls{"https://seed:2379", "https://old:2379", "https://dns:2379"}));
    known.members = {member("new")};
    EXPECT_EQ(order_endpoints(known, {}, 1),
              (Urls{"https://new:2379", "https://seed:2379", "https://dns:2379"}));
    known.own = {"https://here:2379"};
    known.seeds = {"https://new:2379"};
    EXPECT_EQ(order_endpoints(known, {}, 1),
              (Urls{"https://here:2379", "https://new:2379", "https://dns:2379"}));
}

TEST(Endpoints, learners_and_what_cannot_be_dialled_are_left_out) {
    StoreMember learner = member("l");
    learner.learner = true;
    StoreMember plain{
        "p", {}, {"http://p:2379", "unixs://p:1", "https://p:0", "https://0.0.0.0:1"}};
    StoreMember odd{"o", {}, {"https://o\x01:2379", "https://" + std::string(300, 'o') + ":1"}};
    StoreMember mixed{"m", {}, {"http://m:2379", "https://m:2379", "https://[::]:2379"}};
    EXPECT_EQ(dialable({learner, plain, odd, mixed}, {}), (std::vector<StoreMember>{member("m")}));
}

TEST(Endpoints, addresses_of_another_machine_alone_are_not_dialled_here) {
    StoreMember inside{"i",
                       {},
                       {"https://127.0.0.1:2379", "https://localhost:2379", "https://[::1]:2379",
                        "https://127.8.8.8:2379", "https://i:2379"}};
    EXPECT_EQ(dialable({inside}, {}), (std::vector<StoreMember>{member("i")}));
    EXPECT_EQ(dialable({inside}, {.beside = true}), (std::vector<StoreMember>{inside}));
    EXPECT_TRUE(is_loopback_url("127.0.0.1:2379"));
    EXPECT_FALSE(is_loopback_url("10.0.0.1:2379"));
}

TEST(Endpoints, a_hostile_list_stays_small) {
    std::vector<StoreMember> many;
    for (int at = 0; at < 1000; ++at) {
        many.push_back(member("m" + std::to_string(at)));
        for (int url = 0; url < 100; ++url)
            many.back().client_urls.push_back("https://x" + std::to_string(url) + ":1");
    }
    const auto kept = dialable(many, {});
    EXPECT_EQ(kept.size(), 64u);
    for (const StoreMember& one : kept) EXPECT_EQ(one.client_urls.size(), 8u);
    const auto read = decode_endpoints(encode_endpoints(kept));
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(*read, kept);
}

TEST(Endpoints, a_cache_that_would_be_too_large_loses_its_last_members) {
    const std::vector<std::string> deep(16, std::string(300, 'd'));
    const std::string text = encode_endpoints(std::vector<StoreMember>(64, member("m", deep)));
    EXPECT_LE(text.size(), endpoints_bytes_max);
    const auto read = decode_endpoints(text);
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_GT(read->size(), 5u);
}

ServiceRecord service(std::uint16_t priority, std::uint16_t port, std::string target) {
    return {priority, 0, port, std::move(target)};
}

TEST(Endpoints, what_the_dns_knows_comes_by_its_priorities) {
    const std::vector<ServiceRecord> records = {service(20, 1, "late."),
                                                service(10, 2379, "b.example."),
                                                service(10, 2379, "a.example"),
                                                service(0, 0, "none"),
                                                service(0, 5, "."),
                                                service(0, 5, "localhost"),
                                                service(0, 5, "a b")};
    bool other_order = false;
    const Urls first = endpoints_of(records, 0);
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const Urls urls = endpoints_of(records, seed);
        ASSERT_EQ(urls.size(), 3u);
        EXPECT_EQ(urls[2], "https://late:1");
        EXPECT_TRUE(std::is_permutation(urls.begin(), urls.end(), first.begin()));
        other_order = other_order || urls != first;
    }
    EXPECT_TRUE(other_order);
}

TEST(Endpoints, a_cache_is_read_as_it_was_written) {
    const std::vector<StoreMember> members = {member("a", {"dc=lon", "rack=r1"}), member("b")};
    const auto read = decode_endpoints(encode_endpoints(members));
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(*read, members);
}

TEST(Endpoints, a_cache_that_is_no_cache_is_refused) {
    const std::string good = encode_endpoints({member("a")});
    ASSERT_TRUE(decode_endpoints(good));
    for (std::size_t length = 0; length + 2 < good.size(); ++length)
        EXPECT_FALSE(decode_endpoints(good.substr(0, length))) << length;
    const auto members = [](const std::string& text) {
        return decode_endpoints("{\"v\":1,\"members\":" + text + "}");
    };
    EXPECT_TRUE(members("[]"));
    EXPECT_FALSE(members("{}"));
    EXPECT_FALSE(members("[1]"));
    EXPECT_FALSE(members(R"([{"name":"a","urls":["http://a:1"]}])"));
    EXPECT_FALSE(members(R"([{"name":"a","urls":["https://a"]}])"));
    EXPECT_FALSE(members(R"([{"name":"a","urls":["https://a:1"],"more":1}])"));
    EXPECT_FALSE(decode_endpoints(R"({"v":2,"members":[]})"));
    EXPECT_FALSE(members("[{\"name\":\"" + std::string(300, 'n') + "\"}]"));
    std::string many = "[";
    for (int at = 0; at < 65; ++at) many += (at ? "," : "") + std::string(R"({"name":"a"})");
    EXPECT_FALSE(members(many + "]"));
}

}  // namespace
}  // namespace hansa
