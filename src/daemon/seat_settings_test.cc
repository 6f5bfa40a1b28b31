#include "daemon/seat_settings.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

Settings plain() {
    return Settings("g.yaml", *HostName::parse("web1"));
}

std::string refusal(const SeatOptions& options, Settings settings = plain()) {
    auto added = add_seat_options(options, settings);
    if (added) return "accepted";
    EXPECT_EQ(added.error().code, Code::invalid);
    return added.error().text;
}

bool says(const std::string& text, std::string_view words) {
    return text.find(words) != text.npos;
}

TEST(SeatSettings, a_host_may_hold_a_seat_unless_it_says_no_in_either_way) {
    const auto wish_of = [](const SeatOptions& options) {
        Settings settings = plain();
        EXPECT_TRUE(add_seat_options(options, settings));
        return settings.seat;
    };
    EXPECT_EQ(wish_of({}), SeatWish::yes);
    EXPECT_EQ(wish_of({.seat = "yes"}), SeatWish::yes);
    EXPECT_EQ(wish_of({.seat = "prefer"}), SeatWish::prefer);
    EXPECT_EQ(wish_of({.seat = "no"}), SeatWish::no);
    EXPECT_EQ(wish_of({.no_server = true}), SeatWish::no);
    EXPECT_EQ(wish_of({.seat = "no", .no_server = true}), SeatWish::no);
    EXPECT_TRUE(says(refusal({.seat = "prefer", .no_server = true}), "choose one"));
    EXPECT_TRUE(says(refusal({.seat = "yes", .no_server = true}), "choose one"));
    EXPECT_TRUE(says(refusal({.seat = "maybe"}), "--seat: seat \"maybe\" is unknown"));
}

TEST(SeatSettings, a_cluster_has_an_odd_size_up_to_nine) {
    for (const std::int64_t size : {1, 3, 5, 7, 9}) {
        Settings settings = plain();
        ASSERT_TRUE(add_seat_options({.ideal_cluster_size = size}, settings));
        EXPECT_EQ(settings.ideal_cluster_size, size);
    }
    for (const std::int64_t size : {-3, 0, 2, 4, 8, 11})
        EXPECT_TRUE(says(refusal({.ideal_cluster_size = size}), "must be odd, from 1 to 9"));
    Settings settings = plain();
    ASSERT_TRUE(add_seat_options({}, settings));
    EXPECT_FALSE(settings.ideal_cluster_size);
}

TEST(SeatSettings, times_are_one_of_two_and_etcd_has_its_share_of_them) {
    Settings settings = plain();
    ASSERT_TRUE(add_seat_options({.timing = "fast"}, settings));
    EXPECT_EQ(settings.seat_timing, "fast");
    EXPECT_TRUE(says(refusal({.timing = "slow"}), "--seat-timing: timing \"slow\" is unknown"));
    EXPECT_EQ(etcd_timing("fast").heartbeat, Milliseconds{20});
    EXPECT_EQ(etcd_timing("fast").election, Milliseconds{200});
    EXPECT_EQ(etcd_timing("").heartbeat, Milliseconds{100});
}

TEST(SeatSettings, a_cluster_keeps_what_it_was_founded_with_and_other_wishes_are_told) {
    Settings settings = plain();
    EXPECT_EQ(founding_settings(settings, ""), (SeatSettings{5, "default"}));
    EXPECT_TRUE(overruled(settings, {3, "fast"}).empty()) << "nothing was asked for";
    ASSERT_TRUE(add_seat_options({.ideal_cluster_size = 3, .timing = "fast"}, settings));
    EXPECT_EQ(founding_settings(settings, "fast"), (SeatSettings{3, "fast"}));
    EXPECT_TRUE(overruled(settings, {3, "fast"}).empty());
    const auto lines = overruled(settings, {5, "default"});
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_TRUE(says(lines[0], "--ideal-cluster-size 3 has no effect: the cluster's size is 5"));
    EXPECT_TRUE(says(lines[1], "the cluster's times are \"default\""));
}

TEST(SeatSettings, listen_is_an_address_of_this_machine) {
    const std::pair<const char*, const char*> forms[] = {{"192.0.2.1", "192.0.2.1"},
                                                         {"127.0.0.2", "127.0.0.2"},
                                                         {"localhost", "127.0.0.1"},
                                                         {"::1", "::1"},
                                                         {"2001:DB8::7", "2001:db8::7"}};
    for (const auto& [text, usual] : forms) {
        Settings settings = plain();
        ASSERT_TRUE(add_seat_options({.listen = text}, settings)) << text;
        EXPECT_EQ(settings.listen, usual);
    }
    for (const char* text : {"seat.example", "abc", "192.0.2.1:2379", "[::1]", "224.0.0.1", "*",
                             "https://192.0.2.1:2379"})
        EXPECT_TRUE(says(refusal({.listen = text}), "is no IP address of this machine")) << text;
    for (const char* any : {"0.0.0.0", "::"}) {
        EXPECT_TRUE(says(refusal({.listen = any}), "give --advertise")) << any;
        EXPECT_EQ(refusal({.listen = any, .advertise = "192.0.2.1"}), "accepted");
    }
}

