// Tests only: a machine's store, with simulated processes, time, ports and locks.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/machine_store.h"
#include "sys/sim/machine.h"

namespace hansa {

inline constexpr auto serving_line = R"({"level":"info","msg":"ready to serve client requests"})";
inline constexpr int our_pid = 10;
inline constexpr int other_pid = 20;

// The locks of one machine with two processes: we and somebody else.
class TwoPartyLocks final : public Locks {
 public:
    explicit TwoPartyLocks(SimLoop& loop) : loop_(loop) {}

    Result<std::unique_ptr<HeldLock>> take(const std::string& path) override {
        ++asked;
        if (!fault.empty()) return Error{Code::unavailable, fault};
        if (other_holds || ours_) return Error{Code::conflict, path + " is held"};
        ours_ = true;
        return std::unique_ptr<HeldLock>(std::make_unique<Ours>(*this));
    }
    std::optional<LockHolder> holder(const std::string&) const override {
        if (ours_) return LockHolder{our_pid, 0};
        if (other_holds && other_says_its_name) return LockHolder{other_pid, other_user};
        return std::nullopt;
    }
    Result<Held> await_end(const LockHolder&, Action freed) override {
        freed_ = std::move(freed);
        return Held(std::make_unique<Subscription>());
    }

    void end_other() {
        other_holds = false;
        loop_.post([freed = freed_] { freed(); });
    }
    bool ours() const { return ours_; }

    bool other_holds = false;
    bool other_says_its_name = true;
    UserId other_user = 0;
    std::string fault;
    int asked = 0;

 private:
    struct Ours final : HeldLock {
        explicit Ours(TwoPartyLocks& of) : locks(of) {}
        ~Ours() override { locks.ours_ = false; }
        TwoPartyLocks& locks;
    };

    SimLoop& loop_;
    bool ours_ = false;
    Action freed_;
};

class SimPorts final : public Sockets {
 public:
    Result<Held> serve(const std::string&, Handler, std::optional<GroupId>) override {
        return refuse();
    }
    Result<std::string> ask(const std::string&, const std::string&, const AskLimits&) override {
        return refuse();
    }
    Result<std::uint16_t> free_port() override { return next_++; }
    Result<void> port_is_free(const std::string& host, std::uint16_t port) override {
        if (!taken.contains(port)) return {};
        return Error{Code::conflict, host + ":" + std::to_string(port) + " is taken"};
    }

    std::set<std::uint16_t> taken;

 private:
    static Error refuse() { return {Code::internal, "not asked in these tests"}; }
    std::uint16_t next_ = 40000;
};

class MachineStoreTest : public testing::Test {
 protected:
    explicit MachineStoreTest(SimMachineOptions options = {}) : machine(loop, 1, options) {
        script.takes = Seconds(100'000);
        script.lines = {{Milliseconds(50), serving_line}};
        report.listen([this](const Event& event, WallTime) {
            if (const auto* one = std::get_if<happened::Warned>(&event))
                warnings.push_back(one->text);
            if (const auto* one = std::get_if<happened::StoreChanged>(&event))
                told.push_back(one->detail);
        });
    }

    void install_etcd() {
        machine.processes.script("etcd", [this](const Command&) {
            have_data();  // as etcd does with an empty directory
            return script;
        });
    }
    void have_data() { ASSERT_TRUE(machine.files.make_directories("/p/cluster/etcd/member")); }
    bool has_data() { return static_cast<bool>(machine.files.status("/p/cluster/etcd")); }
    StoreNotice notice() {
        return *decode_notice(*machine.files.read("/p/cluster/store.json", 10'000));
    }
    // etcd ends by itself, well: its cluster does not know it any more.
    void is_removed_after(Duration time) { script.takes = time; }
    void start() {
        if (installed) install_etcd();
        store = std::make_unique<MachineStore>(
            MachineStore::Ports{loop, machine.files, machine.watcher, machine.processes, locks,
                                ports, machine.accounts, random, report},
            wishes, [this](const std::vector<std::string>& urls) { return certify(urls); },
            MachineStore::Events{.on_place =
                                     [this](const StorePlace& place) {
                                         dialled = place.urls;
                                         server_name = place.server_name;
                                         told_place = place;
                                     },
                                 .on_fatal = [this](Error error) { fatal.push_back(error.text); },
                                 .on_log = nullptr,
                                 .others = [this] { return others; }});
        store->start();
    }

    Result<StoreCertificate> certify(const std::vector<std::string>& urls) {
        certified.push_back(urls);
        if (uncertified) return *uncertified;
        StoreCertificate made;
        made.client_tls = made.peer_tls = {"/p/tls.pem", "/p/tls.pem", "/p/ca.pem", ""};
        made.server_name = "certified";
        made.renew_at = loop.clock().wall() + Seconds(16 * 3600);
        return made;
    }

    // An agent that serves at `port` and whose notice says so.
    void another_serves(std::uint16_t port) {
        locks.other_holds = true;
        have_data();
        ports.taken = {port, static_cast<std::uint16_t>(port + 1)};
        write_notice(
            {other_pid, {url(port)}, {url(static_cast<std::uint16_t>(port + 1))}, "theirs"});
    }
    void write_notice(const StoreNotice& notice) {
        ASSERT_TRUE(machine.files.make_directories("/p/cluster"));
        ASSERT_TRUE(machine.files.write("/p/cluster/store.json", encode(notice), {}));
    }
    // Its lock is free at once; its etcd holds the ports a little longer.
    void end_the_other(Duration etcd_outlives_it_by) {
        locks.end_other();
        later = loop.after(etcd_outlives_it_by, [this] { ports.taken.clear(); });
    }
    static std::string url(std::uint16_t port) {
        return "https://127.0.0.1:" + std::to_string(port);
    }
    std::size_t etcds() const { return machine.processes.history().size(); }
    static bool holds(const std::vector<std::string>& texts, const std::string& part) {
        return std::any_of(texts.begin(), texts.end(), [&part](const std::string& text) {
            return text.find(part) != std::string::npos;
        });
    }

    SimLoop loop;
    SimMachine machine;
    TwoPartyLocks locks{loop};
    SimPorts ports;
    SeededRandom random{5};
    Report report{loop.clock()};
    Script script;
    bool installed = true;
    MachineStore::Wishes wishes{"/p/cluster", {}, {}, true};
    std::vector<std::string> dialled;
    StorePlace told_place;
    std::string server_name;                          // whom we take for the store there
    std::vector<std::vector<std::string>> certified;  // what certificates were made for
    std::optional<Error> uncertified;                 // instead of a certificate
    std::vector<std::string> others;                  // where members on other hosts serve
    std::vector<std::string> fatal;
    std::vector<std::string> warnings;
    std::vector<std::string> told;
    Held later;
    std::unique_ptr<MachineStore> store;
};

}  // namespace hansa
