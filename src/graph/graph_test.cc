#include "graph/graph.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "graph/testing.h"

namespace hansa {
namespace {

using namespace hansa::testing;

// A graph with shorthands for looking into it.
class GraphTest : public ::testing::Test {
 protected:
    Delta declare(const Manifest& manifest) {
        auto delta = graph_.declare(manifest);
        EXPECT_TRUE(delta) << delta.error().text;
        return delta ? std::move(*delta) : Delta{};
    }
    std::string refusal(const Manifest& manifest) {
        const auto delta = graph_.declare(manifest);
        EXPECT_FALSE(delta);
        return delta ? "" : delta.error().text;
    }
    Delta amend(std::vector<Declaration> upserts, std::vector<InstanceId> removals = {}) {
        return graph_.amend({std::move(upserts), std::move(removals)});
    }
    Slot slot(const std::string& name, const std::string& host = {}) const {
        const auto found = graph_.find({{"part", name}, host, {}});
        EXPECT_TRUE(found) << name << " has no vertex";
        return found.value_or(0);
    }
    bool has(const std::string& name, const std::string& host = {}) const {
        return graph_.find({{"part", name}, host, {}}).has_value();
    }
    const Vertex& at(const std::string& name, const std::string& host = {}) const {
        return graph_.at(slot(name, host));
    }
    // Predecessors as sorted texts: "a", "b!" where it notifies, "c~" where it is automatic.
    std::vector<std::string> before(const std::string& name, const std::string& host = {}) const {
        std::vector<std::string> names;
        for (const Link& link : at(name, host).before)
            names.push_back(graph_.at(link.other).id.resource.name + (link.notify ? "!" : "") +
                            (link.automatic ? "~" : ""));
        std::sort(names.begin(), names.end());
        return names;
    }
    std::vector<std::string> names(const std::vector<Slot>& slots) const {
        std::vector<std::string> result;
        for (Slot slot : slots) result.push_back(graph_.at(slot).id.text());
        std::sort(result.begin(), result.end());
        return result;
    }

    using Names = std::vector<std::string>;

