// Who provides, wants and owns the things of this machine, for automatic edges and conflicts.
//
// Things of type "path" form a tree by their directories; all others stand alone. Claims are kept
// at the nodes of that tree, each name part once. Making or dropping one claim costs the length of
// its name, however many claims there are.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "graph/graph.h"

namespace hansa {

enum class Role : std::uint8_t { provides, wants, owns };

class Things {
 public:
    using Node = std::uint32_t;

    Things();
    Things(const Things&) = delete;

    // Makes the claims of `slot` in `role` exactly these. Returns the nodes where something
    // changed; they exist until the next call of sweep().
    std::vector<Node> claim(Slot slot, Role role, std::span<const Thing> things);

    std::vector<Node> claimed(Slot slot, Role role) const;
    std::span<const Slot> holders(Node node, Role role) const;

    // The providers at the node or, for paths, at the nearest one above that has any.
    std::span<const Slot> providers(Node node) const;

    // Those that want the node or something below it and look up to it: no nearer provider.
    void visit_dependents(Node node, const std::function<void(Slot)>& visit) const;

    Thing thing(Node node) const;

    // Of the things below `above` that have a holder in `role`; in byte order.
    std::vector<std::string> names_below(const Thing& above, Role role) const;

    // Frees what nobody claims any longer.
    void sweep();

 private:
    static constexpr Node none = ~Node{0};

    struct Entry {
        std::string part;  // of the name: what follows the parent
        Node parent = none;
        Node first_child = none;
        Node previous = none;  // sibling
        Node next = none;      // sibling
        std::array<std::vector<Slot>, 3> holders;
    };
    struct Place {
        Node parent;
        std::string_view part;
        friend bool operator==(const Place&, const Place&) = default;
    };
    struct ByPlace {
        using is_transparent = void;
        const std::deque<Entry>* all;
        Place key(Node node) const { return {(*all)[node].parent, (*all)[node].part}; }
        static Place key(const Place& place) { return place; }
        template <class K>
        std::size_t operator()(const K& k) const {
            const Place place = key(k);
            return std::hash<std::string_view>{}(place.part) ^ (place.parent * 0x9e3779b97f4a7c15);
        }
        template <class A, class B>
        bool operator()(const A& a, const B& b) const {
            return key(a) == key(b);
        }
    };
    struct Claim {
        Node node;
        std::uint32_t position;  // among the node's holders
        Role role;
    };

    Node node_of(const Thing& thing);
    std::optional<Node> find(const Thing& thing) const;
    Node child(Node parent, std::string_view part);
    void hold(Slot slot, Node node, Role role);
    void release(Slot slot, std::size_t index);
    bool unused(Node node) const;
    void unlink_child(Node node);

    std::deque<Entry> nodes_;
    std::unordered_set<Node, ByPlace, ByPlace> by_place_;
    std::vector<Node> free_;
    std::vector<Node> loose_;                 // may be unused
    std::vector<std::vector<Claim>> claims_;  // by slot
};

}  // namespace hansa
