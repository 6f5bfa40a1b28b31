#include "sys/linux/pages.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/linux/fd.h"
#include "sys/linux/test_loop.h"

namespace hansa {
namespace {

class Served : public ::testing::Test {
 protected:
    Served() {
        auto made =
            pages.serve({"127.0.0.1", 0},
                        [this](const std::string& path) {
                            asked.push_back(path);
                            if (path != "/metrics")
                                return Page{404, "text/plain", "nothing here\n"};
                            return Page{200, "text/plain; version=0.0.4", std::string(size, 'x')};
                        },
                        {.request_max = 1024, .time = Milliseconds{300}, .clients_max = 4});
        EXPECT_TRUE(made);
        served = std::move(*made);
    }

    Fd connect() const {
        Fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(served.port);
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
        return socket;
    }
    static void say(const Fd& socket, const std::string& text) {
        EXPECT_EQ(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }
    // Everything until the other end goes; the loop turns meanwhile.
    std::string rest_of(const Fd& socket) {
        std::string text;
        bool ended = false;
        const Held watch = loop.watch_fd(socket.get(), [&] {
            char bytes[65536];
            const ssize_t length = ::recv(socket.get(), bytes, sizeof bytes, MSG_DONTWAIT);
            if (length > 0) text.append(bytes, static_cast<std::size_t>(length));
            if (length == 0) ended = true;
            if (length < 0 && errno != EAGAIN) ended = true;
        });
        EXPECT_TRUE(test::run_until(loop, [&] { return ended; }));
        return text;
    }
    std::string ask(const std::string& request) {
        const Fd socket = connect();
        say(socket, request);
        return rest_of(socket);
    }

    LinuxLoop loop;
    LinuxPages pages{loop};
    std::vector<std::string> asked;
    std::size_t size = 3;
    Pages::Served served;
};

TEST_F(Served, a_page_comes_with_its_type_and_length_and_the_connection_ends) {
    const std::string answer = ask("GET /metrics?x=1 HTTP/1.1\r\nHost: here\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_NE(answer.find("Content-Type: text/plain; version=0.0.4\r\n"), std::string::npos);
    EXPECT_NE(answer.find("Content-Length: 3\r\n"), std::string::npos) << answer;
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\nxxx")) << answer;
    EXPECT_EQ(asked, std::vector<std::string>{"/metrics"});
}

TEST_F(Served, a_request_may_come_in_pieces_and_a_page_may_be_large) {
    size = std::size_t{4} << 20;
    const Fd socket = connect();
    for (const char* piece : {"GET /met", "rics HTT", "P/1.0\r\n", "\r\n"}) {
        say(socket, piece);
        test::run_for(loop, Milliseconds{5});
    }
    EXPECT_GT(rest_of(socket).size(), size);
}

TEST_F(Served, head_has_no_body_and_everything_else_is_refused) {
    const std::string head = ask("HEAD /metrics HTTP/1.1\r\nHost: here\r\n\r\n");
    EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
    EXPECT_TRUE(ask("POST /metrics HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
                    .starts_with("HTTP/1.1 405 "));
    EXPECT_TRUE(ask("GET /other HTTP/1.1\r\nHost: here\r\n\r\n").starts_with("HTTP/1.1 404 "));
    EXPECT_TRUE(ask("nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
}

TEST_F(Served, who_says_too_much_or_nothing_is_sent_away) {
    EXPECT_TRUE(ask("GET / HTTP/1.1\r\nX: " + std::string(2000, 'y') + "\r\n\r\n")
                    .starts_with("HTTP/1.1 400 "));
    EXPECT_EQ(rest_of(connect()), "") << "its time is up";
    EXPECT_TRUE(ask("GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n").starts_with("HTTP/1.1 200 "));
}

TEST_F(Served, a_taken_port_and_a_foreign_address_are_told_apart) {
    const auto show = [](const std::string&) { return Page{}; };
    EXPECT_EQ(pages.serve({"127.0.0.1", served.port}, show, {}).error().code, Code::conflict);
    EXPECT_EQ(pages.serve({"192.0.2.1", 0}, show, {}).error().code, Code::invalid);
}

}  // namespace
}  // namespace hansa
