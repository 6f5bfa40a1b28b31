// Everything that `hansa run` can be told. Filled by cli, read by daemon; plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/host.h"
#include "base/host_port.h"
#include "base/result.h"
#include "base/time.h"
#include "mesh/seats.h"
#include "trust/token.h"

namespace hansa {

enum class LogFormat { text, json };
enum class Verbosity { quiet, normal, verbose };

// Certificates from elsewhere: PEM files.
struct TlsPaths {
    std::string certificate;  // chain, leaf first
    std::string key;
    std::string roots;  // whose certificates are believed
};

// Where the collect policy stands. A file that nobody named may be missing.
struct PolicySource {
    std::string file;
    bool named = false;
};

// `policy` if that was given, else policy.yaml beside the config file.
PolicySource policy_source(const std::string& policy, const std::string& config);

struct Settings {
    Settings(std::string graph, HostName name)
        : graph_file(std::move(graph)), host(std::move(name)) {}

    std::string graph_file;
    std::string config_file;  // which need not be there
    HostName host;
    std::string prefix;  // without a trailing slash; of --tmp-prefix: made by Node
    bool tmp_prefix = false;
    std::string control_group;  // whose members may ask this agent; empty: nobody's
    bool standalone = false;
    bool replace = false;  // take over the name of a host that is dead
    bool found = false;    // with seeds: make a cluster there if there is none
    bool noop = false;
    bool watch = true;
    std::vector<std::string> seeds;       // client URLs of stores that exist
    std::optional<Token> join;            // how to come to an identity, where there is none
    std::optional<HostPort> join_listen;  // where an authority here answers joins; empty: loopback
    Duration certificate_life = Seconds{24 * 3600};  // of those that an authority here makes
    std::vector<std::string> client_urls;  // where our etcd serves; empty: default or free ports
    std::vector<std::string> server_urls;  // its peer URLs; likewise
    SeatWish seat = SeatWish::yes;         // no: never runs an etcd, whatever happens
    std::string domain;                    // "dc=lon,rack=r1"; empty: none, or the certified one
    std::string listen;     // address of both etcd ports; empty: loopback, or the URLs
    std::string advertise;  // the address that others are told; empty: as it listens
    std::optional<std::uint32_t> expect;  // hosts that found together, at `seeds`; empty: alone
    std::optional<std::uint32_t> ideal_cluster_size;  // empty: as it is stored
    std::string seat_timing;                          // see timing_named(); likewise
    std::optional<TlsPaths> tls;                      // empty: Hansa's own certificates
    std::optional<Seconds> converged_timeout;
    std::optional<Seconds> max_runtime;
    std::uint32_t sema = 0;
    std::uint32_t workers = 512;
    PolicySource policy;
    std::optional<HostPort> metrics;  // where figures are shown; empty: nowhere
    std::string graphviz;             // file to draw each adopted graph into; empty: none
    LogFormat log_format = LogFormat::text;
    Verbosity verbosity = Verbosity::normal;
};

// /var/lib/hansa for root; for others $XDG_STATE_HOME/hansa or ~/.local/state/hansa.
std::string default_prefix(bool root, const char* xdg_state_home, const char* home);

// What the agent is told by, absolute: nobody else may write there.
std::vector<std::string> files_read(const Settings& settings);

// Where the agent shares data, for its first log line: "standalone", "with the store of this
// machine", "joining https://…".
std::string describe_store(const Settings& settings);

// Code::invalid when hosts elsewhere could join, but would be sent to a store that serves this
// machine alone.
Result<void> check_join_listen(const Settings& settings);

// Of a host as it stands in a URL.
bool is_loopback(const std::string& host);
bool is_any_address(const std::string& host);

// Flags that were given and change nothing, each with the reason.
std::vector<std::string> flags_without_effect(const Settings& settings);

// "https://host:port" or "host:port", the port from 1 to 65535, to the first form; anything else
// is refused with what would be right: nothing is ever sent in clear.
Result<std::string> parse_url(const std::string& text);
// REQUIRES: a url as that gives it.
HostPort place_of_url(const std::string& url);

// graph.md 3, "Exit codes of hansa run".
enum class ExitCode : int {
    fine = 0,
    internal = 1,
    usage = 2,
    identity = 3,
    failures = 4,
    max_runtime = 5,
};

// The one that an error deserves which kept the agent from starting or going on.
ExitCode exit_code_of(Code code);

}  // namespace hansa
