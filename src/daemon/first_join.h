// How a host that was given a join token comes to an identity, before anything else of its agent
// starts; and what of that is kept for renewals.
//
//     PREFIX/HOST/trust/issuers   where the authority answers, an address a line
//
// Turns the loop itself until an authority has answered, and looks at SIGINT, SIGTERM and the
// time given by --max-runtime meanwhile. Loop thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/host_port.h"
#include "base/random.h"
#include "daemon/home.h"
#include "daemon/settings.h"
#include "report/report.h"
#include "sys/linux/loop.h"
#include "sys/secure_sockets.h"
#include "trust/token.h"

namespace hansa {

struct FirstJoinPorts {
    LinuxLoop& loop;
    SecureSockets& sockets;
    Files& files;
    const Accounts& accounts;
    Random& random;
    Report& report;
};

// What a token means to a host.
enum class JoinNeed {
    ask,     // it has no identity that could still be renewed
    ignore,  // it has one of that cluster
};
// Code::conflict when the host belongs to another cluster than the token's.
Result<JoinNeed> join_need(const Files& files, const Accounts& accounts, const Home& home,
                           const Token& token, WallTime now);

// Nothing: go on, the identity is there (or was, or no token was given). An exit code: the agent
// was asked to end meanwhile. Code::conflict: refused, or this host is of another cluster.
Result<std::optional<ExitCode>> join_first(const FirstJoinPorts& ports, const Settings& settings,
                                           const Home& home);

std::vector<HostPort> read_issuers(const Files& files, const std::string& directory);
Result<void> keep_issuers(Files& files, const std::string& directory,
                          const std::vector<HostPort>& places);

}  // namespace hansa