TEST(SeatSettings, listen_takes_the_place_of_the_urls_and_advertise_goes_with_both) {
    Settings urls = plain();
    urls.client_urls = {"https://0.0.0.0:2379"};
    EXPECT_TRUE(says(refusal({.listen = "192.0.2.1"}, urls), "--listen and --client-urls"));
    EXPECT_EQ(refusal({.advertise = "seat.example"}, urls), "accepted");
    urls.client_urls = {};
    urls.server_urls = {"https://192.0.2.1:2380"};
    EXPECT_TRUE(says(refusal({.listen = "192.0.2.1"}, urls), "--listen and --server-urls"));
}

TEST(SeatSettings, what_is_told_can_be_reached) {
    EXPECT_TRUE(says(refusal({.advertise = "192.0.2.1"}), "loopback interface alone"));
    EXPECT_TRUE(says(refusal({.listen = "127.0.0.1", .advertise = "192.0.2.1"}), "loopback"));
    EXPECT_EQ(refusal({.listen = "127.0.0.1", .advertise = "127.0.0.1"}), "accepted");
    for (const char* text : {"0.0.0.0", "::", "store.hansa.internal", "192.0.2.1:2379", "a b"})
        EXPECT_TRUE(says(refusal({.listen = "192.0.2.1", .advertise = text}), "--advertise: "));
}

TEST(SeatSettings, who_founds_together_names_each_host_and_itself) {
    Settings three = plain();
    three.seeds = {"https://192.0.2.1:2379", "https://192.0.2.2:2379", "https://192.0.2.3:2379"};
    EXPECT_EQ(refusal({.listen = "192.0.2.2", .expect = 3}, three), "accepted");
    EXPECT_EQ(refusal({.listen = "0.0.0.0", .advertise = "192.0.2.2", .expect = 3}, three),
              "accepted");
    EXPECT_TRUE(says(refusal({.listen = "192.0.2.4", .expect = 3}, three), "this host's own"));
    EXPECT_TRUE(says(refusal({.listen = "192.0.2.2", .expect = 2}, three), "names 3 hosts"));
    EXPECT_TRUE(says(refusal({.listen = "192.0.2.2", .expect = 1}, three), "from 2 to 9"));
    EXPECT_TRUE(says(refusal({.seat = "no", .listen = "192.0.2.2", .expect = 3}, three),
                     "whoever founds runs the store"));
}

TEST(SeatSettings, the_certified_domain_wins_and_another_one_is_a_conflict) {
    Settings settings = plain();
    EXPECT_TRUE(says(refusal({.domain = "lon"}), "write it as dc=lon,rack=r1"));
    ASSERT_TRUE(add_seat_options({.domain = "dc=lon,rack=r1"}, settings));
    ASSERT_TRUE(agree_on_domain(settings, ""));
    EXPECT_EQ(settings.domain, "dc=lon,rack=r1") << "nobody certifies another";
    ASSERT_TRUE(agree_on_domain(settings, "dc=lon,rack=r1"));
    const auto refused = agree_on_domain(settings, "dc=par");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::conflict);
    EXPECT_TRUE(says(refused.error().text, "dc=lon,rack=r1") &&
                says(refused.error().text, "dc=par"));
    Settings silent = plain();
    ASSERT_TRUE(agree_on_domain(silent, "dc=par"));
    EXPECT_EQ(silent.domain, "dc=par");
}

TEST(SeatSettings, others_reach_it_where_it_says) {
    using Texts = std::vector<std::string>;
    Settings settings = plain();
    EXPECT_EQ(seat_urls(settings).peers_told, Texts{"https://127.0.0.1:2380"});
    EXPECT_EQ(seat_addresses(settings), (Texts{"127.0.0.1", "::1", "localhost", "web1"}));
    settings.listen = "0.0.0.0";
    settings.advertise = "192.0.2.1";
    EXPECT_EQ(seat_urls(settings).peers_told, Texts{"https://192.0.2.1:2380"});
    EXPECT_EQ(seat_addresses(settings),
              (Texts{"127.0.0.1", "192.0.2.1", "::1", "localhost", "web1"}));
    settings.listen = {};
    settings.server_urls = {"https://0.0.0.0:7380"};
    EXPECT_EQ(seat_urls(settings).peers_told, Texts{"https://192.0.2.1:7380"});
    settings.advertise = {};
    EXPECT_EQ(seat_urls(settings).peers_told, Texts{"https://0.0.0.0:7380"});
    for (int i = 0; i < 40; ++i)
        settings.client_urls.push_back("https://192.0.2." + std::to_string(i) + ":2379");
    EXPECT_EQ(seat_addresses(settings).size(), 16u) << "no more than are granted";
    settings.domain = "dc=lon";
    settings.seat = SeatWish::prefer;
    const SeatOffer offer = seat_offer(settings, {"https://192.0.2.1:2380"});
    EXPECT_EQ(offer.domain, "dc=lon");
    EXPECT_EQ(offer.wish, SeatWish::prefer);
    EXPECT_EQ(offer.peer_urls, Texts{"https://192.0.2.1:2380"});
}

}  // namespace
}  // namespace hansa
