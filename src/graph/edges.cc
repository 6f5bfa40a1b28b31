#include "graph/edges.h"

#include <algorithm>

#include "base/text.h"

namespace hansa {
namespace {

// Two edges between the same two resources are one, which notifies if either does.
void sort_and_merge(std::vector<EdgePlan::Half>& halves) {
    std::sort(halves.begin(), halves.end(), [](const EdgePlan::Half& a, const EdgePlan::Half& b) {
        return a.other != b.other ? std::less<>{}(a.other, b.other) : a.notify > b.notify;
    });
    const auto same = [](const EdgePlan::Half& a, const EdgePlan::Half& b) {
        return a.other == b.other;
    };
    halves.erase(std::unique(halves.begin(), halves.end(), same), halves.end());
    halves.shrink_to_fit();
}

bool holds(const std::vector<EdgePlan::Half>& halves, const ResourceId& other) {
    const auto at = std::lower_bound(halves.begin(), halves.end(), &other,
                                     [](const EdgePlan::Half& half, const ResourceId* id) {
                                         return std::less<>{}(half.other, id);
                                     });
    return at != halves.end() && at->other == &other;
}

// Depth-first search that keeps the edges of its present path; the first edge back into the path
// closes a cycle.
class CycleSearch {
 public:
    explicit CycleSearch(const std::vector<EdgeDeclaration>& edges) : edges_(edges) {
        for (std::size_t i = 0; i < edges.size(); ++i) outgoing_[edges[i].from].edges.push_back(i);
    }

    // Indexes of the edges of a cycle, in order; empty when there is none.
    std::vector<std::size_t> run() {
        for (const EdgeDeclaration& edge : edges_) {
            Node& start = outgoing_[edge.from];
            if (start.state == State::fresh && follow(start)) return cycle_;
        }
        return {};
    }

 private:
    enum class State { fresh, on_path, done };
    struct Node {
        std::vector<std::size_t> edges;
        std::size_t next = 0;
        State state = State::fresh;
    };

    bool follow(Node& start) {
        std::vector<Node*> path = {&start};
        start.state = State::on_path;
        while (!path.empty()) {
            Node& here = *path.back();
            if (here.next == here.edges.size()) {
                here.state = State::done;
                path.pop_back();
                continue;
            }
            const std::size_t edge = here.edges[here.next++];
            const auto found = outgoing_.find(edges_[edge].to);
            if (found == outgoing_.end() || found->second.state == State::done) continue;
            if (found->second.state == State::on_path) {
                const auto from = std::find(path.begin(), path.end(), &found->second);
                for (auto node = from; node != path.end(); ++node)
                    cycle_.push_back((*node)->edges[(*node)->next - 1]);
                return true;
            }
            found->second.state = State::on_path;
            path.push_back(&found->second);
        }
        return false;
    }

    const std::vector<EdgeDeclaration>& edges_;
    std::unordered_map<ResourceId, Node> outgoing_;
    std::vector<std::size_t> cycle_;
};

}  // namespace

EdgePlan::EdgePlan(const std::vector<EdgeDeclaration>& edges) {
    for (const EdgeDeclaration& edge : edges) {
        auto& from = *ends_.try_emplace(edge.from).first;
        auto& to = *ends_.try_emplace(edge.to).first;
        from.second.after.push_back({&to.first, edge.notify});
        to.second.before.push_back({&from.first, edge.notify});
    }
    for (auto& [id, ends] : ends_) {
        sort_and_merge(ends.before);
        sort_and_merge(ends.after);
    }
}

const EdgePlan::Ends* EdgePlan::find(const ResourceId& id) const {
    const auto found = ends_.find(id);
    return found == ends_.end() ? nullptr : &found->second;
}

bool EdgePlan::joins(const ResourceId& a, const ResourceId& b) const {
    const auto one = ends_.find(a);
    if (one == ends_.end()) return false;
    const auto other = ends_.find(b);
    if (other == ends_.end()) return false;
    return holds(one->second.before, other->first) || holds(one->second.after, other->first);
}

std::string describe_cycle(const std::vector<EdgeDeclaration>& edges) {
    constexpr std::size_t shown_max = 12;
    const std::vector<std::size_t> cycle = CycleSearch(edges).run();
    if (cycle.empty()) return {};

    const std::size_t shown = std::min(cycle.size(), shown_max);
    std::string names;
    std::string places;
    for (std::size_t i = 0; i < shown; ++i) {
        names += edges[cycle[i]].from.text() + " -> ";
        places += (i == 0 ? "" : ", ") + edges[cycle[i]].origin.text();
    }
    if (shown < cycle.size()) {
        names += "… " + std::to_string(cycle.size() - shown) + " more … -> ";
        places += ", …";
    }
    names += edges[cycle.front()].from.text();
    return edges[cycle.front()].origin.text() + ": cycle " + names + "; take away one of its " +
           counted(cycle.size(), "edge") + ": " + places;
}

}  // namespace hansa
