#include "peer.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "graph/exports.h"
#include "manifest/parse.h"
#include "mesh/testing.h"

namespace hansa {

SimPeer::SimPeer(SimLoop& loop, MemoryCluster& cluster, HostName host, SimPeerOptions options)
    : loop_(loop),
      cluster_(cluster),
      host_(std::move(host)),
      options_(options),
      random_(options.seed + 10),
      node_(loop, {.seed = options.seed, .machine = options.machine}) {
    start();
}

SimPeer::~SimPeer() {
    mesh_.reset();
    store_.reset();
}

void SimPeer::start() {
    store_ = std::make_unique<MemoryStore>(cluster_, loop_, options_.seed + 20 + ++incarnation_,
                                           options_.line);
    MeshOptions options{
        {testing::credentials(host_.text()), {Policy{}, {"root", "/var/lib/hansa"}}, memory_}};
    options.membership.uuid = testing::uuid_of(host_.text());
    options.membership.incarnation = incarnation_;
    options.membership.version = "simulated";
    options.membership.where = "simulation";
    options.membership.admission.founding = Founding::if_empty;
    options.times = options_.times;
    MeshEvents events;
    events.on_amendment = [this](const Amendment& amendment) {
        ++amendments_;
        upserts_ += amendment.upserts.size();
        node_.amend(amendment);
        options_.redrawn();
    };
    events.on_entered = [](const std::string&, std::uint64_t) {};
    events.on_refused = [this](const Error& error) { refused_ = error.text; };
    events.on_moved = [] {};
    mesh_ = std::make_unique<Mesh>(loop_, *store_, random_, node_.kinds(), node_.report(), host_,
                                   std::move(options), std::move(events));
    mesh_->start();
}

Result<void> SimPeer::want(const std::string& yaml) {
    auto delta = node_.want(yaml);
    if (!delta) return std::move(delta).error();
    yaml_ = yaml;
    share();
    return {};
}

void SimPeer::share() {
    const auto manifest = parse_manifest(yaml_, "graph.yaml", node_.kinds());
    check(bool(manifest), "what the graph took is a manifest");
    auto exports = exports_of(manifest->resources, node_.kinds(), node_.machine().files);
    check(bool(exports), "nothing is exported that cannot be");
    std::vector<Wanted> wanted;
    for (Export& each : *exports)
        wanted.push_back({std::move(each.id), std::move(each.fields), std::move(each.meta)});
    mesh_->publish(std::move(wanted));
    mesh_->collect(manifest->collects);
}

void SimPeer::crash() {
    mesh_.reset();
    store_.reset();
    node_.stop();
}

void SimPeer::restart() {
    check(!running(), "a peer that runs is not started again");
    node_.start_anew();
    start();
    const Result<void> wanted = want(std::string(yaml_));
    check(bool(wanted), "a manifest that was accepted is accepted again");
}

void SimPeer::cut_line() {
    if (store_) store_->go_away();
}

void SimPeer::mend_line() {
    if (store_) store_->come_back();
}

bool SimPeer::at_rest() const {
    if (!mesh_) return false;
    const MeshStanding standing = mesh_->standing();
    return standing.entered && standing.at_rest() && node_.runner().standing().at_rest();
}

std::vector<std::string> SimPeer::collected() const {
    std::vector<std::string> names;
    const Graph& graph = node_.graph();
    for (Slot slot = 0; slot < graph.slot_count(); ++slot)
        if (graph.at(slot).alive && graph.at(slot).resource && !graph.at(slot).id.exporter.empty())
            names.push_back(graph.at(slot).id.text() + " in " + graph.at(slot).id.place);
    std::sort(names.begin(), names.end());
    return names;
}

std::map<std::string, std::string> SimPeer::collected_from(const HostName& host,
                                                           const std::string& place) const {
    std::map<std::string, std::string> files;
    const Graph& graph = node_.graph();
    for (Slot slot = 0; slot < graph.slot_count(); ++slot) {
        const Vertex& vertex = graph.at(slot);
        if (!vertex.alive || !vertex.resource) continue;
        if (vertex.id.exporter != host.text() || vertex.id.place != place) continue;
        const Value fields = vertex.resource->encode();
        const Value* content = fields.find("content");
        files[vertex.id.resource.name] = content ? content->scalar().text : "";
    }
    return files;
}

}  // namespace hansa
