#include "graph/draw.h"

#include <gtest/gtest.h>

#include "graph/testing.h"

namespace hansa {
namespace {

using namespace hansa::testing;

class Draw : public ::testing::Test {
 protected:
    void declare(const Manifest& manifest) {
        const auto delta = graph_.declare(manifest);
        ASSERT_TRUE(delta) << delta.error().text;
    }

    const Catalog catalog_ = part_catalog();
    Graph graph_{catalog_};
};

TEST_F(Draw, shows_each_resource_once_below_what_it_waits_for) {
    declare(ManifestBuilder()
                .add(part("start"))
                .add(part("conf"))
                .add(part("web"))
                .add(part("site"))
                .add(part("lone"))
                .edge("start", "conf")
                .notify("conf", "web")
                .edge("start", "site")
                .notify("site", "web"));
    EXPECT_EQ(as_tree(graph_),
              "test: 5 resources, 4 edges\n"
              "\n"
              "part[start]\n"
              "├─ part[conf]\n"
              "└─ part[site]\n"
              "   └─ part[web], notified, after part[conf] (notifies)\n"
              "part[lone]\n");
}

TEST_F(Draw, keeps_the_branches_of_nested_levels_apart) {
    declare(ManifestBuilder()
                .add(directory("/a"))
                .add(directory("/a/b"))
                .add(directory("/a/b/c"))
                .add(directory("/a/d")));
    EXPECT_EQ(as_tree(graph_),
              "test: 4 resources, 3 edges\n"
              "\n"
              "part[/a]\n"
              "├─ part[/a/b] (automatic)\n"
              "│  └─ part[/a/b/c] (automatic)\n"
              "└─ part[/a/d] (automatic)\n");
}

TEST_F(Draw, says_who_is_absent_who_yields_and_cuts_long_lists) {
    ManifestBuilder manifest;
    manifest.add(part("z", {{"owns", "t:x"}})).collect("part");
    for (const char* name : {"a", "b", "c", "d", "e"}) manifest.edge(name, "z");
    declare(manifest);
    graph_.amend({{from_host(part("l", {{"owns", "t:x"}}), "h", 1)}, {}});
    const std::string text = as_tree(graph_);
    EXPECT_NE(text.find("part[a], exported by nobody yet\n"), std::string::npos) << text;
    EXPECT_NE(text.find("part[z], after part[a], part[b], part[c] and 1 more\n"), std::string::npos)
        << text;
    EXPECT_NE(text.find("part[l] from h, yields to part[z]\n"), std::string::npos) << text;
}

TEST_F(Draw, begins_a_deep_chain_at_the_left_again) {
    ManifestBuilder manifest;
    for (int i = 0; i < 10'000; ++i) manifest.add(part(std::to_string(i)));
    for (int i = 1; i < 10'000; ++i) manifest.edge(std::to_string(i - 1), std::to_string(i));
    declare(manifest);
    const std::string text = as_tree(graph_);
    EXPECT_LT(text.size(), 1'500'000u);
    EXPECT_NE(text.find("part[24] …\n\npart[24], continued\n└─ part[25]\n"), std::string::npos);
    EXPECT_NE(text.find("part[9999]\n"), std::string::npos);
}

TEST_F(Draw, writes_dot_that_quotes_names_and_marks_edges) {
    declare(ManifestBuilder()
                .add(part("a\"b\\"))
                .add(directory("/x"))
                .add(directory("/x/y"))
                .add(part("t", {{"notifies", "true"}}))
                .edge("a\"b\\", "/x")
                .edge("t", "/x")
                .edge("gone", "t")
                .collect("part"));
    graph_.amend({{from_host(part("c"), "h", 1)}, {}});
    const std::string text = as_dot(graph_);
    EXPECT_TRUE(text.starts_with("digraph \"test\" {\n")) << text;
    // By what its label is, the node's name.
    const auto node = [&text](const std::string& label) {
        const std::size_t at = text.find(" [label=\"" + label + "\"");
        const std::size_t begin = text.rfind(' ', at - 1) + 1;
        return at == text.npos ? "no " + label : text.substr(begin, at - begin);
    };
    const auto drawn = [&text](const std::string& line) {
        return text.find("    " + line + ";\n") != text.npos;
    };
    EXPECT_TRUE(drawn(node(R"(part[a\"b\\])") + " -> " + node("part[/x]"))) << text;
    EXPECT_TRUE(drawn(node("part[/x]") + " -> " + node("part[/x/y]") + " [style=dashed]"));
    EXPECT_TRUE(drawn(node("part[t]") + " -> " + node("part[/x]") + " [style=bold]"));
    EXPECT_NE(text.find(" [label=\"part[gone]\", style=dotted"), std::string::npos);
    EXPECT_NE(text.find(" [label=\"part[c] from h\", color=blue];"), std::string::npos);
    EXPECT_TRUE(text.ends_with("}\n"));
}

TEST_F(Draw, writes_dot_with_a_node_for_each_however_long_the_names) {
    const std::string start(300, 'x');
    declare(ManifestBuilder()
                .add(part(start + "1"))
                .add(part(start + "2"))
                .edge(start + "1", start + "2"));
    const std::string text = as_dot(graph_);
    EXPECT_NE(text.find("    n1 -> n2;\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace hansa
