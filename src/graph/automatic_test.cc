// Automatic edges: by declaration, by amendment, and that both ways lead to the same graph.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "base/random.h"
#include "graph/graph.h"
#include "graph/testing.h"

namespace hansa {
namespace {

using namespace hansa::testing;
using Links = std::set<std::string>;

Links links(const Graph& graph) {
    Links found;
    for (Slot slot = 0; slot < graph.slot_count(); ++slot) {
        const Vertex& vertex = graph.at(slot);
        if (!vertex.alive) continue;
        for (std::size_t i = 0; i < vertex.before.size(); ++i) {
            const Link& link = vertex.before[i];
            const Vertex& other = graph.at(link.other);
            EXPECT_EQ(other.after[link.mate].other, slot);
            EXPECT_EQ(other.after[link.mate].mate, i);
            found.insert(other.id.resource.name + (link.automatic ? "~>" : "->") +
                         vertex.id.resource.name);
        }
    }
    return found;
}

class AutomaticEdges : public ::testing::Test {
 protected:
    void declare(const Manifest& manifest) {
        const auto delta = graph_.declare(manifest);
        ASSERT_TRUE(delta) << delta.error().text;
    }

    const Catalog catalog_ = part_catalog();
    Graph graph_{catalog_};
};

TEST_F(AutomaticEdges, lead_from_who_provides_to_who_wants) {
    declare(ManifestBuilder()
                .add(part("login", {{"wants", "user:bob"}}))
                .add(part("bob", {{"provides", "user:bob"}}))
                .add(part("robert", {{"provides", "user:bob"}}))
                .add(part("group", {{"provides", "group:bob"}})));
    EXPECT_EQ(links(graph_), (Links{"bob~>login", "robert~>login"}));
}

TEST_F(AutomaticEdges, climb_to_the_nearest_directory_that_is_provided) {
    declare(ManifestBuilder()
                .add(directory("/a/b/c/d"))
                .add(directory("/a"))
                .add(directory("/a/b"))
                .add(directory("/ab")));
    EXPECT_EQ(links(graph_), (Links{"/a~>/a/b", "/a/b~>/a/b/c/d"}));
}

TEST_F(AutomaticEdges, begin_at_the_root_directory) {
    declare(ManifestBuilder()
                .add(part("root", {{"provides", "path:/"}, {"owns", "path:/"}}))
                .add(directory("/a")));
    EXPECT_EQ(links(graph_), Links{"root~>/a"});
}

TEST_F(AutomaticEdges, can_be_refused_on_either_side) {
    Declaration parent = directory("/a");
    Declaration child = directory("/a/b");
    parent.meta.autoedge = false;
    declare(ManifestBuilder().add(parent).add(child));
    EXPECT_EQ(links(graph_), Links{});
    parent.meta.autoedge = true;
    child.meta.autoedge = false;
    declare(ManifestBuilder().add(parent).add(child));
    EXPECT_EQ(links(graph_), Links{});
}

TEST_F(AutomaticEdges, give_way_to_an_explicit_edge_in_either_direction) {
    ManifestBuilder both;
    both.add(directory("/a")).add(directory("/a/b"));
    declare(ManifestBuilder(both).edge("/a", "/a/b"));
    EXPECT_EQ(links(graph_), Links{"/a->/a/b"});
    declare(ManifestBuilder(both).edge("/a/b", "/a"));
    EXPECT_EQ(links(graph_), Links{"/a/b->/a"});
    declare(both);
    EXPECT_EQ(links(graph_), Links{"/a~>/a/b"});
}

TEST_F(AutomaticEdges, are_left_out_where_they_would_close_a_cycle_and_come_back) {
    ManifestBuilder all;
    all.add(directory("/a")).add(directory("/a/b")).add(part("x")).add(directory("/a/c"));
    declare(ManifestBuilder(all).edge("/a/b", "x").edge("x", "/a"));
    EXPECT_EQ(links(graph_), (Links{"/a/b->x", "x->/a", "/a~>/a/c"}));
    declare(ManifestBuilder(all).edge("/a/b", "x"));
    EXPECT_EQ(links(graph_), (Links{"/a/b->x", "/a~>/a/b", "/a~>/a/c"}));
    declare(ManifestBuilder(all).edge("/a/b", "x").edge("x", "/a"));
    EXPECT_EQ(links(graph_), (Links{"/a/b->x", "x->/a", "/a~>/a/c"}));
}

TEST_F(AutomaticEdges, among_each_other_close_no_cycle_either) {
    declare(ManifestBuilder()
                .add(part("a", {{"provides", "t:a"}, {"wants", "t:b"}}))
                .add(part("b", {{"provides", "t:b"}, {"wants", "t:a"}})));
    EXPECT_EQ(graph_.edge_count(), 1u);
    EXPECT_EQ(topological_order(graph_).size(), 2u);
}

TEST_F(AutomaticEdges, do_not_lead_from_a_resource_to_itself) {
    declare(ManifestBuilder().add(part("a", {{"provides", "t:a"}, {"wants", "t:a"}})));
    EXPECT_EQ(graph_.edge_count(), 0u);
}

TEST_F(AutomaticEdges, move_to_a_nearer_directory_that_appears_and_back) {
    declare(ManifestBuilder().add(directory("/a")).add(directory("/a/b/c")).add(directory("/a/z")));
    graph_.amend({{from_host(directory("/a/b"), "h", 1)}, {}});
    EXPECT_EQ(links(graph_), (Links{"/a~>/a/b", "/a/b~>/a/b/c", "/a~>/a/z"}));
    graph_.amend({{}, {{{"part", "/a/b"}, "h", {}}}});
    EXPECT_EQ(links(graph_), (Links{"/a~>/a/b/c", "/a~>/a/z"}));
}

TEST_F(AutomaticEdges, lead_from_the_keeper_only_and_move_when_it_goes) {
    graph_.amend({{from_host(directory("/a"), "h1", 1), from_host(directory("/a"), "h2", 2),
                   from_host(directory("/a/b"), "h1", 3)},
                  {}});
    const auto keeper = [this] {
        const Vertex& child = graph_.at(*graph_.find({{"part", "/a/b"}, "h1", {}}));
        return child.before.size() == 1 ? graph_.at(child.before[0].other).id.exporter : "";
    };
    EXPECT_EQ(keeper(), "h1");
    graph_.amend({{}, {{{"part", "/a"}, "h1", {}}}});
    EXPECT_EQ(keeper(), "h2");
}

// Random trees of directories are built and torn down by amendments in random order; at any time
// the links must be those that a graph declared at once would have.
TEST_F(AutomaticEdges, are_the_same_whatever_the_way_that_led_to_a_graph) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SeededRandom random(seed);
        Graph amended(catalog_);
        std::map<std::string, Declaration> present;
        for (int step = 0; step < 40; ++step) {
            std::string path;
            for (std::uint64_t depth = 1 + random.below(4); depth > 0; --depth)
                path += "/" + std::to_string(random.below(3));
            Amendment amendment;
            if (random.chance(0.6)) {
                present[path] = from_host(directory(path), "h", 1 + random.below(5));
                amendment.upserts.push_back(present[path]);
            } else if (present.erase(path) > 0) {
                amendment.removals.push_back({{"part", path}, "h", {}});
            }
            amended.amend(amendment);
            Graph at_once(catalog_);
            Amendment all;
            for (const auto& [name, declaration] : present) all.upserts.push_back(declaration);
            at_once.amend(all);
            ASSERT_EQ(links(amended), links(at_once)) << "seed " << seed << " step " << step;
            ASSERT_EQ(topological_order(amended).size(), present.size()) << "seed " << seed;
        }
    }
}

