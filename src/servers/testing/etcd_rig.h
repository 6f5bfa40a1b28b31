// Tests only: a real etcd cluster on free ports under a fresh directory, whose members a test may
// kill, freeze and start again. The members end with the test program.
#pragma once

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "data/json.h"
#include "servers/etcd_config.h"
#include "servers/testing/tls_files.h"
#include "sys/linux/processes.h"
#include "sys/linux/sockets.h"
#include "sys/linux/test_loop.h"

namespace hansa::test {

// For clusters on one machine: a leader is found in about a tenth of a second.
constexpr EtcdTiming fast_timing{Milliseconds(10), Milliseconds(100)};

class EtcdRig {
 public:
    // Prepares the cluster; start_all() runs it. `loop` must outlive the rig.
    EtcdRig(LinuxLoop& loop, std::size_t members, EtcdTiming timing = fast_timing)
        : loop_(loop),
          processes_(loop),
          sockets_(loop),
          tls_(directory_.path(), loop.clock().wall()) {
        std::vector<EtcdMember> all;
        for (std::size_t at = 0; at < members; ++at) {
            prepare(timing);
            all.push_back({config(at).name, config(at).peer_urls.front()});
        }
        for (auto& member : members_) member.config.members = all;
    }

    ~EtcdRig() {
        for (std::size_t at = 0; at < members_.size(); ++at) kill(at);
    }

    EtcdRig(const EtcdRig&) = delete;
    EtcdRig& operator=(const EtcdRig&) = delete;

    LinuxLoop& loop() { return loop_; }
    std::size_t size() const { return members_.size(); }

    // Returns when all of them serve clients.
    void start_all() {
        for (std::size_t at = 0; at < members_.size(); ++at) launch(at);
        for (std::size_t at = 0; at < members_.size(); ++at) await_serving(at);
    }

    // One more, that joins what runs; the test tells it of whom, and starts it.
    std::size_t prepare_joiner() {
        prepare(members_.front().config.timing);
        members_.back().config.entry = EtcdConfig::Entry::joining;
        return members_.size() - 1;
    }

    // Returns at once.
    void launch(std::size_t at) {
        auto& member = members_[at];
        check(!member.child, "a member is started only once at a time");
        ChildEvents events;
        events.on_line = [this, at](std::string line) { read_line(at, line); };
        events.on_exit = [this, at](Exit) { members_[at].ended = true; };
        member.serving = member.ended = false;
        Command command;
        command.arguments = etcd_command_line(member.config);
        auto child = processes_.start(command, Lifetime::tied_to_us, std::move(events));
        check(static_cast<bool>(child), "the package etcd-server is installed");
        member.child = *std::move(child);
    }

    void await_serving(std::size_t at) {
        check(run_until(loop_, [&] { return members_[at].serving; }), "etcd serves in time");
    }

    void start(std::size_t at) {
        launch(at);
        await_serving(at);
    }

    // SIGKILL; returns when it is gone.
    void kill(std::size_t at) { end(at, SIGKILL); }
    void terminate(std::size_t at) { end(at, SIGTERM); }

    // Returns when the kernel has stopped its last thread.
    void freeze(std::size_t at) {
        members_[at].child->signal(SIGSTOP);
        check(run_until(loop_, [&] { return stopped(pid(at)); }), "SIGSTOP stops an etcd");
    }
    void thaw(std::size_t at) { members_[at].child->signal(SIGCONT); }

    // Whoever was elected last, by the members' own word.
    std::size_t leader() const {
        std::size_t best = 0;
        for (std::size_t at = 1; at < members_.size(); ++at)
            if (members_[at].led_term > members_[best].led_term) best = at;
        return best;
    }

    const TlsFiles& tls() const { return tls_; }
    const std::string& directory() const { return directory_.path(); }

    // To be changed before it is started.
    EtcdConfig& config(std::size_t at) { return members_[at].config; }

    int pid(std::size_t at) const { return members_[at].child ? members_[at].child->pid() : 0; }
    std::string url(std::size_t at) const { return members_[at].config.client_urls.front(); }
    std::string address(std::size_t at) const {
        return url(at).substr(std::string("https://").size());
    }
    std::vector<std::string> urls() const {
        std::vector<std::string> all;
        for (std::size_t at = 0; at < members_.size(); ++at) all.push_back(url(at));
        return all;
    }

 private:
    struct Member {
        EtcdConfig config;
        std::unique_ptr<Child> child;
        bool serving = false;
        bool ended = false;
        std::int64_t led_term = 0;
    };

    void prepare(EtcdTiming timing) {
        Member member;
        member.config.name = "m" + std::to_string(members_.size());
        member.config.data_directory = directory_.path() + "/" + member.config.name;
        member.config.client_urls = {free_url()};
        member.config.peer_urls = {free_url()};
        member.config.token = directory_.path();
        member.config.timing = timing;
        tls_.use_for(member.config);
        members_.push_back(std::move(member));
    }

    std::string free_url() {
        auto port = sockets_.free_port();
        check(static_cast<bool>(port), "there is a free port");
        return "https://127.0.0.1:" + std::to_string(*port);
    }

    // proc(5): the third field of stat, behind the name in parentheses, is the state.
    static bool stopped(int pid) {
        const auto tasks = "/proc/" + std::to_string(pid) + "/task";
        for (const auto& task : std::filesystem::directory_iterator(tasks)) {
            std::ifstream file(task.path() / "stat");
            std::string text;
            std::getline(file, text);
            const auto name_end = text.rfind(") ");
            if (name_end == std::string::npos || text[name_end + 2] != 'T') return false;
        }
        return true;
    }

    void read_line(std::size_t at, const std::string& line) {
        auto& member = members_[at];
        if (read_etcd_log(line).serving) member.serving = true;
        // raft says "8e9e05c52164694d became leader at term 2".
        const std::string became = " became leader at term ";
        const auto found = line.find(became);
        if (found != std::string::npos)
            member.led_term = std::strtoll(line.c_str() + found + became.size(), nullptr, 10);
    }

    void end(std::size_t at, int signal) {
        auto& member = members_[at];
        if (!member.child) return;
        member.child->signal(SIGCONT);
        member.child->signal(signal);
        check(run_until(loop_, [&] { return member.ended; }), "a killed etcd ends");
        member.child.reset();
        member.serving = false;
    }

    LinuxLoop& loop_;
    FreshDirectory directory_;
    LinuxProcesses processes_;
    LinuxSockets sockets_;
    TlsFiles tls_;
    std::vector<Member> members_;
};

}  // namespace hansa::test
