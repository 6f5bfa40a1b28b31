// What a resource that clears a thing learns of the others below it.
#include <gtest/gtest.h>

#include "engine/testing.h"
#include "kinds/standard.h"
#include "manifest/parse.h"

namespace hansa {
namespace {

using namespace hansa::testing;

class Claims : public RunnerTest {
 protected:
    static Declaration owner(const std::string& name, const std::string& path) {
        return part(name, {{"owns", "path:" + path}});
    }
    static Declaration clearer() {
        return part("c", {{"owns", "path:/t"}, {"clears", "path:/t"}, {"watch", "/c"}});
    }
};

TEST_F(Claims, who_clears_is_told_what_others_own_below) {
    want(ManifestBuilder()
             .add(clearer())
             .add(owner("b", "/t/sub/b"))
             .add(owner("a", "/t/a"))
             .add(owner("neighbour", "/tt/x"))
             .add(part("account", {{"owns", "user:/t/u"}}))
             .add(part("none")));
    settle();
    EXPECT_EQ(subject("c").claimed, (Names{"/t/a", "/t/sub/b"}));
    EXPECT_TRUE(subject("a").claimed.empty()) << "told only to those that ask";
}

TEST_F(Claims, a_later_run_is_told_of_what_came_and_went) {
    want(ManifestBuilder().add(clearer()).add(owner("a", "/t/a")));
    settle();
    amend({from_host(owner("b", "/t/b"), "h2", 1)});
    nudge("c");
    settle();
    EXPECT_EQ(subject("c").claimed, (Names{"/t/a", "/t/b"}));
    want(ManifestBuilder().add(clearer()));
    nudge("c");
    settle();
    EXPECT_EQ(subject("c").claimed, (Names{"/t/b"}));
}

TEST_F(Claims, a_run_keeps_what_it_was_told_while_the_graph_changes) {
    want(ManifestBuilder().add(clearer()).add(owner("a", "/t/a")));
    settle();
    Subject& clearing = subject("c");
    clearing.wrong = true;
    clearing.takes = Seconds{1};
    nudge("c");
    pass(Milliseconds{500});
    want(ManifestBuilder().add(clearer()));
    settle();
    EXPECT_EQ(clearing.claimed, (Names{"/t/a"}));
}

// The kind file on a simulated machine: a purged tree and a file that is declared in it.
TEST(ClaimsOfFiles, a_purged_tree_and_a_file_in_it_do_not_fight) {
    SimLoop loop;
    SimMachine machine{loop, 3};
    for (const char* directory : {"/s", "/t"})
        ASSERT_TRUE(machine.files.make_directory(directory, {}));
    for (const char* file : {"/s/copied", "/t/stray"})
        ASSERT_TRUE(machine.files.write(file, "x", {}));
    const Catalog catalog = standard_kinds();
    auto manifest = parse_manifest(
        "graph: g\nresources:\n  file:\n"
        "  - {name: tree, path: /t/, source: /s/, recurse: true, purge: true}\n"
        "  - {name: mine, path: /t/mine, content: hello}\n",
        "g.yaml", catalog);
    ASSERT_TRUE(manifest) << manifest.error().text;
    Graph graph{catalog};
    auto delta = graph.declare(*manifest);
    ASSERT_TRUE(delta) << delta.error().text;
    Report report{loop.clock()};
    int changes = 0;
    report.listen([&changes](const Event& event, WallTime) {
        const auto* ran = std::get_if<happened::ResourceRan>(&event);
        if (ran != nullptr && ran->outcome == Outcome::changed) ++changes;
    });
    Runner runner(graph, {loop, machine.workers, machine.watcher, machine.ports(), report}, {},
                  [] {});
    runner.adopt(*delta);
    loop.run_for(Seconds{60});
    EXPECT_TRUE(runner.standing().at_rest());
    EXPECT_EQ(machine.files.tree("/t"),
              (std::vector<std::string>{"/t/copied\tx", "/t/mine\thello"}));
    EXPECT_EQ(changes, 2) << "each changed once, and neither undid the other";
}

}  // namespace
}  // namespace hansa
