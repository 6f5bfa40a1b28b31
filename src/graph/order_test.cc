#include "graph/order.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace hansa {
namespace {

class OrderTest : public ::testing::Test {
 protected:
    void vertices(int count) {
        for (int i = 0; i < count; ++i)
            order_.append(vertices_.add({{"part", std::to_string(i)}, {}, {}}));
    }
    bool add(Slot from, Slot to) {
        if (!order_.admit(vertices_, from, to)) return false;
        vertices_.link(from, to, false, false);
        return true;
    }
    // By definition: is there a way from one to the other?
    bool reaches(Slot from, Slot to) const {
        std::set<Slot> seen = {from};
        std::vector<Slot> open = {from};
        while (!open.empty()) {
            const Slot next = open.back();
            open.pop_back();
            if (next == to) return true;
            for (const Link& link : vertices_.at(next).after)
                if (seen.insert(link.other).second) open.push_back(link.other);
        }
        return false;
    }
    bool agrees_with_every_link() const {
        for (Slot slot = 0; slot < vertices_.slot_count(); ++slot)
            for (const Link& link : vertices_.at(slot).after)
                if (!order_.agrees(slot, link.other)) return false;
        return true;
    }

    Vertices vertices_;
    Order order_;
};

TEST_F(OrderTest, moves_vertices_where_a_link_demands_it) {
    vertices(3);
    EXPECT_TRUE(add(2, 1));
    EXPECT_TRUE(add(1, 0));
    EXPECT_TRUE(order_.agrees(2, 0));
    EXPECT_EQ(topological_order(vertices_), (std::vector<Slot>{2, 1, 0}));
}

TEST_F(OrderTest, refuses_what_closes_a_cycle_and_stays_as_it_was) {
    vertices(3);
    EXPECT_TRUE(add(0, 1));
    EXPECT_TRUE(add(1, 2));
    EXPECT_FALSE(add(2, 0));
    EXPECT_FALSE(add(1, 1));
    EXPECT_TRUE(agrees_with_every_link());
    EXPECT_TRUE(add(0, 2));
}

TEST_F(OrderTest, is_right_after_any_sequence_of_links_added_and_taken_away) {
    SeededRandom random(42);
    constexpr Slot many = 24;
    vertices(many);
    int refused = 0;
    for (int step = 0; step < 6000; ++step) {
        const auto from = static_cast<Slot>(random.below(many));
        const auto to = static_cast<Slot>(random.below(many));
        const std::vector<Link>& before = vertices_.at(to).before;
        if (random.chance(0.45) && !before.empty()) {
            vertices_.unlink(to, random.below(before.size()));
            continue;
        }
        const bool there = std::any_of(before.begin(), before.end(),
                                       [from](const Link& link) { return link.other == from; });
        if (there) continue;
        const bool closes = reaches(to, from);
        ASSERT_EQ(add(from, to), !closes) << "step " << step;
        refused += closes;
        ASSERT_TRUE(agrees_with_every_link()) << "step " << step;
    }
    EXPECT_GT(refused, 100) << "the test must try what it is about";
}

TEST_F(OrderTest, finds_the_part_of_a_graph_that_is_cyclic) {
    vertices(7);
    // 0 -> (1 <-> 2) -> 3 -> (4 <-> 5) -> 6: 3 lies between two cycles.
    for (const auto& [from, to] : std::vector<std::pair<Slot, Slot>>{
             {0, 1}, {1, 2}, {2, 1}, {2, 3}, {3, 4}, {4, 5}, {5, 4}, {5, 6}})
        vertices_.link(from, to, false, false);
    EXPECT_EQ(topological_order(vertices_), std::vector<Slot>{0});
    EXPECT_EQ(cyclic_part(vertices_),
              (std::vector<bool>{false, true, true, true, true, true, false}));
}

}  // namespace
}  // namespace hansa
