#include "graph/things.h"

#include <algorithm>

namespace hansa {
namespace {

constexpr std::size_t index_of(Role role) {
    return static_cast<std::size_t>(role);
}

// A type is a root; a path hangs below it part by part ("/", then "/etc", then "/motd"), any
// other name as a whole.
std::vector<std::string_view> parts_of(const Thing& thing) {
    std::vector<std::string_view> parts = {thing.type};
    if (thing.type != "path") {
        parts.push_back(thing.name);
        return parts;
    }
    parts.push_back("/");
    std::string_view rest = thing.name;
    while (!rest.empty() && rest != "/") {
        const std::size_t end = rest.find('/', 1);
        parts.push_back(rest.substr(0, end));
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end);
    }
    return parts;
}

}  // namespace

Things::Things() : by_place_(0, ByPlace{&nodes_}, ByPlace{&nodes_}) {}

std::vector<Things::Node> Things::claim(Slot slot, Role role, std::span<const Thing> things) {
    std::vector<Node> wanted;
    wanted.reserve(things.size());
    for (const Thing& thing : things) {
        const Node node = node_of(thing);
        if (std::find(wanted.begin(), wanted.end(), node) == wanted.end()) wanted.push_back(node);
    }
    std::vector<Node> changed;
    if (wanted == claimed(slot, role)) return changed;
    if (slot >= claims_.size()) claims_.resize(slot + 1);
    for (std::size_t i = claims_[slot].size(); i-- > 0;) {
        if (claims_[slot][i].role != role) continue;
        changed.push_back(claims_[slot][i].node);
        release(slot, i);
    }
    for (Node node : wanted) {
        hold(slot, node, role);
        changed.push_back(node);
    }
    return changed;
}

std::vector<Things::Node> Things::claimed(Slot slot, Role role) const {
    std::vector<Node> nodes;
    if (slot >= claims_.size()) return nodes;
    for (const Claim& claim : claims_[slot])
        if (claim.role == role) nodes.push_back(claim.node);
    return nodes;
}

std::span<const Slot> Things::holders(Node node, Role role) const {
    return nodes_[node].holders[index_of(role)];
}

std::span<const Slot> Things::providers(Node node) const {
    for (; node != none; node = nodes_[node].parent) {
        const std::span<const Slot> found = holders(node, Role::provides);
        if (!found.empty()) return found;
    }
    return {};
}

void Things::visit_dependents(Node node, const std::function<void(Slot)>& visit) const {
    std::vector<Node> open = {node};
    while (!open.empty()) {
        const Node next = open.back();
        open.pop_back();
        for (Slot slot : holders(next, Role::wants)) visit(slot);
        for (Node below = nodes_[next].first_child; below != none; below = nodes_[below].next)
            if (holders(below, Role::provides).empty()) open.push_back(below);
    }
}

Thing Things::thing(Node node) const {
    std::vector<std::string_view> parts;
    for (; nodes_[node].parent != none; node = nodes_[node].parent)
        parts.push_back(nodes_[node].part);
    Thing thing{nodes_[node].part, {}};
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) thing.name += *part;
    if (thing.name.starts_with("//")) thing.name.erase(0, 1);  // the root and the first step
    return thing;
}

std::vector<std::string> Things::names_below(const Thing& above, Role role) const {
    std::vector<std::string> names;
    std::vector<Node> open;
    if (const auto top = find(above)) open.push_back(*top);
    while (!open.empty()) {
        const Node next = open.back();
        open.pop_back();
        for (Node below = nodes_[next].first_child; below != none; below = nodes_[below].next) {
            if (!holders(below, role).empty()) names.push_back(thing(below).name);
            open.push_back(below);
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

Things::Node Things::node_of(const Thing& thing) {
    Node node = none;
    for (std::string_view part : parts_of(thing)) node = child(node, part);
    return node;
}

std::optional<Things::Node> Things::find(const Thing& thing) const {
    Node node = none;
    for (std::string_view part : parts_of(thing)) {
        const auto found = by_place_.find(Place{node, part});
        if (found == by_place_.end()) return std::nullopt;
        node = *found;
    }
    return node;
}

Things::Node Things::child(Node parent, std::string_view part) {
    if (const auto found = by_place_.find(Place{parent, part}); found != by_place_.end())
        return *found;
    Node node = static_cast<Node>(nodes_.size());
    if (free_.empty()) {
        nodes_.emplace_back();
    } else {
        node = free_.back();
        free_.pop_back();
    }
    Entry& entry = nodes_[node];
    entry.part = part;
    entry.parent = parent;
    if (parent != none) {
        entry.next = nodes_[parent].first_child;
        if (entry.next != none) nodes_[entry.next].previous = node;
        nodes_[parent].first_child = node;
    }
    by_place_.insert(node);
    loose_.push_back(node);
    return node;
}

void Things::hold(Slot slot, Node node, Role role) {
    std::vector<Slot>& list = nodes_[node].holders[index_of(role)];
    claims_[slot].push_back({node, static_cast<std::uint32_t>(list.size()), role});
    list.push_back(slot);
}

void Things::release(Slot slot, std::size_t index) {
    const Claim claim = claims_[slot][index];
    claims_[slot].erase(claims_[slot].begin() + static_cast<std::ptrdiff_t>(index));
    std::vector<Slot>& list = nodes_[claim.node].holders[index_of(claim.role)];
    const Slot moved = list.back();
    list[claim.position] = moved;
    list.pop_back();
    if (moved != slot)
        for (Claim& other : claims_[moved])
            if (other.node == claim.node && other.role == claim.role)
                other.position = claim.position;
    loose_.push_back(claim.node);
}

void Things::sweep() {
    while (!loose_.empty()) {
        const Node node = loose_.back();
        loose_.pop_back();
        if (nodes_[node].part.empty() || !unused(node)) continue;
        const Node parent = nodes_[node].parent;
        by_place_.erase(node);
        unlink_child(node);
        nodes_[node] = Entry{};
        free_.push_back(node);
        if (parent != none) loose_.push_back(parent);
    }
}

bool Things::unused(Node node) const {
    const Entry& entry = nodes_[node];
    return entry.first_child == none &&
           std::all_of(entry.holders.begin(), entry.holders.end(),
                       [](const std::vector<Slot>& list) { return list.empty(); });
}

void Things::unlink_child(Node node) {
    const Entry& entry = nodes_[node];
    if (entry.next != none) nodes_[entry.next].previous = entry.previous;
    if (entry.previous != none)
        nodes_[entry.previous].next = entry.next;
    else if (entry.parent != none)
        nodes_[entry.parent].first_child = entry.next;
}

}  // namespace hansa
