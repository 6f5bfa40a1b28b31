#include "daemon/examine.h"

#include <algorithm>

#include "base/text.h"
#include "daemon/authority_directory.h"
#include "daemon/home.h"
#include "daemon/inspect.h"
#include "daemon/seat_holder.h"
#include "daemon/secret_files.h"
#include "data/json.h"
#include "servers/etcd_config.h"
#include "sys/linux/accounts.h"
#include "sys/linux/clock.h"
#include "sys/linux/files.h"
#include "sys/linux/locks.h"
#include "sys/linux/loop.h"
#include "sys/linux/processes.h"
#include "sys/linux/sockets.h"
#include "sys/linux/surroundings.h"
#include "trust/certificate.h"

namespace hansa {

namespace {

constexpr Duration patience = Seconds{10};  // with a program that shall tell its version
constexpr JsonLimits answer_limits{.bytes_max = std::size_t{256} << 20, .depth_max = 16};

class Examination {
 public:
    Examination(const std::string& prefix, std::string host)
        : prefix_(absolute_path(prefix)), host_(std::move(host)) {}

    Signs make() {
        signs_.now = LinuxClock{}.wall();
        signs_.prefix = prefix_;
        if (auto good = check_private(files_, accounts_, prefix_); !good)
            signs_.prefix_fault = good.error().text;
        signs_.clock_is_synchronised = clock_is_synchronised();
        find_etcd();
        find_hosts();
        find_authority();
        ask_agent();
        return std::move(signs_);
    }

 private:
    void find_etcd() {
        std::string said;
        std::optional<Exit> ended;
        LinuxProcesses processes{loop_, std::nullopt};
        auto child = processes.start({{"etcd", "--version"}, {}, {}, {}, {}}, Lifetime::tied_to_us,
                                     {[&](const std::string& line) { said += line + "\n"; },
                                      [&](Exit exit) { ended = std::move(exit); }});
        if (!child) {
            signs_.etcd_fault = child.error().text;
            return;
        }
        const Instant end = loop_.clock().now() + patience;
        while (!ended && loop_.clock().now() < end) (void)loop_.step(Milliseconds{100});
        constexpr std::string_view mark = "etcd Version: ";
        const auto at = said.find(mark);
        if (at == std::string::npos)
            signs_.etcd_fault = "\"etcd --version\" tells none";
        else
            signs_.etcd_version =
                said.substr(at + mark.size(), said.find('\n', at) - at - mark.size());
    }

    void find_hosts() {
        auto entries = files_.list(prefix_);
        if (!entries) return;
        for (const DirectoryEntry& entry : *entries) {
            const std::string directory = prefix_ + "/" + entry.name;
            if (!HostName::parse(entry.name)) continue;
            auto identity = read_identity(files_, directory);
            if (!identity && identity.error().code == Code::missing) continue;
            signs_.hosts.push_back(host_at(entry.name, directory, identity));
        }
        std::sort(signs_.hosts.begin(), signs_.hosts.end(),
                  [](const auto& a, const auto& b) { return a.name < b.name; });
    }

    HostSigns host_at(const std::string& name, const std::string& directory,
                      const Result<Identity>& identity) {
        HostSigns host;
        host.name = name;
        if (identity)
            host.cluster = identity->cluster;
        else
            host.identity_fault = identity.error().text;
        add_certificate(directory + "/trust", host);
        host.is_marked_member = static_cast<bool>(files_.status(directory + "/store/member.json"));
        host.has_member_data = static_cast<bool>(files_.status(directory + "/store/etcd/member"));
        host.agent_runs = LinuxSockets::is_served(directory + "/control.sock");
        return host;
    }

    void add_certificate(const std::string& directory, HostSigns& host) {
        auto pem = files_.read(directory + "/tls.pem", pem_bytes_max);
        if (!pem) return;  // certified elsewhere, or not yet
        auto leaf = Certificate::from_pem(*pem);
        if (!leaf) {
            host.certificate_fault = leaf.error().text;
            return;
        }
        host.certified_from = leaf->not_before();
        host.certified_until = leaf->not_after();
    }

    void find_authority() {
        const AuthorityDirectory authority({files_, locks_, accounts_}, authority_path(prefix_));
        signs_.root_key_is_here = static_cast<bool>(files_.status(authority.keys().root_key()));
        signs_.others_joined = signs_.root_key_is_here && authority.hosts().size() > 1;
    }

    // Ports matter to a store that is yet to start.
    void find_ports() {
        LinuxSockets sockets{loop_};
        for (const std::uint16_t port : {etcd_client_port, etcd_peer_port})
            if (auto free = sockets.port_is_free("127.0.0.1", port); !free)
                signs_.taken_ports.push_back(free.error().text);
    }

    void ask_agent() {
        const auto chosen =
            std::find_if(signs_.hosts.begin(), signs_.hosts.end(), [this](const HostSigns& host) {
                return host.agent_runs && (host_.empty() || host.name == host_);
            });
        if (chosen == signs_.hosts.end()) return find_ports();
        signs_.status = answer(*chosen, "status");
        if (!chosen->agent_fault.empty()) return;
        signs_.cluster = answer(*chosen, "cluster");
        signs_.peers = answer(*chosen, "peers");
    }

    // An agent without a store answers that it has no cluster: nothing is wrong with that.
    Value answer(HostSigns& host, const std::string& question) {
        auto text = hansa::ask_agent(prefix_, host.name, question);
        if (!text) {
            host.agent_fault = text.error().text;
            return {};
        }
        auto value = parse_json(*text, answer_limits);
        if (!value || value->find("error")) return {};
        return std::move(*value);
    }

    const std::string prefix_;
    const std::string host_;
    LinuxLoop loop_;
    LinuxFiles files_;
    LinuxAccounts accounts_;
    LinuxLocks locks_{loop_};
    Signs signs_;
};

}  // namespace

Signs examine(const std::string& prefix, const std::string& host) {
    return Examination(prefix, host).make();
}

}  // namespace hansa
