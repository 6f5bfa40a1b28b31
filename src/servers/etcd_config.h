// What an etcd of ours is started with, and how that reads on its command line. Pure.
//
// Flags as of etcd 3.4 (https://etcd.io/docs/v3.4/op-guide/configuration/).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace hansa {

// Every member of a cluster must use the same. etcd wants an election of at least five heartbeats.
struct EtcdTiming {
    Milliseconds heartbeat{100};
    Milliseconds election{1000};
};

// What we let our etcd accept, and what clients of it may therefore send: more than etcd's own
// 128 operations and 1.5 MiB, so that a peer publishes all its exports in one transaction.
constexpr std::size_t etcd_operations_max = 10'240;
constexpr std::size_t etcd_bytes_max = std::size_t{10} << 20;

// A member with several peer URLs is several of these.
struct EtcdMember {
    std::string name;  // empty: it has told none yet
    std::string peer_url;
};

// One side of an etcd: what it shows and whom it lets in. Files; etcd reads certificate and key for
// each handshake anew, the roots at its start only (measured with 3.4.23).
struct EtcdTls {
    std::string certificate_file;  // chain, leaf first
    std::string key_file;
    std::string roots_file;  // whose certificates are let in
    std::string crl_file;    // of certificates that were taken back; empty: none
};

// Unless somebody asks for others.
inline constexpr std::uint16_t etcd_client_port = 2379;
inline constexpr std::uint16_t etcd_peer_port = 2380;

// Both sides speak mutual TLS, always.
struct EtcdConfig {
    enum class Entry { founding, joining };

    std::string program = "etcd";  // looked up in PATH unless it holds a '/'
    std::string name;
    std::string data_directory;
    std::vector<std::string> client_urls;   // where it listens
    std::vector<std::string> peer_urls;     // where it listens
    std::vector<std::string> clients_told;  // what others are told; empty: as it listens
    std::vector<std::string> peers_told;    // what others are told; empty: as it listens
    // Of the whole cluster; empty: this one only. Who joins gives the list as it stands once it
    // was added; it may be nameless there itself.
    std::vector<EtcdMember> members;
    EtcdTls client_tls;
    EtcdTls peer_tls;
    std::string member_name;  // common name that members insist on among themselves
    std::string token;        // tells clusters apart that reuse addresses
    Entry entry = Entry::founding;
    EtcdTiming timing;
    std::uint64_t quota_bytes = std::uint64_t{2} << 30;
    // So long a watch may be away and still resume where it was. By etcd itself, each time that so
    // much again has passed: also a store that has no steward must not grow for ever.
    Seconds history_kept{600};
    std::vector<std::string> more_flags;  // the operator's; they win over ours
};

// Program first.
std::vector<std::string> etcd_command_line(const EtcdConfig& config);

// A line of etcd's JSON log.
struct EtcdLogLine {
    bool serving = false;  // clients are served from now on
    std::string fault;     // of a line that is an error: message and error, else empty
};
EtcdLogLine read_etcd_log(const std::string& line);

// Whether a fault says that the data is damaged, so that another start is of no use. What may pass,
// a port that is taken or a full disk, is none.
bool tells_of_damage(const std::string& fault);

}  // namespace hansa
