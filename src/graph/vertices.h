// The slots of a graph: which vertex lives where, found by instance or by resource, and the links
// between vertices.
//
// Owned by a Graph. Indexes hold slots, not copies of names. Adding or removing one link or one
// vertex costs the same however many there are.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <unordered_set>
#include <vector>

#include "graph/graph.h"

namespace hansa {

class Vertices {
 public:
    Vertices();
    Vertices(const Vertices&) = delete;

    // REQUIRES: no living vertex of that id.
    Slot add(InstanceId id);
    void rename(Slot slot, InstanceId id);

    // Takes away its links and the ways to find it. It stays readable until reclaim().
    void retire(Slot slot);
    void reclaim();

    Vertex& at(Slot slot) { return vertices_[slot]; }
    const Vertex& at(Slot slot) const { return vertices_[slot]; }
    std::optional<Slot> find(const InstanceId& id) const;

    // Every living instance of a resource.
    std::vector<Slot> instances(const ResourceId& id) const;
    bool has_instance(const ResourceId& id) const { return by_resource_.contains(id); }

    // REQUIRES: no link between the two yet.
    void link(Slot from, Slot to, bool notify, bool automatic);
    // Takes away the link at `position` of `to`'s predecessors.
    void unlink(Slot to, std::size_t position);

    std::size_t size() const { return by_instance_.size(); }
    std::size_t link_count() const { return links_; }
    Slot slot_count() const { return static_cast<Slot>(vertices_.size()); }

 private:
    static constexpr Slot none = ~Slot{0};

    struct ByInstance {
        using is_transparent = void;
        const std::deque<Vertex>* all;
        const InstanceId& key(Slot slot) const { return (*all)[slot].id; }
        static const InstanceId& key(const InstanceId& id) { return id; }
        template <class K>
        std::size_t operator()(const K& k) const {
            return std::hash<InstanceId>{}(key(k));
        }
        template <class A, class B>
        bool operator()(const A& a, const B& b) const {
            return key(a) == key(b);
        }
    };
    struct ByResource {
        using is_transparent = void;
        const std::deque<Vertex>* all;
        const ResourceId& key(Slot slot) const { return (*all)[slot].id.resource; }
        static const ResourceId& key(const ResourceId& id) { return id; }
        template <class K>
        std::size_t operator()(const K& k) const {
            return std::hash<ResourceId>{}(key(k));
        }
        template <class A, class B>
        bool operator()(const A& a, const B& b) const {
            return key(a) == key(b);
        }
    };
    struct Siblings {  // instances of one resource form a ring-less chain
        Slot previous = none;
        Slot next = none;
    };

    void index(Slot slot);
    void unindex(Slot slot);
    void erase_half(Slot slot, std::vector<Link> Vertex::*list, std::vector<Link> Vertex::*opposite,
                    std::size_t position);

    std::deque<Vertex> vertices_;
    std::vector<Siblings> siblings_;
    std::unordered_set<Slot, ByInstance, ByInstance> by_instance_;
    std::unordered_set<Slot, ByResource, ByResource> by_resource_;  // the first of each chain
    std::vector<Slot> free_;
    std::vector<Slot> retired_;
    std::size_t links_ = 0;
};

}  // namespace hansa
