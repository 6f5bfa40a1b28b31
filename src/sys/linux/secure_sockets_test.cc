#include "sys/linux/secure_sockets.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <map>
#include <thread>

#include "base/random.h"
#include "sys/contract/secure_suite.h"
#include "sys/linux/fd.h"
#include "sys/linux/test_identity.h"
#include "sys/linux/test_loop.h"
#include "sys/linux/workers.h"

namespace hansa {
namespace {

class LinuxSecureBench final : public contract::SecureBench {
 public:
    Loop& loop() override { return loop_; }
    SecureSockets& sockets() override { return sockets_; }
    TlsIdentity identity(int which) override { return identities_[which]; }
    HostPort nowhere() override { return {"127.0.0.1", 1}; }
    bool run_until(const std::function<bool()>& holds) override {
        return test::run_until(loop_, holds);
    }
    void run_for_a_while() override { test::run_for(loop_, Milliseconds{50}); }

 private:
    TlsIdentity identities_[2] = {test::make_identity("one"), test::make_identity("two")};
    LinuxLoop loop_;
    LinuxWorkers workers_{loop_};
    LinuxSecureSockets sockets_{loop_, workers_};
};

std::unique_ptr<contract::SecureBench> make_bench() {
    return std::make_unique<LinuxSecureBench>();
}

}  // namespace

namespace contract {
INSTANTIATE_TEST_SUITE_P(Linux, SecureContract, testing::Values(&make_bench));
}  // namespace contract

namespace {

// A server, and strangers who speak to it over plain sockets.
struct Rig {
    LinuxLoop loop;
    LinuxWorkers workers{loop};
    LinuxSecureSockets sockets{loop, workers};
    TlsIdentity identity = test::make_identity("server");
    HostPort at;
    Held held;
    int heard = 0;
    std::map<Unheard, int> lost;

    void serve(const SecureLimits& limits) {
        auto served = sockets.serve(
            {"127.0.0.1", 0}, {.identity = [this] { return identity; },
                               .handler =
                                   [this](const SecurePeer&, const std::string& text,
                                          const SecureSockets::Answer& answer) {
                                       ++heard;
                                       answer("you said " + text);
                                   },
                               .limits = limits,
                               .lost = [this](const std::string&, Unheard why) { ++lost[why]; }});
        check(static_cast<bool>(served), "a port can be had");
        at = {"127.0.0.1", served->port};
        held = std::move(served->held);
    }

    Fd connect() const {
        Fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(at.port);
        check(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
              "the server listens");
        return socket;
    }

    // Whether the server has hung up on `socket`, while the loop runs.
    bool hung_up(const Fd& socket) {
        return test::run_until(loop, [&socket] {
            char bytes[4096];
            pollfd readable{socket.get(), POLLIN, 0};
            if (::poll(&readable, 1, 0) <= 0) return false;
            return ::recv(socket.get(), bytes, sizeof bytes, MSG_DONTWAIT) <= 0;
        });
    }

