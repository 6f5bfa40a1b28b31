#include "node.h"

#include <utility>

#include "base/text.h"
#include "kinds/standard.h"
#include "manifest/parse.h"

namespace hansa {
namespace {

constexpr Milliseconds longest_wake_up{5};
constexpr std::uint64_t content_max = std::uint64_t{1} << 30;

std::unique_ptr<Observation> observe(const SimNodeOptions& options, const Catalog& kinds,
                                     SimMachine& machine) {
    if (options.witness == nullptr) return nullptr;
    return std::make_unique<Observation>(*options.witness, kinds, machine.workers, machine.watcher);
}

}  // namespace

SimNode::SimNode(SimNodeOptions options)
    : SimNode(std::make_unique<SimLoop>(), nullptr, std::move(options)) {}

SimNode::SimNode(SimLoop& loop, SimNodeOptions options)
    : SimNode(nullptr, &loop, std::move(options)) {}

SimNode::SimNode(std::unique_ptr<SimLoop> own, SimLoop* shared, SimNodeOptions options)
    : own_loop_(std::move(own)),
      loop_(own_loop_ ? *own_loop_ : *shared),
      machine_(loop_, options.seed, options.machine),
      kinds_(standard_kinds()),
      observation_(observe(options, kinds_, machine_)),
      adopting_(options.adopting),
      runner_options_(options.runner),
      report_(loop_.clock()),
      graph_(kinds()) {
    report_.listen([this](const Event& event, WallTime) {
        const auto* ran = std::get_if<happened::ResourceRan>(&event);
        if (ran && ran->outcome != Outcome::unchanged)
            trace_.push_back(ran->id + " " + std::string(name_of(ran->outcome)));
    });
    start();
}

void SimNode::start() {
    Workers& workers = observation_ ? observation_->workers() : machine_.workers;
    PathWatcher& watcher = observation_ ? observation_->watcher() : machine_.watcher;
    runner_ = std::make_unique<Runner>(
        graph_, RunnerPorts{loop_, workers, watcher, machine_.ports(), report_, nullptr, nullptr},
        runner_options_, [] {});
}

void SimNode::start_anew() {
    stop();
    graph_ = Graph(kinds());
    start();
}

SimNode::~SimNode() {
    stop();
}

void SimNode::stop() {
    if (!runner_) return;
    bool stopped = false;
    runner_->stop([&stopped] { stopped = true; });
    runner_->cancel();
    loop_.run_until([&stopped] { return stopped; }, std::chrono::hours{1});
    runner_.reset();
}

Result<Delta> SimNode::want(const std::string& yaml) {
    auto manifest = parse_manifest(yaml, "graph.yaml", kinds());
    if (!manifest) return std::move(manifest).error();
    auto delta = graph_.declare(*manifest);
    if (!delta) return delta;
    adopting_(*delta);
    runner_->adopt(*delta);
    return delta;
}

Delta SimNode::amend(const Amendment& amendment) {
    Delta delta = graph_.amend(amendment);
    adopting_(delta);
    runner_->adopt(delta);
    return delta;
}

bool SimNode::settle(Duration limit) {
    const Instant end = loop_.clock().now() + limit;
    while (loop_.clock().now() < end) {
        if (!loop_.run_until([this] { return runner_->standing().at_rest(); },
                             end - loop_.clock().now()))
            return false;
        const std::uint64_t runs = report_.snapshot().runs;
        loop_.run_for(longest_wake_up);
        if (runner_->standing().at_rest() && report_.snapshot().runs == runs) return true;
    }
    return false;
}

std::string SimNode::trace() const {
    return join(trace_, ", ");
}

std::optional<std::string> SimNode::content(const std::string& path) const {
    auto bytes = machine_.files.read(path, content_max);
    if (!bytes) return std::nullopt;
    return std::move(*bytes);
}

}  // namespace hansa
