// Who this agent is, remembered in PREFIX/HOST/identity.json.
//
// The file is the marker that ties the directory to a name, a uuid and, once the agent has been
// accepted, to a cluster. It is written at each start, which it counts, and when the cluster is
// learnt.
#pragma once

#include <cstdint>
#include <string>

#include "base/host.h"
#include "base/random.h"
#include "base/result.h"
#include "sys/files.h"

namespace hansa {

struct Identity {
    std::string uuid;
    std::string host;
    std::string cluster;            // id; empty: belongs to none yet
    std::uint64_t incarnation = 0;  // counts the starts
    std::uint64_t epoch = 0;        // of that cluster, the highest that was seen: counts its
                                    // recoveries (docs/manual/recovery.md)
};

// The marker as it stands: Code::missing when there is none, Code::invalid when it is damaged.
Result<Identity> read_identity(const Files& files, const std::string& directory);

// Reads the marker, or makes a new identity where there is none; counts this start. Code::conflict
// when the marker is another host's, or damaged. Blocking.
Result<Identity> claim_directory(Files& files, const std::string& directory, const HostName& host,
                                 Random& random);

// Ties the directory to `cluster`, at that epoch unless it has seen a later one. Code::conflict,
// naming both, when it belongs to another cluster.
Result<Identity> remember_cluster(Files& files, const std::string& directory, Identity identity,
                                  const std::string& cluster, std::uint64_t epoch);

}  // namespace hansa