    bool still_serves() {
        std::optional<Result<std::string>> answer;
        SecureSockets::Question question{
            .addresses = {at}, .text = "hello", .identity = {}, .judge = [](const std::string&) {
                return Result<void>{};
            }};
        Held asking = sockets.ask(question, [&](Result<std::string> given) { answer = given; });
        return test::run_until(loop, [&] { return answer.has_value(); }) && *answer;
    }
};

// A TLS client of OpenSSL's own, on another thread.
struct RawTls {
    explicit RawTls(const Fd& socket, int version = TLS1_3_VERSION) {
        SSL_CTX_set_max_proto_version(context.get(), version);
        ssl.reset(SSL_new(context.get()));
        SSL_set_fd(ssl.get(), socket.get());
    }
    std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context{SSL_CTX_new(TLS_client_method()),
                                                         SSL_CTX_free};
    std::unique_ptr<SSL, void (*)(SSL*)> ssl{nullptr, SSL_free};
};

void on_another_thread(LinuxLoop& loop, const std::function<void()>& work) {
    std::atomic<bool> done = false;
    std::thread thread([&] {
        work();
        done = true;
    });
    EXPECT_TRUE(test::run_until(loop, [&done] { return done.load(); }));
    thread.join();
}

TEST(SecureSockets, ten_thousand_random_inputs_are_hung_up_on_and_never_heard) {
    Rig rig;
    rig.serve({.time = Seconds{30}, .clients_max = 64});
    SeededRandom random(7);
    for (int round = 0; round < 10'000; ++round) {
        const Fd socket = rig.connect();
        std::string bytes(1 + random.below(300), '\0');
        for (char& byte : bytes) byte = static_cast<char>(random.next());
        // Half of them look like the beginning of TLS.
        if (random.chance(0.5)) bytes.replace(0, 3, std::string("\x16\x03\x01", 3));
        (void)!::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        ::shutdown(socket.get(), SHUT_WR);
        if (round % 50 == 0) {
            ASSERT_TRUE(rig.hung_up(socket)) << round;
        }
        rig.loop.step(Milliseconds{0});
    }
    EXPECT_EQ(rig.heard, 0);
    EXPECT_TRUE(rig.still_serves());
    EXPECT_EQ(rig.heard, 1);
    EXPECT_GT(rig.lost[Unheard::broken], 0);
}

TEST(SecureSockets, whoever_has_not_asked_gives_way_to_newcomers_the_oldest_first) {
    Rig rig;
    rig.serve({.time = Seconds{600}, .clients_max = 4});
    std::vector<Fd> idle;
    for (int i = 0; i < 4; ++i) {
        idle.push_back(rig.connect());
        test::run_for(rig.loop, Milliseconds{5});  // until it has its place
    }
    EXPECT_TRUE(rig.still_serves());
    EXPECT_EQ(rig.lost, (std::map<Unheard, int>{{Unheard::gave_way, 1}}));
    EXPECT_TRUE(rig.hung_up(idle[0]));
    char byte;
    for (int i = 1; i < 4; ++i)
        EXPECT_EQ(::recv(idle[i].get(), &byte, 1, MSG_DONTWAIT), -1) << i << " was hung up on";
    for (int i = 0; i < 10; ++i) idle.push_back(rig.connect());
    EXPECT_TRUE(rig.still_serves());
}

TEST(SecureSockets, silent_and_slow_clients_are_cut_when_their_time_is_up) {
    Rig rig;
    rig.serve({.time = Milliseconds{200}, .clients_max = 4});
    std::vector<Fd> silent;
    for (int i = 0; i < 4; ++i) silent.push_back(rig.connect());
    const Instant start = rig.loop.clock().now();
    for (const Fd& socket : silent) EXPECT_TRUE(rig.hung_up(socket));
    EXPECT_LT(rig.loop.clock().now() - start, Seconds{5});
    EXPECT_EQ(rig.lost, (std::map<Unheard, int>{{Unheard::silent, 4}}));
    EXPECT_TRUE(rig.still_serves()) << "their places are free again";

    // One byte of a question now and then does not buy more time.
    const Fd socket = rig.connect();
    on_another_thread(rig.loop, [&] {
        RawTls client(socket);
        ASSERT_EQ(SSL_connect(client.ssl.get()), 1);
        ASSERT_EQ(SSL_write(client.ssl.get(), "\0\0\0\x09h", 5), 5);
        char byte;
        EXPECT_LE(SSL_read(client.ssl.get(), &byte, 1), 0) << "an answer to half a question";
    });
    EXPECT_EQ(rig.heard, 1);
}

TEST(SecureSockets, all_addresses_of_a_name_are_asked_in_their_order) {
    Rig rig;
    rig.serve({});
    const HostPort wrong = {"127.0.0.2", rig.at.port};
    std::vector<HostPort> known = {wrong, {"::1", rig.at.port}, rig.at};
    LinuxSecureSockets sockets(
        rig.loop, rig.workers,
        [&known](const HostPort&) -> Result<std::vector<HostPort>> { return known; });
    const auto ask = [&] {
        std::optional<Result<std::string>> answer;
        const Held asking =
            sockets.ask({.addresses = {{"a.example", rig.at.port}},
                         .text = "hello",
                         .identity = {},
                         .judge = [](const std::string&) { return Result<void>{}; }},
                        [&](Result<std::string> given) { answer = given; });
        EXPECT_TRUE(test::run_until(rig.loop, [&] { return answer.has_value(); }));
        return answer ? *answer : Error{Code::internal, "nothing was told"};
    };
    const auto answer = ask();
    ASSERT_TRUE(answer) << answer.error().text;
    EXPECT_EQ(*answer, "you said hello");
    known.pop_back();
    const auto none = ask();
    ASSERT_FALSE(none);
    const std::string port = std::to_string(rig.at.port);
    EXPECT_EQ(none.error().text.find("a.example:" + port + " (127.0.0.2:" + port + "): "), 0u)
        << none.error().text;
    EXPECT_NE(none.error().text.find("; a.example:" + port + " ([::1]:" + port + "): "),
              std::string::npos)
        << none.error().text;
    known.assign(addresses_of_name_max, wrong);
    known.push_back(rig.at);
    EXPECT_FALSE(ask()) << "there is an end to a name's addresses";
}

TEST(SecureSockets, names_are_looked_up_as_numbers) {
    const auto found = look_up({"localhost", 700});
    ASSERT_TRUE(found) << found.error().text;
    for (const HostPort& at : *found)
        EXPECT_TRUE(at == (HostPort{"127.0.0.1", 700}) || at == (HostPort{"::1", 700}))
            << at.text();
    EXPECT_FALSE(look_up({"no such name", 700}));
}

TEST(SecureSockets, a_question_that_is_cut_short_is_not_heard) {
    Rig rig;
    rig.serve({});
    const Fd socket = rig.connect();
    on_another_thread(rig.loop, [&] {
        RawTls client(socket);
        ASSERT_EQ(SSL_connect(client.ssl.get()), 1);
        ASSERT_EQ(SSL_write(client.ssl.get(), "\0\0\0\x09hell", 8), 8);
        SSL_shutdown(client.ssl.get());
        ::shutdown(socket.get(), SHUT_WR);
        char byte;
        EXPECT_LE(SSL_read(client.ssl.get(), &byte, 1), 0);
    });
    EXPECT_EQ(rig.heard, 0);
}

TEST(SecureSockets, a_length_beyond_the_limit_is_refused_before_its_bytes_come) {
    Rig rig;
    rig.serve({.time = Seconds{600}});
    const Fd socket = rig.connect();
    on_another_thread(rig.loop, [&] {
        RawTls client(socket);
        ASSERT_EQ(SSL_connect(client.ssl.get()), 1);
        ASSERT_EQ(SSL_write(client.ssl.get(), "\xff\xff\xff\xff", 4), 4);
        char byte;
        EXPECT_LE(SSL_read(client.ssl.get(), &byte, 1), 0);
    });
    EXPECT_EQ(rig.heard, 0);
}

TEST(SecureSockets, nothing_older_than_tls_1_3_is_spoken) {
    Rig rig;
    rig.serve({});
    const Fd socket = rig.connect();
    on_another_thread(rig.loop, [&] {
        RawTls client(socket, TLS1_2_VERSION);
        EXPECT_NE(SSL_connect(client.ssl.get()), 1);
    });
    EXPECT_TRUE(rig.still_serves());
}

TEST(SecureSockets, an_identity_whose_parts_do_not_belong_together_is_refused) {
    Rig rig;
    const TlsIdentity other = test::make_identity("other");
    for (const TlsIdentity& wrong :
         {TlsIdentity{rig.identity.chain_pem, other.key_pem}, TlsIdentity{"", other.key_pem},
          TlsIdentity{other.chain_pem, "no key"}, TlsIdentity{other.chain_pem, ""}}) {
        auto served = rig.sockets.serve({"127.0.0.1", 0}, {[&] { return wrong; }, {}});
        ASSERT_FALSE(served);
        EXPECT_EQ(served.error().code, Code::invalid);
        EXPECT_EQ(served.error().text.find("PRIVATE KEY"), std::string::npos);
    }
}

TEST(SecureSockets, a_host_that_is_not_ours_is_refused) {
    Rig rig;
    auto served = rig.sockets.serve({"192.0.2.1", 0}, {[&] { return rig.identity; }, {}});
    ASSERT_FALSE(served);
    EXPECT_EQ(served.error().code, Code::invalid);
}

}  // namespace
}  // namespace hansa
