// One simulated agent that takes part in a mesh: a SimNode and a Mesh over a MemoryStore.
//
// What is exported and collected goes the way that the daemon wires it. Single-threaded;
// deterministic by seed; several peers share a loop and a cluster, which outlive them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/host.h"
#include "mesh/memory/store.h"
#include "mesh/mesh.h"
#include "node.h"

namespace hansa {

struct SimPeerOptions {
    std::uint64_t seed = 1;
    MemoryStoreOptions line = {};
    CollectorTimes times = {};
    SimMachineOptions machine = {};

    // Called after every redraw by the mesh.
    std::function<void()> redrawn = [] {};
};

class SimPeer {
 public:
    // Starts at once.
    SimPeer(SimLoop& loop, MemoryCluster& cluster, HostName host, SimPeerOptions options);
    ~SimPeer();

    // A new version of the manifest, enforced and shared.
    Result<void> want(const std::string& yaml);

    // The agent dies without a word; its machine and its files stay. Then: the agent starts
    // again, with the manifest it had. REQUIRES: running, not running.
    void crash();
    void restart();
    bool running() const { return mesh_ != nullptr; }

    void cut_line();   // to the store
    void mend_line();  // whether it is cut or not

    // A peer of the cluster, everything acknowledged and folded, runner at rest.
    bool at_rest() const;

    // What is collected now, as "file[x] from b in /pool/", sorted.
    std::vector<std::string> collected() const;

    // The files that `host` exports as they are collected into `place`: name to content.
    std::map<std::string, std::string> collected_from(const HostName& host,
                                                      const std::string& place) const;

    std::uint64_t amendments() const { return amendments_; }  // so far: redraws by the mesh
    std::uint64_t upserts() const { return upserts_; }        // resources in them
    const std::optional<std::string>& refused() const { return refused_; }
    const HostName& host() const { return host_; }
    SimNode& node() { return node_; }
    const SimNode& node() const { return node_; }

 private:
    void start();
    void share();

    SimLoop& loop_;
    MemoryCluster& cluster_;
    const HostName host_;
    const SimPeerOptions options_;
    SeededRandom random_;
    SimNode node_;
    std::string yaml_ = "graph: none\n";
    std::uint64_t incarnation_ = 0;
    std::unique_ptr<MemoryStore> store_;
    std::unique_ptr<Mesh> mesh_;  // null: not running
    MemoryKeeper memory_;         // of exporters, as on a disk
    std::uint64_t amendments_ = 0;
    std::uint64_t upserts_ = 0;
    std::optional<std::string> refused_;
};

}  // namespace hansa
