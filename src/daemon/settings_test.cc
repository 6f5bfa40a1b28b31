#include "daemon/settings.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

TEST(Settings, root_keeps_its_state_in_var_lib) {
    EXPECT_EQ(default_prefix(true, "/home/x/.local/state", "/home/x"), "/var/lib/hansa");
}

TEST(Settings, others_keep_it_in_their_state_directory) {
    EXPECT_EQ(default_prefix(false, "/s", "/home/x"), "/s/hansa");
    EXPECT_EQ(default_prefix(false, nullptr, "/home/x"), "/home/x/.local/state/hansa");
    EXPECT_EQ(default_prefix(false, "relative", "/home/x"), "/home/x/.local/state/hansa");
}

TEST(Settings, urls_with_and_without_scheme_are_one_form) {
    for (const char* text :
         {"127.0.0.1:2379", "https://127.0.0.1:2379", "https://127.0.0.1:2379/"}) {
        auto url = parse_url(text);
        ASSERT_TRUE(url) << url.error().text;
        EXPECT_EQ(*url, "https://127.0.0.1:2379");
    }
    auto six = parse_url("https://[::1]:2379");
    ASSERT_TRUE(six);
    EXPECT_EQ(*six, "https://[::1]:2379");
}

TEST(Settings, what_is_no_url_is_refused_with_the_right_form) {
    for (const char* text : {"", "host", "host:", ":2379", "host:0", "host:65536", "host:2379x",
                             "https://a b:1", "https://u@h:1", "https://h:1/path", "::1:2379"}) {
        auto url = parse_url(text);
        ASSERT_FALSE(url) << text;
        EXPECT_NE(url.error().text.find("https://HOST:PORT"), std::string::npos);
    }
    auto plain = parse_url("http://h:1");
    ASSERT_FALSE(plain);
    EXPECT_NE(plain.error().text.find("https://"), std::string::npos);
}

TEST(Settings, who_can_join_from_elsewhere_must_reach_the_store) {
    Settings settings("g.yaml", *HostName::parse("a"));
    EXPECT_TRUE(check_join_listen(settings));
    for (const char* own : {"127.0.0.1", "127.9.9.9", "::1", "localhost"}) {
        settings.join_listen = HostPort{own, 2381};
        EXPECT_TRUE(check_join_listen(settings)) << own;
    }
    for (const char* open : {"192.0.2.1", "0.0.0.0", "::", "seat.example"}) {
        settings.join_listen = HostPort{open, 2381};
        settings.client_urls = {};
        const auto refused = check_join_listen(settings);
        ASSERT_FALSE(refused) << open;
        EXPECT_EQ(refused.error().code, Code::invalid);
        EXPECT_NE(refused.error().text.find("give --client-urls"), std::string::npos);
        settings.client_urls = {"https://127.0.0.1:2379", "https://[::1]:2379"};
        EXPECT_FALSE(check_join_listen(settings)) << open;
        settings.client_urls.push_back("https://192.0.2.1:2379");
        EXPECT_TRUE(check_join_listen(settings)) << open;
        settings.client_urls = {};
        settings.listen = "127.0.0.2";
        EXPECT_FALSE(check_join_listen(settings)) << open;
        settings.listen = "192.0.2.1";
        EXPECT_TRUE(check_join_listen(settings)) << open;
        settings.listen = {};
    }
    settings.client_urls = {};
    settings.seat = SeatWish::no;
    EXPECT_TRUE(check_join_listen(settings)) << "the store is another agent's";
    settings.seat = SeatWish::yes;
    settings.seeds = {"https://192.0.2.9:2379"};
    EXPECT_TRUE(check_join_listen(settings)) << "the store is elsewhere";
}

TEST(Settings, addresses_of_an_etcd_that_never_runs_are_told) {
    Settings settings("g.yaml", *HostName::parse("a"));
    settings.client_urls = {"http://127.0.0.1:1"};
    EXPECT_TRUE(flags_without_effect(settings).empty());
    settings.seeds = {"http://127.0.0.1:2"};
    EXPECT_TRUE(flags_without_effect(settings).empty()) << "it may be given a seat";
    settings.seat = SeatWish::no;
    EXPECT_EQ(
        flags_without_effect(settings),
        (std::vector<std::string>{
            "--client-urls has no effect with --seat no or --no-server: no etcd is run here"}));
}

TEST(Settings, what_an_agent_is_told_by_is_known_by_whole_paths) {
    Settings settings("/srv/./site/../g.yaml", *HostName::parse("a"));
    settings.config_file = "/etc/hansa/hansa.yaml";
    settings.tls = TlsPaths{"/c.pem", "/k.pem", "/r.pem"};
    EXPECT_EQ(files_read(settings),
              (std::vector<std::string>{"/srv/g.yaml", "/etc/hansa/hansa.yaml", "/c.pem", "/k.pem",
                                        "/r.pem"}));
}

}  // namespace
}  // namespace hansa
