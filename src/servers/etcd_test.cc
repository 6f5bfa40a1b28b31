// The supervision of a real etcd.
#include "servers/etcd.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "servers/testing/etcd_rig.h"

namespace hansa {
namespace {

using test::run_until;

// 'R', 'S', 'T', 'Z' …, or 0 when there is no such process (proc(5)).
char state_of(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    const auto at = text.rfind(") ");
    return at == std::string::npos ? '\0' : text[at + 2];
}

EtcdConfig config_in(const std::string& directory, LinuxLoop& loop) {
    LinuxSockets sockets(loop);
    const auto url = [&] { return "https://127.0.0.1:" + std::to_string(*sockets.free_port()); };
    EtcdConfig config;
    config.name = "only";
    config.data_directory = directory + "/data";
    config.client_urls = {url()};
    config.peer_urls = {url()};
    config.token = directory;
    config.timing = test::fast_timing;
    test::TlsFiles(directory, loop.clock().wall()).use_for(config);
    return config;
}

class EtcdServerTest : public testing::Test {
 protected:
    EtcdServerEvents events() {
        return {[this] { ++served; },
                [this](const std::string& why, Duration) { ends.push_back(why); },
                [this] { ++removed; }, [this](const std::string& line) { log.push_back(line); }};
    }
    // Longer than any of a test needs to wait for: limits of time would be its findings.
    bool serves(EtcdServer& server) {
        return run_until(loop, [&] { return server.serving(); });
    }

    LinuxLoop loop;
    LinuxProcesses processes{loop};
    test::FreshDirectory directory;
    int served = 0;
    int removed = 0;
    std::vector<std::string> ends;
    std::vector<std::string> log;
};

TEST_F(EtcdServerTest, serves_and_stops_when_told) {
    EtcdServer server(loop, processes, config_in(directory.path(), loop), events());
    ASSERT_TRUE(server.start());
    ASSERT_TRUE(serves(server));
    const int pid = server.pid();
    bool stopped = false;
    server.stop([&] { stopped = true; });
    ASSERT_TRUE(run_until(loop, [&] { return stopped; }));
    EXPECT_EQ(state_of(pid), '\0');
    EXPECT_TRUE(ends.empty());
    ASSERT_FALSE(log.empty());
    EXPECT_EQ(log[0].front(), '{');
}

TEST_F(EtcdServerTest, is_back_after_kill_9) {
    EtcdServer server(loop, processes, config_in(directory.path(), loop), events());
    ASSERT_TRUE(server.start());
    ASSERT_TRUE(serves(server));
    const int first = server.pid();
    ::kill(first, SIGKILL);
    ASSERT_TRUE(run_until(loop, [&] { return served == 2; }));
    EXPECT_NE(server.pid(), first);
    ASSERT_EQ(ends.size(), 1u);
    EXPECT_EQ(ends[0], "etcd ended: killed by signal 9 (SIGKILL)");
}

TEST_F(EtcdServerTest, one_that_does_not_listen_is_killed_in_the_end) {
    EtcdServerTimes times;
    times.stop_limit = Milliseconds(200);
    EtcdServer server(loop, processes, config_in(directory.path(), loop), events(), times);
    ASSERT_TRUE(server.start());
    ASSERT_TRUE(serves(server));
    const int pid = server.pid();
    ::kill(pid, SIGSTOP);
    bool stopped = false;
    server.stop([&] { stopped = true; });
    ASSERT_TRUE(run_until(loop, [&] { return stopped; }));
    EXPECT_EQ(state_of(pid), '\0');
}

TEST_F(EtcdServerTest, a_taken_port_is_told_in_etcds_own_words) {
    const auto config = config_in(directory.path(), loop);
    EtcdServer first(loop, processes, config, events());
    ASSERT_TRUE(first.start());
    ASSERT_TRUE(serves(first));
    auto same = config;
    same.data_directory += "2";
    EtcdServer second(loop, processes, same, events());
    ASSERT_TRUE(second.start());
    ASSERT_TRUE(run_until(loop, [&] { return !ends.empty(); }));
    EXPECT_NE(ends[0].find("address already in use"), std::string::npos) << ends[0];
    EXPECT_TRUE(first.serving());
}

TEST_F(EtcdServerTest, a_wrong_flag_is_told_in_etcds_own_words) {
    auto config = config_in(directory.path(), loop);
    config.more_flags = {"--no-such-flag"};
    EtcdServer server(loop, processes, config, events());
    ASSERT_TRUE(server.start());
    ASSERT_TRUE(run_until(loop, [&] { return !ends.empty(); }));
    EXPECT_NE(ends[0].find("flag provided but not defined: -no-such-flag"), std::string::npos)
        << ends[0];
}

// A process of its own runs an etcd, prints its pid and is killed.
TEST_F(EtcdServerTest, ends_with_its_parent_however_that_ends) {
    std::array<int, 2> ends_of_pipe;
    ASSERT_EQ(::pipe(ends_of_pipe.data()), 0);
    const auto path = directory.path();
    const int parent = ::fork();
    if (parent == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        LinuxLoop own_loop;
        LinuxProcesses own_processes(own_loop);
        EtcdServer server(own_loop, own_processes, config_in(path, own_loop), {});
        if (!server.start() || !run_until(own_loop, [&] { return server.serving(); })) ::_exit(1);
        const int pid = server.pid();
        if (::write(ends_of_pipe[1], &pid, sizeof pid) != sizeof pid) ::_exit(1);
        own_loop.run();
    }
    ASSERT_GT(parent, 0);
    ::close(ends_of_pipe[1]);
    int pid = 0;
    ASSERT_EQ(::read(ends_of_pipe[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
    ::close(ends_of_pipe[0]);
    ASSERT_NE(state_of(pid), '\0');

    ::kill(parent, SIGKILL);
    ::waitpid(parent, nullptr, 0);
    EXPECT_TRUE(run_until(loop, [&] {
        const char state = state_of(pid);
        return state == '\0' || state == 'Z';
    }));
}

}  // namespace
}  // namespace hansa
