#include "engine/board.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/random.h"
#include "graph/testing.h"

namespace hansa {
namespace {

using namespace hansa::testing;

class BoardTest : public ::testing::Test {
 protected:
    void want(const Manifest& manifest) {
        const auto delta = graph_.declare(manifest);
        ASSERT_TRUE(delta) << delta.error().text;
        follow(*delta);
    }
    void follow(const Delta& delta) {
        for (Slot slot : delta.removed) board_.remove(slot);
        board_.begin(delta.added, delta.relinked);
        for (Slot slot : delta.added)
            board_.set(slot, graph_.at(slot).resource ? Phase::waiting : Phase::missing);
        board_.finish();
    }
    Slot slot(const std::string& name) { return *graph_.find({{"part", name}, {}, {}}); }
    void set(const std::string& name, Phase phase) { board_.set(slot(name), phase); }
    Phase phase(const std::string& name) { return board_.phase(slot(name)); }
    // Those that have become free to run, by name, sorted, each once.
    std::string ready() {
        std::set<std::string> names;
        for (Slot slot : board_.take_ready())
            if (board_.may_run(slot)) names.insert(graph_.at(slot).id.resource.name);
        std::string text;
        for (const std::string& name : names) text += name;
        return text;
    }

    const Catalog catalog_ = part_catalog();
    Graph graph_{catalog_};
    Board board_{graph_};
};

TEST_F(BoardTest, frees_a_vertex_when_the_last_predecessor_has_settled) {
    want(ManifestBuilder().add(part("a")).add(part("b")).add(part("c")).edge("a", "c").edge("b",
                                                                                            "c"));
    EXPECT_EQ(ready(), "ab");
    set("a", Phase::running);
    set("a", Phase::settled);
    EXPECT_EQ(ready(), "");
    set("b", Phase::settled);
    EXPECT_EQ(ready(), "c");
}

TEST_F(BoardTest, spreads_blocking_and_its_end) {
    want(ManifestBuilder().add(part("a")).add(part("b")).add(part("c")).edge("a", "b").edge("b",
                                                                                            "c"));
    set("a", Phase::failed);
    EXPECT_EQ(phase("c"), Phase::blocked);
    EXPECT_EQ(board_.count(Phase::blocked), 2u);
    EXPECT_EQ(board_.obstacle(slot("c")), slot("b"));
    set("a", Phase::waiting);
    EXPECT_EQ(phase("c"), Phase::waiting);
    EXPECT_EQ(board_.count(Phase::blocked), 0u);
    EXPECT_EQ(ready(), "a");
}

TEST_F(BoardTest, blocks_a_vertex_that_becomes_dirty_behind_a_failed_one) {
    want(ManifestBuilder().add(part("a")).add(part("b")).edge("a", "b"));
    set("a", Phase::settled);
    set("b", Phase::settled);
    set("a", Phase::failed);
    EXPECT_EQ(phase("b"), Phase::settled);
    set("b", Phase::waiting);
    EXPECT_EQ(phase("b"), Phase::blocked);
}

TEST_F(BoardTest, tells_who_must_no_longer_start) {
    want(ManifestBuilder().add(part("a")).add(part("b")).edge("a", "b"));
    set("a", Phase::settled);
    EXPECT_EQ(ready(), "b");
    EXPECT_TRUE(board_.take_withheld().empty());
    set("a", Phase::waiting);
    EXPECT_EQ(board_.take_withheld(), std::vector<Slot>{slot("b")});
    EXPECT_FALSE(board_.may_run(slot("b")));
}

TEST_F(BoardTest, counts_anew_who_has_other_predecessors) {
    ManifestBuilder both;
    both.add(part("a")).add(part("b"));
    want(ManifestBuilder(both).edge("a", "b"));
    set("a", Phase::failed);
    ready();
    want(both);
    EXPECT_EQ(phase("b"), Phase::waiting);
    EXPECT_EQ(ready(), "b");
    want(ManifestBuilder(both).edge("a", "b"));
    EXPECT_EQ(phase("b"), Phase::blocked);
}

TEST_F(BoardTest, waits_for_what_is_missing_as_for_what_has_failed) {
    want(ManifestBuilder().add(part("b")).edge("a", "b").collect("part"));
    EXPECT_EQ(phase("a"), Phase::missing);
    EXPECT_EQ(phase("b"), Phase::blocked);
    follow(graph_.amend({{from_host(part("a"), "h", 1)}, {}}));
    EXPECT_EQ(phase("b"), Phase::waiting);
}

TEST_F(BoardTest, tells_each_change_of_phase_once) {
    want(ManifestBuilder().add(part("a")));
    EXPECT_EQ(board_.take_changed(), std::vector<Slot>{slot("a")});
    set("a", Phase::running);
    set("a", Phase::settled);
    EXPECT_EQ(board_.take_changed(), std::vector<Slot>{slot("a")});
    set("a", Phase::settled);
    EXPECT_TRUE(board_.take_changed().empty());
}

// What the board keeps up by and by must be what a look at all predecessors says.
class BoardAgainstDefinition : public BoardTest {
 protected:
    bool open(Slot slot) const {
        return board_.phase(slot) == Phase::settled || board_.phase(slot) == Phase::yielding;
    }
    bool stuck(Slot slot) const {
        const Phase phase = board_.phase(slot);
        return phase == Phase::failed || phase == Phase::missing || phase == Phase::blocked;
    }
    void expect_definition(std::uint64_t seed) {
        std::array<std::size_t, 8> counts{};
        for (Slot slot = 0; slot < graph_.slot_count(); ++slot) {
            const Vertex& vertex = graph_.at(slot);
            if (!vertex.alive) continue;
            ++counts[static_cast<std::size_t>(board_.phase(slot))];
            bool all_open = true;
            bool any_stuck = false;
            for (const Link& link : vertex.before) {
                all_open &= open(link.other);
                any_stuck |= stuck(link.other);
            }
            const Phase phase = board_.phase(slot);
            const bool waits = phase == Phase::waiting || phase == Phase::blocked;
            ASSERT_TRUE(!waits || (phase == Phase::blocked) == any_stuck) << "seed " << seed;
            ASSERT_EQ(board_.may_run(slot), phase == Phase::waiting && all_open) << "seed " << seed;
        }
        for (std::size_t i = 0; i < counts.size(); ++i)
            ASSERT_EQ(board_.count(static_cast<Phase>(i)), counts[i]) << "seed " << seed;
    }
};

TEST_F(BoardAgainstDefinition, agrees_after_any_sequence_of_changes) {
    for (std::uint64_t seed = 1; seed <= 80; ++seed) {
        SeededRandom random(seed);
        want(ManifestBuilder());
        for (int round = 0; round < 4; ++round) {
            ManifestBuilder manifest;
            std::vector<std::string> names;
            for (int i = 0; i < 12; ++i)
                if (random.chance(0.8)) {
                    names.push_back(std::to_string(i));
                    manifest.add(part(names.back(), {{"value", std::to_string(random.below(3))}}));
                }
            for (std::size_t i = 0; i < names.size(); ++i)
                for (std::size_t j = i + 1; j < names.size(); ++j)
                    if (random.chance(0.25)) manifest.edge(names[i], names[j]);
            want(manifest);
            expect_definition(seed);
            for (int step = 0; step < 60 && !names.empty(); ++step) {
                static constexpr Phase phases[] = {Phase::waiting, Phase::running, Phase::settled,
                                                   Phase::failed, Phase::retrying};
                const Slot at = slot(names[random.below(names.size())]);
                board_.set(at, phases[random.below(5)]);
                expect_definition(seed);
            }
        }
    }
}

}  // namespace
}  // namespace hansa
