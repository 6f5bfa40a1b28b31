// The second half of a Revision: from wishes to links.
#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "graph/revision.h"

namespace hansa {
namespace {

// Up to so many links against the present order are worked in one by one; beyond that, sorting
// everything anew costs less.
constexpr std::size_t admitted_singly_max = 32;

}  // namespace

void Revision::relink() {
    for (Slot slot : parts_.shortened) parts_.touched.insert(slot);
    parts_.shortened.clear();
    std::vector<NewLink> fresh;
    for (Slot slot : parts_.touched.members())
        if (vertices_.at(slot).alive) compare_links(slot, fresh);
    add_links(fresh);
}

// Sorted by predecessor, each once; an explicit edge before an automatic one.
std::vector<Revision::Wish> Revision::wishes(Slot slot) const {
    std::vector<Wish> wishes;
    const auto wish = [&](Slot other, bool notify, bool automatic) {
        const ResourcePtr& resource = vertices_.at(other).resource;
        const bool always = resource && resource->always_notifies();
        wishes.push_back({other, notify || always, automatic});
    };
    const ResourceId& id = vertices_.at(slot).id.resource;
    const EdgePlan::Ends* ends = parts_.edges.find(id);
    if (ends)
        for (const EdgePlan::Half& half : ends->before)
            for (Slot other : vertices_.instances(*half.other)) wish(other, half.notify, false);
    for (Things::Node node : parts_.things.claimed(slot, Role::wants)) {
        for (Slot other : parts_.things.providers(node)) {
            const bool joined = ends && parts_.edges.joins(id, vertices_.at(other).id.resource);
            if (other != slot && !joined) wish(other, false, true);
        }
    }
    std::sort(wishes.begin(), wishes.end(),
              [](const Wish& a, const Wish& b) { return a.other < b.other; });
    const auto same = [](const Wish& a, const Wish& b) { return a.other == b.other; };
    wishes.erase(std::unique(wishes.begin(), wishes.end(), same), wishes.end());
    return wishes;
}

// Takes away the links that are no longer wished for, and notes those that are new.
void Revision::compare_links(Slot slot, std::vector<NewLink>& fresh) {
    const std::vector<Wish> wished = wishes(slot);
    std::vector<Link>& before = vertices_.at(slot).before;
    const auto wish_for = [&wished](Slot other) {
        const auto at =
            std::lower_bound(wished.begin(), wished.end(), other,
                             [](const Wish& wish, Slot value) { return wish.other < value; });
        return at != wished.end() && at->other == other ? at : wished.end();
    };
    std::vector<bool> present(wished.size());
    for (std::size_t i = before.size(); i-- > 0;) {
        const auto wish = wish_for(before[i].other);
        if (wish == wished.end()) {
            vertices_.unlink(slot, i);
            parts_.relinked.insert(slot);
            continue;
        }
        present[static_cast<std::size_t>(wish - wished.begin())] = true;
        Link& mate = vertices_.at(before[i].other).after[before[i].mate];
        before[i].notify = mate.notify = wish->notify;
        before[i].automatic = mate.automatic = wish->automatic;
    }
    for (std::size_t i = 0; i < wished.size(); ++i)
        if (!present[i])
            fresh.push_back({wished[i].other, slot, wished[i].notify, wished[i].automatic});
}

void Revision::add_links(const std::vector<NewLink>& fresh) {
    std::vector<NewLink> against;
    for (const NewLink& link : fresh) {
        if (parts_.order.agrees(link.from, link.to))
            connect(link);
        else
            against.push_back(link);
    }
    const bool singly = against.size() <= admitted_singly_max;
    if (singly && std::all_of(against.begin(), against.end(),
                              [this](const NewLink& link) { return add_in_order(link); }))
        return;
    for (const NewLink& link : against) {
        const std::vector<Link>& before = vertices_.at(link.to).before;
        const bool there = std::any_of(before.begin(), before.end(), [&link](const Link& other) {
            return other.other == link.from;
        });
        if (!there) connect(link);
    }
    sort_anew();
}

// False when an explicit link closes a cycle: some automatic one has to give way to it.
bool Revision::add_in_order(const NewLink& link) {
    if (parts_.order.admit(vertices_, link.from, link.to)) {
        connect(link);
        return true;
    }
    if (!link.automatic) return false;
    parts_.shortened.insert(link.to);
    return true;
}

void Revision::connect(const NewLink& link) {
    vertices_.link(link.from, link.to, link.notify, link.automatic);
    parts_.relinked.insert(link.to);
}

// Explicit links alone have no cycle. So the automatic ones that may lie on one are taken out, the
// rest is sorted, and then they are admitted one by one, as far as they close no cycle.
void Revision::sort_anew() {
    std::vector<Slot> order = topological_order(vertices_);
    std::vector<NewLink> suspects;
    if (order.size() < vertices_.size()) {
        const std::vector<bool> cyclic = cyclic_part(vertices_);
        for (Slot slot = 0; slot < vertices_.slot_count(); ++slot) {
            if (!cyclic[slot]) continue;
            const std::vector<Link>& before = vertices_.at(slot).before;
            for (std::size_t i = before.size(); i-- > 0;) {
                const Link link = before[i];
                if (!link.automatic || !cyclic[link.other]) continue;
                suspects.push_back({link.other, slot, link.notify, true});
                vertices_.unlink(slot, i);
                parts_.relinked.insert(slot);
            }
        }
        order = topological_order(vertices_);
        check(order.size() == vertices_.size(), "declared edges have no cycle");
    }
    parts_.order.assign(order);
    std::sort(suspects.begin(), suspects.end(), [](const NewLink& a, const NewLink& b) {
        return std::tie(a.to, a.from) < std::tie(b.to, b.from);
    });
    for (const NewLink& link : suspects) add_in_order(link);
}

}  // namespace hansa
