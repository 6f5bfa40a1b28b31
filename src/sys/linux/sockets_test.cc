#include "sys/linux/sockets.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <optional>
#include <thread>

#include "sys/linux/fd.h"
#include "sys/linux/test_loop.h"

namespace hansa {
namespace {

struct Rig {
    test::FreshDirectory directory;
    LinuxLoop loop;
    LinuxSockets sockets{loop};
    std::string path = directory.path() + "/control.sock";

    // Asks from another thread while the loop serves.
    Result<std::string> ask(const std::string& question, const AskLimits& limits = {}) {
        std::optional<Result<std::string>> answer;
        std::atomic<bool> done = false;
        std::thread asking([&] {
            answer.emplace(sockets.ask(path, question, limits));
            done = true;
        });
        EXPECT_TRUE(test::run_until(loop, [&done] { return done.load(); }));
        asking.join();
        return std::move(*answer);
    }
};

TEST(Sockets, a_question_gets_its_answer_and_the_server_learns_who_asks) {
    Rig rig;
    LocalPeer seen;
    auto server = rig.sockets.serve(
        rig.path, [&seen](const LocalPeer& peer, std::string question, Sockets::Answer answer) {
            seen = peer;
            answer("you said " + question);
        });
    ASSERT_TRUE(server) << server.error().text;
    auto answer = rig.ask("status");
    ASSERT_TRUE(answer) << answer.error().text;
    EXPECT_EQ(*answer, "you said status");
    EXPECT_EQ(seen.user, ::getuid());
    EXPECT_EQ(seen.pid, ::getpid());
    struct stat status {};
    ASSERT_EQ(::stat(rig.path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0600u);
}

TEST(Sockets, a_group_may_be_let_in_and_whoever_asks_is_known_by_all_of_its_groups) {
    Rig rig;
    LocalPeer seen;
    std::vector<gid_t> mine(static_cast<std::size_t>(::getgroups(0, nullptr)));
    (void)::getgroups(static_cast<int>(mine.size()), mine.data());
    const gid_t group = mine.empty() ? ::getgid() : mine.back();
    auto server = rig.sockets.serve(
        rig.path,
        [&seen](const LocalPeer& peer, std::string, Sockets::Answer answer) {
            seen = peer;
            answer("");
        },
        group);
    ASSERT_TRUE(server) << server.error().text;
    ASSERT_TRUE(rig.ask("who"));
    struct stat status {};
    ASSERT_EQ(::stat(rig.path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0660u);
    EXPECT_EQ(status.st_gid, group);
    for (const gid_t each : mine)
        EXPECT_NE(std::find(seen.groups.begin(), seen.groups.end(), each), seen.groups.end());
    EXPECT_NE(std::find(seen.groups.begin(), seen.groups.end(), ::getgid()), seen.groups.end());
}

TEST(Sockets, large_answers_and_late_ones_arrive_whole) {
    Rig rig;
    const std::string large(5'000'000, 'x');
    Held timer;
    auto server =
        rig.sockets.serve(rig.path, [&](const LocalPeer&, std::string, Sockets::Answer answer) {
            timer = rig.loop.after(Milliseconds{20}, [&large, answer] { answer(large); });
        });
    ASSERT_TRUE(server);
    auto answer = rig.ask("everything");
    ASSERT_TRUE(answer) << answer.error().text;
    EXPECT_EQ(answer->size(), large.size());
}

TEST(Sockets, a_server_without_descriptors_rests_and_answers_later) {
    Rig rig;
    auto server = rig.sockets.serve(
        rig.path, [](const LocalPeer&, std::string, Sockets::Answer answer) { answer("here"); });
    ASSERT_TRUE(server);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    rig.path.copy(name.sun_path, sizeof name.sun_path - 1);
    Fd client{::socket(AF_UNIX, SOCK_STREAM, 0)};
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{3, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
    int turns = 0;
    const Instant end = rig.loop.clock().now() + Milliseconds{100};
    while (rig.loop.clock().now() < end) turns += rig.loop.step(Milliseconds{5}) ? 1 : 0;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_LE(turns, 3);
    auto answer = rig.ask("x");
    ASSERT_TRUE(answer) << answer.error().text;
    EXPECT_EQ(*answer, "here");
}

TEST(Sockets, no_socket_and_a_dead_one_are_told_apart) {
    Rig rig;
    auto missing = rig.sockets.ask(rig.path, "x");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Code::missing);

    Fd dead{::socket(AF_UNIX, SOCK_STREAM, 0)};
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    rig.path.copy(name.sun_path, sizeof name.sun_path - 1);
    ASSERT_EQ(::bind(dead.get(), reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
    auto refused = rig.sockets.ask(rig.path, "x");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::missing);

    auto server = rig.sockets.serve(
        rig.path, [](const LocalPeer&, std::string, Sockets::Answer answer) { answer("new"); });
    ASSERT_TRUE(server) << "a dead socket is replaced: " << server.error().text;
    auto answer = rig.ask("x");
    ASSERT_TRUE(answer);
    EXPECT_EQ(*answer, "new");
}

TEST(Sockets, a_living_server_is_not_replaced) {
    Rig rig;
    const auto handler = [](const LocalPeer&, std::string, Sockets::Answer answer) {
        answer("first");
    };
    auto first = rig.sockets.serve(rig.path, handler);
    ASSERT_TRUE(first);
    auto second = rig.sockets.serve(rig.path, handler);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::conflict);
    first->reset();
    EXPECT_NE(::access(rig.path.c_str(), F_OK), 0);
}

TEST(Sockets, too_long_a_question_and_too_long_an_answer_are_cut_off) {
    Rig rig;
    auto server =
        rig.sockets.serve(rig.path, [](const LocalPeer&, std::string, Sockets::Answer answer) {
            answer(std::string(1000, 'y'));
        });
    ASSERT_TRUE(server);
    auto cut = rig.ask(std::string(100'000, 'q'));
    EXPECT_TRUE(!cut || cut->empty());
    auto refused = rig.ask("x", {.answer_max = 100});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::invalid);
}

TEST(Sockets, a_server_that_never_answers_is_given_up) {
    Rig rig;
    auto server =
        rig.sockets.serve(rig.path, [](const LocalPeer&, std::string, Sockets::Answer) {});
    ASSERT_TRUE(server);
    auto answer = rig.ask("x", {.time = Milliseconds{100}});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::unavailable);
}

TEST(Sockets, a_path_longer_than_a_socket_name_works) {
    Rig rig;
    std::string deep = rig.directory.path();
    for (int level = 0; level < 4; ++level) {
        deep += "/" + std::string(60, 'd');
        ASSERT_EQ(::mkdir(deep.c_str(), 0700), 0);
    }
    rig.path = deep + "/control.sock";
    auto server = rig.sockets.serve(
        rig.path, [](const LocalPeer&, std::string, Sockets::Answer answer) { answer("deep"); });
    ASSERT_TRUE(server) << server.error().text;
    auto answer = rig.ask("x");
    ASSERT_TRUE(answer) << answer.error().text;
    EXPECT_EQ(*answer, "deep");
}

TEST(Ports, a_taken_port_names_its_holder) {
    Rig rig;
    auto port = rig.sockets.free_port();
    ASSERT_TRUE(port);
    EXPECT_TRUE(rig.sockets.port_is_free("127.0.0.1", *port));

    Fd listener{::socket(AF_INET, SOCK_STREAM, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(*port);
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listener.get(), 1), 0);
    auto taken = rig.sockets.port_is_free("127.0.0.1", *port);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, Code::conflict);
    EXPECT_NE(taken.error().text.find("process " + std::to_string(::getpid())), std::string::npos)
        << taken.error().text;
}

TEST(Ports, a_host_that_is_not_ours_is_refused) {
    Rig rig;
    EXPECT_FALSE(rig.sockets.port_is_free("192.0.2.1", 2379));
    EXPECT_FALSE(rig.sockets.port_is_free("not a host", 2379));
}

}  // namespace
}  // namespace hansa
