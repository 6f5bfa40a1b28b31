#include "graph/draw.h"

#include <algorithm>

#include "base/text.h"

namespace hansa {
namespace {

constexpr std::size_t depth_max = 24;
constexpr std::size_t names_max = 3;  // further predecessors named behind a resource

std::string shown(const Vertex& vertex) {
    return printable(vertex.id.text());
}

// Where each resource hangs, and in which order.
class Tree {
 public:
    explicit Tree(const Graph& graph) : graph_(graph), children_(graph.slot_count()) {
        const std::vector<Slot> order = topological_order(graph);
        std::vector<std::size_t> rank(graph.slot_count());
        for (std::size_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
        for (Slot slot : order) {
            const std::vector<Link>& before = graph.at(slot).before;
            if (before.empty()) {
                roots_.push_back(slot);
                continue;
            }
            const auto last = std::max_element(
                before.begin(), before.end(),
                [&rank](const Link& a, const Link& b) { return rank[a.other] < rank[b.other]; });
            children_[last->other].push_back({slot, *last});
        }
    }

    std::string text() {
        for (Slot root : roots_) sections_.push_back({root, false});
        for (std::size_t next = 0; next < sections_.size(); ++next) {
            const Section section = sections_[next];
            if (section.continued) text_ += '\n';
            text_ += shown(graph_.at(section.root));
            if (!section.continued) describe(section.root, nullptr);
            text_ += section.continued ? ", continued\n" : "\n";
            draw_below(section.root);
        }
        return std::move(text_);
    }

 private:
    struct Child {
        Slot slot;
        Link link;
    };
    struct Section {
        Slot root;
        bool continued;
    };
    struct Level {
        const std::vector<Child>* children;
        std::size_t next;
    };

    void draw_below(Slot root) {
        std::vector<Level> path = {{&children_[root], 0}};
        std::string margin;  // what stands before the branch, three columns a level
        std::vector<std::size_t> margins = {0};
        while (!path.empty()) {
            Level& level = path.back();
            if (level.next == level.children->size()) {
                path.pop_back();
                margins.pop_back();
                margin.resize(margins.empty() ? 0 : margins.back());
                continue;
            }
            const Child& child = (*level.children)[level.next++];
            const bool last = level.next == level.children->size();
            text_ += margin + (last ? "└─ " : "├─ ") + shown(graph_.at(child.slot));
            describe(child.slot, &child.link);
            const std::vector<Child>& below = children_[child.slot];
            if (!below.empty() && path.size() == depth_max) {
                text_ += " …";
                sections_.push_back({child.slot, true});
            } else if (!below.empty()) {
                path.push_back({&below, 0});
                margin += last ? "   " : "│  ";
                margins.push_back(margin.size());
            }
            text_ += '\n';
        }
    }

    // What else there is to say behind a name.
    void describe(Slot slot, const Link* above) {
        const Vertex& vertex = graph_.at(slot);
        if (above && above->notify) text_ += ", notified";
        std::vector<std::string> others;
        for (const Link& link : vertex.before)
            if (!above || link.other != above->other)
                others.push_back(shown(graph_.at(link.other)) + (link.notify ? " (notifies)" : ""));
        if (!others.empty()) text_ += ", after " + listed(std::move(others));
        if (!vertex.resource) text_ += ", exported by nobody yet";
        if (vertex.yields_to) text_ += ", yields to " + shown(graph_.at(*vertex.yields_to));
        if (above && above->automatic) text_ += " (automatic)";
    }

    static std::string listed(std::vector<std::string> names) {
        std::sort(names.begin(), names.end());
        const std::size_t more = names.size() > names_max ? names.size() - names_max : 0;
        names.resize(names.size() - more);
        std::string text = join(names, ", ");
        if (more > 0) text += " and " + std::to_string(more) + " more";
        return text;
    }

    const Graph& graph_;
    std::vector<std::vector<Child>> children_;
    std::vector<Slot> roots_;
    std::vector<Section> sections_;
    std::string text_;
};

// A DOT identifier in quotes.
std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c;
    }
    return result + '"';
}

std::string node_style(const Vertex& vertex) {
    if (!vertex.resource) return ", style=dotted, tooltip=\"exported by nobody yet\"";
    if (vertex.yields_to) return ", color=grey, fontcolor=grey";
    if (!vertex.id.exporter.empty()) return ", color=blue";
    return {};
}

std::string edge_style(const Link& link) {
    if (link.notify) return link.automatic ? " [style=\"dashed,bold\"]" : " [style=bold]";
    return link.automatic ? " [style=dashed]" : "";
}

// For people: long names are cut, so it does not tell one node from another.
std::string node_label(const Vertex& vertex) {
    std::string name = shown(vertex);
    if (!vertex.id.place.empty()) name += " into " + printable(vertex.id.place);
    return quoted(name);
}

}  // namespace

std::string as_tree(const Graph& graph) {
    const std::string name = graph.name().empty() ? "graph" : printable(graph.name());
    return name + ": " + counted(graph.size(), "resource") + ", " +
           counted(graph.edge_count(), "edge") + "\n\n" + Tree(graph).text();
}

std::string as_dot(const Graph& graph) {
    std::string text = "digraph " + quoted(printable(graph.name())) + " {\n" +
                       "    node [shape=box, fontname=\"sans-serif\", fontsize=11];\n" +
                       "    edge [arrowsize=0.7];\n";
    const std::vector<Slot> order = topological_order(graph);
    std::vector<std::string> node(graph.slot_count());
    std::size_t nodes = 0;
    for (Slot slot : order) {
        const Vertex& vertex = graph.at(slot);
        node[slot] = "n" + std::to_string(++nodes);
        text += "    " + node[slot] + " [label=" + node_label(vertex) + node_style(vertex) + "];\n";
    }
    for (Slot slot : order) {
        std::vector<Link> after = graph.at(slot).after;
        std::sort(after.begin(), after.end(),
                  [](const Link& a, const Link& b) { return a.other < b.other; });
        for (const Link& link : after)
            text += "    " + node[slot] + " -> " + node[link.other] + edge_style(link) + ";\n";
    }
    return text + "}\n";
}

}  // namespace hansa
