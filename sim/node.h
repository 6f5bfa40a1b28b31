// One simulated agent: a graph, a Runner that keeps it, and a simulated machine below.
//
//     SimNode node;
//     node.want("graph: g\nresources: {file: [{name: /etc/motd, content: hello}]}");
//     node.settle();
//
// Single-threaded; deterministic by seed. Several nodes may share a loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/runner.h"
#include "graph/graph.h"
#include "observe.h"
#include "report/report.h"
#include "sys/sim/machine.h"

namespace hansa {

struct SimNodeOptions {
    std::uint64_t seed = 1;
    RunnerOptions runner = {};
    SimMachineOptions machine = {};
    Witness* witness = nullptr;  // outlives the node; null: nobody looks

    // Called with every change of the graph, before the runner hears of it.
    std::function<void(const Delta&)> adopting = [](const Delta&) {};
};

class SimNode {
 public:
    explicit SimNode(SimNodeOptions options = {});   // with a loop of its own
    SimNode(SimLoop& loop, SimNodeOptions options);  // `loop` outlives the node
    ~SimNode();

    // A new version of the manifest. On error the old one stays; the delta is also enforced.
    Result<Delta> want(const std::string& yaml);

    // What the mesh collected for this node.
    Delta amend(const Amendment& amendment);

    // Runs until the runner is at rest and stays so for the longest wake-up's delay. False when
    // that takes longer than `limit` of simulated time.
    bool settle(Duration limit = std::chrono::hours{1});

    // Ends the runner; the rest of the node stays to be looked at.
    void stop();

    // As after a restart of the agent: an empty graph, a new runner, the same machine.
    void start_anew();

    // "file[/etc/motd] changed, exec[x] failed, …": runs that were not clean checks, in order.
    std::string trace() const;

    // The bytes of a file, or nothing.
    std::optional<std::string> content(const std::string& path) const;

    SimLoop& loop() { return loop_; }
    SimMachine& machine() { return machine_; }
    const SimMachine& machine() const { return machine_; }
    SimFiles& files() { return machine_.files; }
    const Graph& graph() const { return graph_; }
    const Catalog& kinds() const { return observation_ ? observation_->kinds() : kinds_; }
    const Report& report() const { return report_; }
    Report& report() { return report_; }
    const Runner& runner() const { return *runner_; }

 private:
    SimNode(std::unique_ptr<SimLoop> own, SimLoop* shared, SimNodeOptions options);
    void start();

    std::unique_ptr<SimLoop> own_loop_;  // null: shared
    SimLoop& loop_;
    SimMachine machine_;
    Catalog kinds_;
    std::unique_ptr<Observation> observation_;
    std::function<void(const Delta&)> adopting_;
    RunnerOptions runner_options_;
    Report report_;
    std::vector<std::string> trace_;
    Graph graph_;
    std::unique_ptr<Runner> runner_;
};

}  // namespace hansa