    const Catalog catalog_ = part_catalog();
    Graph graph_{catalog_};
};

TEST_F(GraphTest, starts_empty_and_takes_what_is_declared) {
    EXPECT_EQ(graph_.size(), 0u);
    const Delta delta = declare(ManifestBuilder().add(part("a")).add(part("b")).edge("a", "b"));
    EXPECT_EQ(names(delta.added), (Names{"part[a]", "part[b]"}));
    EXPECT_EQ(before("b"), Names{"a"});
    EXPECT_EQ(graph_.edge_count(), 1u);
    EXPECT_EQ(graph_.name(), "test");
}

TEST_F(GraphTest, leaves_equal_resources_alone) {
    declare(ManifestBuilder().add(part("a", {{"value", "1"}})).add(part("b")).add(part("c")));
    const ResourcePtr kept = at("b").resource;
    const Delta delta =
        declare(ManifestBuilder().add(part("b")).add(part("a", {{"value", "2"}})).add(part("d")));
    EXPECT_EQ(names(delta.added), (Names{"part[a]", "part[d]"}));
    EXPECT_EQ(names(delta.removed), Names{"part[c]"});
    EXPECT_TRUE(delta.relinked.empty());
    EXPECT_EQ(at("b").resource, kept);
    EXPECT_EQ(graph_.size(), 3u);
}

TEST_F(GraphTest, counts_other_meta_as_another_definition) {
    declare(ManifestBuilder().add(part("a")));
    Declaration slower = part("a");
    slower.meta.retry = 3;
    EXPECT_EQ(names(declare(ManifestBuilder().add(slower)).added), Names{"part[a]"});
}

TEST_F(GraphTest, moving_a_resource_to_another_line_changes_nothing_but_its_place) {
    declare(ManifestBuilder().add(part("a")).add(part("b")));
    const Delta delta = declare(ManifestBuilder().add(part("b")).add(part("a")));
    EXPECT_TRUE(delta.empty());
    EXPECT_EQ(at("a").origin.text(), "g.yaml:2:1");
}

TEST_F(GraphTest, tells_whose_predecessors_changed) {
    ManifestBuilder all;
    all.add(part("a")).add(part("b")).add(part("c"));
    declare(ManifestBuilder(all).edge("a", "b"));
    const Delta delta = declare(ManifestBuilder(all).edge("b", "c"));
    EXPECT_TRUE(delta.added.empty());
    EXPECT_EQ(names(delta.relinked), (Names{"part[b]", "part[c]"}));
    EXPECT_EQ(before("b"), Names{});
    EXPECT_EQ(before("c"), Names{"b"});
}

TEST_F(GraphTest, tells_the_successor_of_what_was_removed) {
    declare(ManifestBuilder().add(part("a")).add(part("b")).edge("a", "b"));
    const Delta delta = declare(ManifestBuilder().add(part("b")));
    EXPECT_EQ(names(delta.removed), Names{"part[a]"});
    EXPECT_EQ(names(delta.relinked), Names{"part[b]"});
}

TEST_F(GraphTest, keeps_what_was_removed_readable_and_then_uses_its_slot_again) {
    declare(ManifestBuilder().add(part("a")));
    const Slot old = slot("a");
    const Delta delta = declare(ManifestBuilder().add(part("b")));
    EXPECT_EQ(delta.removed, std::vector<Slot>{old});
    EXPECT_FALSE(graph_.at(old).alive);
    EXPECT_EQ(graph_.at(old).id.text(), "part[a]");
    EXPECT_NE(slot("b"), old);
    declare(ManifestBuilder().add(part("b")).add(part("c")));
    EXPECT_EQ(slot("c"), old);
}

TEST_F(GraphTest, merges_two_edges_of_one_pair) {
    declare(ManifestBuilder().add(part("a")).add(part("b")).edge("a", "b").notify("a", "b"));
    EXPECT_EQ(before("b"), Names{"a!"});
    EXPECT_EQ(graph_.edge_count(), 1u);
}

TEST_F(GraphTest, lets_every_edge_from_a_timer_notify) {
    declare(ManifestBuilder()
                .add(part("t", {{"notifies", "true"}, {"provides", "x:y"}}))
                .add(part("a"))
                .add(part("b", {{"wants", "x:y"}}))
                .edge("t", "a"));
    EXPECT_EQ(before("a"), Names{"t!"});
    EXPECT_EQ(before("b"), Names{"t!~"});
}

TEST_F(GraphTest, a_resource_that_begins_to_notify_marks_its_edges) {
    declare(ManifestBuilder().add(part("t")).add(part("a")).edge("t", "a"));
    declare(ManifestBuilder().add(part("t", {{"notifies", "true"}})).add(part("a")).edge("t", "a"));
    EXPECT_EQ(before("a"), Names{"t!"});
}

TEST_F(GraphTest, gives_exported_resources_no_vertex_unless_they_are_kept_here_too) {
    Declaration away = part("away");
    away.meta.exported = true;
    Declaration both = part("both");
    both.meta.exported = both.meta.also_here = true;
    declare(ManifestBuilder().add(away).add(both));
    EXPECT_FALSE(has("away"));
    EXPECT_TRUE(has("both"));
}

TEST_F(GraphTest, takes_an_alias_for_the_kind_itself) {
    Declaration old = part("a");
    old.id.kind = "old";
    ManifestBuilder manifest;
    manifest.add(old).add(part("b"));
    manifest.manifest().edges.push_back({"e", {"other", "a"}, {"part", "b"}, false, {}});
    declare(manifest);
    EXPECT_TRUE(graph_.find({{"other", "a"}, {}, {}}));
    EXPECT_EQ(before("b"), Names{"a"});
}

TEST_F(GraphTest, orders_predecessors_first_and_the_rest_as_declared) {
    declare(ManifestBuilder().add(part("z")).add(part("b")).add(part("a")).add(part("c")).edge(
        "a", "b"));
    std::string order;
    for (Slot slot : topological_order(graph_)) order += graph_.at(slot).id.resource.name;
    EXPECT_EQ(order, "zabc");
}

TEST_F(GraphTest, passes_on_warnings_of_kinds) {
    EXPECT_EQ(declare(ManifestBuilder().add(part("a", {{"value", "odd"}}))).warnings,
              Names{"g.yaml:1:1: part[a]: an odd value"});
}

TEST_F(GraphTest, can_be_made_without_automatic_edges) {
    graph_ = Graph(catalog_, {.automatic_edges = false, .purpose = Purpose::look});
    declare(ManifestBuilder().add(directory("/a")).add(directory("/a/b")));
    EXPECT_EQ(graph_.edge_count(), 0u);
}

// Refusals: nothing of the new manifest may show.

class GraphRefusal : public GraphTest {
 protected:
    void SetUp() override { declare(ManifestBuilder().add(part("kept")).add(part("x"))); }
    void TearDown() override {
        EXPECT_EQ(graph_.size(), 2u);
        EXPECT_TRUE(has("kept"));
        EXPECT_EQ(graph_.edge_count(), 0u);
    }
};

TEST_F(GraphRefusal, of_a_cycle_prints_it_with_places) {
    EXPECT_EQ(refusal(ManifestBuilder()
                          .add(part("a"))
                          .add(part("b"))
                          .add(part("c"))
                          .edge("c", "a")
                          .edge("a", "b")
                          .edge("b", "a")),
              "g.yaml:5:1: cycle part[a] -> part[b] -> part[a]; take away one of its 2 edges: "
              "g.yaml:5:1, g.yaml:6:1");
}

TEST_F(GraphRefusal, of_an_edge_from_a_resource_to_itself) {
    EXPECT_EQ(refusal(ManifestBuilder().add(part("a")).edge("a", "a")),
              "g.yaml:2:1: cycle part[a] -> part[a]; take away one of its 1 edge: g.yaml:2:1");
}

TEST_F(GraphRefusal, of_a_long_cycle_stays_readable) {
    ManifestBuilder manifest;
    for (int i = 0; i < 5000; ++i) manifest.add(part(std::to_string(i)));
    for (int i = 0; i < 5000; ++i) manifest.edge(std::to_string(i), std::to_string((i + 1) % 5000));
    const std::string text = refusal(manifest);
    EXPECT_NE(text.find("4988 more"), std::string::npos) << text;
    EXPECT_LT(text.size(), 1000u);
}

TEST_F(GraphRefusal, of_an_edge_to_nothing_suggests_a_name) {
    EXPECT_EQ(refusal(ManifestBuilder().add(part("motd")).add(part("b")).edge("mtod", "b")),
              "g.yaml:3:1: edge \"mtod-b\" names part[mtod], which is neither declared nor "
              "collected; did you mean part[motd]?");
}

TEST_F(GraphRefusal, of_an_edge_to_what_is_only_exported_says_how_to_keep_it_here) {
    Declaration away = part("a");
    away.meta.exported = true;
    const std::string text = refusal(ManifestBuilder().add(away).add(part("b")).edge("a", "b"));
    EXPECT_NE(text.find("add \"also_here: true\""), std::string::npos) << text;
}

TEST_F(GraphRefusal, of_what_is_sensitive_and_exported_says_why) {
    Declaration secret = part("a");
    secret.meta.sensitive = secret.meta.exported = true;
    EXPECT_NE(refusal(ManifestBuilder().add(secret)).find("sensitive and exported"),
              std::string::npos);
}

TEST_F(GraphRefusal, tells_everything_that_is_wrong_at_once) {
    Declaration unknown = part("u");
    unknown.id.kind = "prat";
    const std::string text = refusal(ManifestBuilder()
                                         .add(unknown)
                                         .add(part("a", {{"nonsense", "1"}}))
                                         .add(part("b"))
                                         .add(part("b"))
                                         .edge("b", "nobody")
                                         .collect("otehr"));
    EXPECT_NE(text.find("no kind \"prat\"; did you mean \"part\"?"), std::string::npos) << text;
    EXPECT_NE(text.find("nonsense"), std::string::npos) << text;
    EXPECT_NE(text.find("part[b] is declared twice; the first one stands at g.yaml:3:1"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("part[nobody]"), std::string::npos) << text;
    EXPECT_NE(text.find("no kind \"otehr\"; did you mean \"other\"?"), std::string::npos) << text;
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);
}

TEST_F(GraphRefusal, of_one_thing_kept_by_two_names_both_places) {
    EXPECT_EQ(refusal(ManifestBuilder()
                          .add(part("a", {{"owns", "path:/etc/motd"}}))
                          .add(part("b", {{"owns", "path:/etc/motd"}}))),
              "g.yaml:2:1: part[b] keeps path /etc/motd, and so does part[a] at g.yaml:1:1; drop "
              "one of the two");
}

TEST_F(GraphRefusal, of_a_kind_that_is_not_planned_gives_its_hint) {
    Declaration never = part("a");
    never.id.kind = "never";
    EXPECT_EQ(refusal(ManifestBuilder().add(never)),
              "g.yaml:1:1: never[a]: kind \"never\" cannot be applied; use \"part\"");
}

TEST_F(GraphTest, draws_kinds_that_cannot_be_applied_yet_but_does_not_run_them) {
    Declaration later = part("a");
    later.id.kind = "later";
    declare(ManifestBuilder().add(later));
    graph_ = Graph(catalog_, {.automatic_edges = true, .purpose = Purpose::run});
    EXPECT_NE(refusal(ManifestBuilder().add(later)).find("cannot be applied"), std::string::npos);
}

TEST_F(GraphTest, checks_exported_resources_like_all_others) {
    Declaration away = part("a", {{"nonsense", "1"}});
    away.meta.exported = true;
    EXPECT_NE(refusal(ManifestBuilder().add(away)).find("nonsense"), std::string::npos);
}

// Collected resources.

TEST_F(GraphTest, takes_and_drops_collected_resources) {
    Delta delta = amend({from_host(part("a"), "b", 7)});
    EXPECT_EQ(names(delta.added), Names{"part[a] from b"});
    EXPECT_TRUE(amend({from_host(part("a"), "b", 7)}).empty());
    delta = amend({from_host(part("a", {{"value", "2"}}), "b", 7)});
    EXPECT_EQ(names(delta.added), Names{"part[a] from b"});
    delta = amend({}, {{{"part", "a"}, "b", {}}});
    EXPECT_EQ(names(delta.removed), Names{"part[a] from b"});
    EXPECT_EQ(graph_.size(), 0u);
    EXPECT_TRUE(amend({}, {{{"part", "a"}, "b", {}}}).empty());
}

TEST_F(GraphTest, a_new_manifest_leaves_collected_resources_alone) {
    declare(ManifestBuilder().add(part("a")));
    amend({from_host(part("c"), "b", 7)});
    declare(ManifestBuilder().add(part("d")));
    EXPECT_TRUE(has("c", "b"));
    EXPECT_FALSE(has("a"));
}

TEST_F(GraphTest, a_removal_and_an_upsert_of_one_instance_are_one_replacement) {
    amend({from_host(part("a"), "b", 7)});
    const Slot old = slot("a", "b");
    const Delta delta =
        amend({from_host(part("a", {{"value", "2"}}), "b", 7)}, {{{"part", "a"}, "b", {}}});
    EXPECT_EQ(delta.added, std::vector<Slot>{old});
    EXPECT_TRUE(delta.removed.empty());
}

TEST_F(GraphTest, what_is_declared_here_beats_what_is_collected) {
    amend({from_host(part("a"), "b", 7), from_host(part("a"), "c", 8)});
    Delta delta = declare(ManifestBuilder().add(part("a")));
    EXPECT_EQ(names(delta.added), Names{"part[a]"});
    EXPECT_EQ(names(delta.removed), (Names{"part[a] from b", "part[a] from c"}));

    // Meanwhile one of them changes and one goes.
    EXPECT_TRUE(amend({from_host(part("a", {{"value", "2"}}), "b", 7)}, {{{"part", "a"}, "c", {}}})
                    .empty());
    delta = declare(ManifestBuilder().add(part("z")));
    EXPECT_EQ(names(delta.added), (Names{"part[a] from b", "part[z]"}));
    EXPECT_EQ(names(delta.removed), Names{"part[a]"});
    EXPECT_FALSE(has("a", "c"));
}

TEST_F(GraphTest, an_edge_means_every_host_that_exports_the_resource) {
    declare(ManifestBuilder().add(part("b")).notify("a", "b").collect("part"));
    amend({from_host(part("a"), "h1", 1), from_host(part("a"), "h2", 2)});
    EXPECT_EQ(before("b"), (Names{"a!", "a!"}));
    const Delta delta = amend({}, {{{"part", "a"}, "h1", {}}});
    EXPECT_EQ(names(delta.relinked), Names{"part[b]"});
    EXPECT_EQ(before("b"), Names{"a!"});
}

TEST_F(GraphTest, a_vertex_without_a_resource_stands_for_what_nobody_exports_yet) {
    declare(ManifestBuilder().add(part("b")).edge("a", "b").edge("b", "c").collect("part"));
    EXPECT_EQ(at("a").resource, nullptr);
    EXPECT_EQ(before("b"), Names{"a"});
    const Slot place = slot("a");

    Delta delta = amend({from_host(part("a"), "h", 1)});
    EXPECT_EQ(delta.added, std::vector<Slot>{place});
    EXPECT_FALSE(has("a"));
    EXPECT_EQ(before("b"), Names{"a"});

    delta = amend({}, {{{"part", "a"}, "h", {}}});
    EXPECT_EQ(names(delta.removed), Names{"part[a] from h"});
    EXPECT_EQ(names(delta.added), Names{"part[a]"});
    EXPECT_EQ(at("a").resource, nullptr);
    EXPECT_EQ(before("b"), Names{"a"});

    delta = declare(ManifestBuilder().add(part("b")));
    EXPECT_EQ(names(delta.removed), (Names{"part[a]", "part[c]"}));
}

TEST_F(GraphTest, only_a_name_that_some_collect_entry_matches_may_be_absent) {
    declare(ManifestBuilder().add(part("b")).edge("web1", "b").collect("part", "web*"));
    EXPECT_NE(refusal(ManifestBuilder().add(part("b")).edge("db1", "b").collect("part", "web*"))
                  .find("neither declared nor collected"),
              std::string::npos);
}

TEST_F(GraphTest, refuses_a_bad_collected_resource_and_takes_the_others) {
    amend({from_host(part("a"), "h", 1)});
    Declaration unknown = part("c");
    unknown.id.kind = "prat";
    const Delta delta = amend({from_host(part("a", {{"nonsense", "1"}}), "h", 1),
                               from_host(unknown, "h", 1), from_host(part("b"), "h", 2)});
    ASSERT_EQ(delta.refusals.size(), 2u);
    EXPECT_NE(delta.refusals[0].find("nonsense"), std::string::npos);
    EXPECT_EQ(delta.refusals[1], "host h: no kind \"prat\"; did you mean \"part\"?");
    EXPECT_EQ(names(delta.added), Names{"part[b] from h"});
    EXPECT_EQ(names(delta.removed), Names{"part[a] from h"});
}

// Ownership.

Declaration owner(const std::string& name, const std::string& host, std::uint64_t rank) {
    return from_host(part(name, {{"owns", "path:/x"}}), host, rank);
}

TEST_F(GraphTest, the_oldest_export_keeps_a_thing_and_the_loser_takes_over_when_it_goes) {
    amend({owner("a", "h1", 20)});
    Delta delta = amend({owner("b", "h2", 30)});
    ASSERT_EQ(delta.clashes.size(), 1u);
    EXPECT_EQ(delta.clashes[0].loser.text(), "part[b] from h2");
    EXPECT_EQ(delta.clashes[0].keeper.text(), "part[a] from h1");
    EXPECT_EQ(delta.clashes[0].thing, (Thing{"path", "/x"}));
    EXPECT_EQ(at("b", "h2").yields_to, slot("a", "h1"));
    EXPECT_TRUE(amend({owner("b", "h2", 30)}).clashes.empty()) << "told once";

    delta = amend({}, {{{"part", "a"}, "h1", {}}});
    EXPECT_EQ(names(delta.added), Names{"part[b] from h2"});
    EXPECT_FALSE(at("b", "h2").yields_to);
}

TEST_F(GraphTest, an_older_export_that_appears_later_still_keeps_the_thing) {
    amend({owner("a", "h1", 20)});
    const Delta delta = amend({owner("b", "h2", 10)});
    EXPECT_EQ(names(delta.added), (Names{"part[a] from h1", "part[b] from h2"}));
    EXPECT_TRUE(at("a", "h1").yields_to);
}

TEST_F(GraphTest, equal_ranks_are_decided_by_the_hosts_names) {
    amend({owner("a", "h2", 20), owner("b", "h1", 20)});
    EXPECT_TRUE(at("a", "h2").yields_to);
    EXPECT_FALSE(at("b", "h1").yields_to);
}

TEST_F(GraphTest, what_is_declared_here_keeps_its_things) {
    amend({owner("a", "h1", 20)});
    Delta delta = declare(ManifestBuilder().add(part("l", {{"owns", "path:/x"}})));
    EXPECT_EQ(at("a", "h1").yields_to, slot("l"));
    EXPECT_EQ(delta.clashes.size(), 1u);
    declare(ManifestBuilder().add(part("l", {{"owns", "path:/y"}})));
    EXPECT_FALSE(at("a", "h1").yields_to);
}

TEST_F(GraphTest, a_loser_that_is_redefined_yields_no_longer) {
    amend({owner("a", "h1", 20), owner("b", "h2", 30)});
    amend({from_host(part("b", {{"owns", "path:/y"}}), "h2", 30)});
    EXPECT_FALSE(at("b", "h2").yields_to);
    amend({owner("b", "h2", 30)});
    EXPECT_TRUE(at("b", "h2").yields_to);
    amend({from_host(part("b"), "h2", 30)});
    EXPECT_FALSE(at("b", "h2").yields_to);
}

TEST_F(GraphTest, a_new_rank_decides_anew) {
    amend({owner("a", "h1", 20), owner("b", "h2", 30)});
    const Delta delta = amend({owner("a", "h1", 40)});
    EXPECT_EQ(names(delta.added), (Names{"part[a] from h1", "part[b] from h2"}));
    EXPECT_TRUE(at("a", "h1").yields_to);
    EXPECT_FALSE(at("b", "h2").yields_to);
}

}  // namespace
}  // namespace hansa
