// A Revision is one change of a graph in progress: what comes, what goes, and then everything that
// follows from it, in five steps: places for edges to absent resources, conflicts of ownership,
// claims on things, links, order.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "graph/candidate.h"
#include "graph/order.h"
#include "graph/slot_set.h"
#include "graph/things.h"
#include "graph/vertices.h"

namespace hansa {

// What a graph is made of.
struct GraphParts {
    bool automatic_edges = true;
    Vertices vertices;
    Things things;
    Order order;
    EdgePlan edges;
    std::map<InstanceId, WantedVertex> hidden;  // collected, but declared here as well
    std::set<Slot> shortened;                   // an automatic edge to it was left out: try again

    // Of the change in progress; kept to be used again.
    SlotSet touched;  // its predecessors have to be found again
    SlotSet added;
    SlotSet removed;
    SlotSet relinked;
};

class Revision {
 public:
    // `parts` must outlive the change; one change at a time.
    explicit Revision(GraphParts& parts);

    void put(WantedVertex wanted);
    void drop(const InstanceId& id);
    void replace_edges(EdgePlan edges);

    // REQUIRES: nothing is called afterwards.
    Delta finish();

 private:
    struct Wish {  // a predecessor that shall be
        Slot other;
        bool notify;
        bool automatic;
    };
    struct NewLink {
        Slot from;
        Slot to;
        bool notify;
        bool automatic;
    };

    void hide(WantedVertex wanted);
    void hide_collected(const ResourceId& id);
    void fill(Slot slot, WantedVertex wanted);
    void remove(Slot slot);
    void contest(const std::vector<Things::Node>& nodes);

    void keep_places();
    void keep_place(const ResourceId& id);
    void settle_owners();
    void settle_owner(Things::Node node);
    void yield(Slot slot, std::optional<Slot> keeper, Things::Node node);
    void claim_things();
    void touch_dependents(const std::vector<Things::Node>& nodes);
    void touch_successors(const ResourceId& id);

    void relink();
    std::vector<Wish> wishes(Slot slot) const;
    void compare_links(Slot slot, std::vector<NewLink>& fresh);
    void add_links(const std::vector<NewLink>& fresh);
    bool add_in_order(const NewLink& link);
    void connect(const NewLink& link);
    void sort_anew();

    GraphParts& parts_;
    Vertices& vertices_;
    Delta delta_;
    std::vector<Things::Node> contested_;
    std::vector<ResourceId> vacated_;  // may need a place for edges
    bool all_edges_new_ = false;
};

}  // namespace hansa
