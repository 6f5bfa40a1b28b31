#include "servers/etcd_config.h"

#include <algorithm>

#include "base/text.h"
#include "data/json.h"

namespace hansa {

namespace {

// Etcd finds itself in the list by its name, and the others by their addresses.
std::string member_list(const EtcdConfig& config) {
    const auto& ours = config.peers_told.empty() ? config.peer_urls : config.peers_told;
    std::vector<std::string> parts;
    for (const auto& member : config.members) {
        const bool is_ours = std::find(ours.begin(), ours.end(), member.peer_url) != ours.end();
        const auto& name = is_ours ? config.name : member.name;
        parts.push_back((name.empty() ? "unnamed" : name) + "=" + member.peer_url);
    }
    if (parts.empty())
        for (const auto& url : ours) parts.push_back(config.name + "=" + url);
    return join(parts, ",");
}

std::string text_of(const Value& line, std::string_view key) {
    const auto* value = line.find(key);
    return value && value->is_scalar() ? value->scalar().text : std::string();
}

bool is_fault(const std::string& level) {
    return level == "error" || level == "fatal" || level == "panic" || level == "dpanic";
}

// etcd's flags of its two sides differ in a prefix, but not everywhere.
void add_tls(std::vector<std::string>& line, const std::string& side, const EtcdTls& tls) {
    const std::string prefix = side == "client" ? "--" : "--peer-";
    line.push_back(prefix + "cert-file=" + tls.certificate_file);
    line.push_back(prefix + "key-file=" + tls.key_file);
    line.push_back(prefix + "trusted-ca-file=" + tls.roots_file);
    line.push_back(prefix + "client-cert-auth=true");
    if (!tls.crl_file.empty()) line.push_back("--" + side + "-crl-file=" + tls.crl_file);
}

}  // namespace

std::vector<std::string> etcd_command_line(const EtcdConfig& config) {
    const auto urls = [](const std::vector<std::string>& told,
                         const std::vector<std::string>& own) {
        return join(told.empty() ? own : told, ",");
    };
    const bool founding = config.entry == EtcdConfig::Entry::founding;
    std::vector<std::string> line = {
        config.program,
        "--name=" + config.name,
        "--data-dir=" + config.data_directory,
        "--listen-client-urls=" + join(config.client_urls, ","),
        "--advertise-client-urls=" + urls(config.clients_told, config.client_urls),
        "--listen-peer-urls=" + join(config.peer_urls, ","),
        "--initial-advertise-peer-urls=" + urls(config.peers_told, config.peer_urls),
        "--initial-cluster=" + member_list(config),
        std::string("--initial-cluster-state=") + (founding ? "new" : "existing"),
        "--initial-cluster-token=" + config.token,
        // A start looks for its leader at once instead of waiting for a whole election timeout.
        "--initial-election-tick-advance=true",
        "--heartbeat-interval=" + std::to_string(config.timing.heartbeat.count()),
        "--election-timeout=" + std::to_string(config.timing.election.count()),
        // Off by default in 3.4: a member that comes back must not depose a working leader.
        "--pre-vote=true",
        "--strict-reconfig-check=true",
        "--experimental-initial-corrupt-check=true",
        // The periodic one stops all writes of all members; the steward compares hashes instead.
        "--experimental-corrupt-check-time=0s",
        "--max-txn-ops=" + std::to_string(etcd_operations_max),
        "--max-request-bytes=" + std::to_string(etcd_bytes_max),
        "--quota-backend-bytes=" + std::to_string(config.quota_bytes),
        // Not 100,000: the log since the last snapshot and 5,000 entries more is what a member has
        // in memory, and what a new one has to work through. etcd 3.6 has this default.
        "--snapshot-count=10000",
        "--auto-compaction-mode=periodic",
        "--auto-compaction-retention=" + std::to_string(config.history_kept.count()) + "s",
        // A client of another make may ping an idle connection as often as it likes.
        "--grpc-keepalive-min-time=500ms",
        // JSON over HTTP, which no peer of ours speaks: a port within the port.
        "--enable-grpc-gateway=false",
        "--logger=zap",
        "--log-level=info",
        "--log-outputs=stderr",
    };
    add_tls(line, "client", config.client_tls);
    add_tls(line, "peer", config.peer_tls);
    line.push_back("--peer-cert-allowed-cn=" + config.member_name);
    line.insert(line.end(), config.more_flags.begin(), config.more_flags.end());
    return line;
}

EtcdLogLine read_etcd_log(const std::string& line) {
    const auto parsed = parse_json(line);
    if (!parsed || !parsed->is_map()) {
        // Before its log is set up etcd complains in plain text.
        const bool complaint = line.find("error") != std::string::npos ||
                               line.find("flag provided but not defined") != std::string::npos;
        return {false, complaint ? printable(line) : std::string()};
    }
    const auto message = text_of(*parsed, "msg");
    EtcdLogLine read;
    // 3.4 says the first, 3.5 the second.
    read.serving = message.starts_with("serving client traffic") ||
                   message == "ready to serve client requests";
    const auto error = text_of(*parsed, "error");
    if (is_fault(text_of(*parsed, "level")))
        read.fault = printable(error.empty() ? message : message + ": " + error);
    return read;
}

// Of etcd 3.4: its log, its database, the check at its start, and a log that is older than what the
// others know that it has acknowledged.
bool tells_of_damage(const std::string& fault) {
    for (const char* words :
         {"crc mismatch", "invalid database", "checksum error",
          "found data inconsistency with peers", "Was the raft log corrupted, truncated, or lost?"})
        if (fault.find(words) != std::string::npos) return true;
    return false;
}

}  // namespace hansa