// Shapes that a careless algorithm makes quadratic. The bound is generous: sanitizers run this too.

class LargeGraph : public AutomaticEdges {
 protected:
    static constexpr int many = 30'000;

    void SetUp() override { begin_ = std::chrono::steady_clock::now(); }
    void TearDown() override {
        const auto took = std::chrono::steady_clock::now() - begin_;
        EXPECT_LT(took, std::chrono::seconds(30));
    }

    std::chrono::steady_clock::time_point begin_;
};

TEST_F(LargeGraph, of_a_chain_declared_backwards) {
    ManifestBuilder manifest;
    for (int i = many; i-- > 0;) manifest.add(part(std::to_string(i)));
    for (int i = 1; i < many; ++i) manifest.edge(std::to_string(i - 1), std::to_string(i));
    declare(manifest);
    EXPECT_EQ(graph_.edge_count(), many - 1u);
    EXPECT_EQ(graph_.at(topological_order(graph_).front()).id.resource.name, "0");
}

TEST_F(LargeGraph, of_one_directory_with_many_files_takes_single_changes_at_once) {
    ManifestBuilder manifest;
    for (int i = 0; i < many; ++i) manifest.add(directory("/srv/data/" + std::to_string(i)));
    manifest.add(directory("/srv/data"));
    declare(manifest);
    EXPECT_EQ(graph_.edge_count(), static_cast<std::size_t>(many));
    for (int i = 0; i < 2000; ++i) {
        const std::string path = "/srv/data/x" + std::to_string(i);
        EXPECT_EQ(graph_.amend({{from_host(directory(path), "h", 1)}, {}}).added.size(), 1u);
    }
    for (int i = 0; i < 2000; ++i)
        graph_.amend({{}, {{{"part", "/srv/data/x" + std::to_string(i)}, "h", {}}}});
    EXPECT_EQ(graph_.edge_count(), static_cast<std::size_t>(many));
}

TEST_F(LargeGraph, of_directories_nested_as_deep_as_paths_go) {
    ManifestBuilder manifest;
    std::string path;
    for (int i = 0; i < 2000; ++i) manifest.add(directory(path += "/d"));
    declare(manifest);
    EXPECT_EQ(graph_.edge_count(), 1999u);
}

TEST_F(LargeGraph, with_many_edges_between_two_layers) {
    ManifestBuilder manifest;
    for (int i = 0; i < 200; ++i) manifest.add(part("a" + std::to_string(i)));
    for (int i = 0; i < 200; ++i) manifest.add(part("b" + std::to_string(i)));
    for (int i = 0; i < 200; ++i)
        for (int j = 0; j < 200; ++j)
            manifest.edge("b" + std::to_string(i), "a" + std::to_string(j));
    declare(manifest);
    EXPECT_EQ(graph_.edge_count(), 40'000u);
}

}  // namespace
}  // namespace hansa
