#include "manifest/parse.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace hansa {
namespace {

class NamedKind final : public Kind {
 public:
    NamedKind(std::string name, Support support) : name_(std::move(name)), support_(support) {}
    const std::string& name() const override { return name_; }
    const std::string& help() const override { return name_; }
    std::span<const FieldInfo> fields() const override { return {}; }
    Support support() const override { return support_; }
    std::string hint() const override { return "use exec with a guard"; }
    Result<ResourcePtr> make(const Declaration&, std::vector<std::string>&) const override {
        return Error{Code::invalid, "this kind makes nothing"};
    }

 private:
    std::string name_;
    Support support_;
};

const Catalog& catalog() {
    static const Catalog made = [] {
        Catalog kinds;
        for (const char* name : {"file", "exec", "svc", "noop"})
            kinds.add(std::make_unique<NamedKind>(name, Support::full));
        kinds.add(std::make_unique<NamedKind>("virt", Support::refused));
        kinds.alias("service", "svc");
        return kinds;
    }();
    return made;
}

Manifest read(std::string_view text) {
    auto parsed = parse_manifest(text, "web.yaml", catalog());
    EXPECT_TRUE(parsed) << parsed.error().text;
    return parsed ? *std::move(parsed) : Manifest{};
}

std::string refusal(std::string_view text, const ManifestLimits& limits = {}) {
    auto parsed = parse_manifest(text, "web.yaml", catalog(), limits);
    return parsed ? "accepted" : parsed.error().text;
}

// The refusal of one noop with this meta map in flow style, without its place.
std::string meta_refusal(const std::string& meta) {
    const std::string told =
        refusal("graph: g\nresources:\n  noop:\n  - {name: n, meta: " + meta + "}\n");
    const std::size_t at = told.find("noop[n]: ");
    return at == std::string::npos ? told : told.substr(at + 9);
}

Meta meta_of(const std::string& meta) {
    const Manifest manifest =
        read("graph: g\nresources:\n  noop:\n  - {name: n, meta: " + meta + "}\n");
    return manifest.resources.empty() ? Meta{} : manifest.resources[0].meta;
}

TEST(Manifest, reads_a_whole_graph) {
    const Manifest manifest = read(R"(graph: web
comment: all of it
resources:
  file:
  - name: motd
    path: /etc/motd
    mode: 0644
    meta: {noop: true}
  svc:
  - name: sshd
    state: running
edges:
- name: e1
  from: {kind: file, name: motd}
  to: {kind: svc, name: sshd}
  notify: true
collect:
- {kind: file, pattern: /tmp/here/, name: "f*", from: "web?"}
)");
    EXPECT_EQ(manifest.name, "web");
    EXPECT_EQ(manifest.comment, "all of it");
    ASSERT_EQ(manifest.resources.size(), 2U);
    const Declaration& motd = manifest.resources[0];
    EXPECT_EQ(motd.id.text(), "file[motd]");
    EXPECT_TRUE(motd.meta.noop);
    ASSERT_EQ(motd.fields.map().size(), 2U);
    EXPECT_EQ(motd.fields.find("mode")->scalar().text, "0644");
    EXPECT_EQ(motd.fields.find("mode")->mark(), (Mark{7, 11}));
    EXPECT_EQ(motd.origin.text(), "web.yaml:5:5");
    ASSERT_EQ(manifest.edges.size(), 1U);
    EXPECT_EQ(manifest.edges[0].from.text(), "file[motd]");
    EXPECT_EQ(manifest.edges[0].to.text(), "svc[sshd]");
    EXPECT_TRUE(manifest.edges[0].notify);
    ASSERT_EQ(manifest.collects.size(), 1U);
    EXPECT_EQ(manifest.collects[0].pattern, "/tmp/here/");
    EXPECT_EQ(manifest.collects[0].name_glob, "f*");
    EXPECT_EQ(manifest.collects[0].from_glob, "web?");
    EXPECT_TRUE(manifest.warnings.empty());
}

TEST(Manifest, reads_the_spellings_of_january_2016) {
    const Manifest manifest = read(R"(---
graph: mygraph
types:
  noop:
  - name: noop1
  file:
  - name: "@@filea"
    path: /tmp/mgmtA/f1
    content: |
      i am f1
    state: exists
  service:
  - name: purpleidea
    state: running
collect:
- type: file
  pattern: "/tmp/mgmtA/"
edges:
- name: e1
  from:
    type: noop
    name: noop1
  to:
    type: service
    name: purpleidea
)");
    ASSERT_EQ(manifest.resources.size(), 3U);
    EXPECT_EQ(manifest.resources[1].id.text(), "file[filea]");
    EXPECT_TRUE(manifest.resources[1].meta.exported);
    EXPECT_FALSE(manifest.resources[1].meta.also_here);
    EXPECT_EQ(manifest.resources[2].id.text(), "svc[purpleidea]");
    EXPECT_EQ(manifest.edges[0].to.kind, "svc");
    EXPECT_EQ(manifest.collects[0].kind, "file");
}

TEST(Manifest, needs_little) {
    EXPECT_TRUE(read("graph: g\n").resources.empty());
    EXPECT_TRUE(read("graph: g\nresources:\nedges:\ncollect:\n").edges.empty());
    EXPECT_TRUE(read("graph: g\nresources:\n  file:\n").resources.empty());
}

TEST(Manifest, warns_of_keys_without_effect) {
    const Manifest manifest = read("graph: g\nhostname: a\nremote: ssh://x\n");
    ASSERT_EQ(manifest.warnings.size(), 2U);
    EXPECT_EQ(manifest.warnings[0], "web.yaml:2:1: hostname has no effect; use --hostname");
    EXPECT_TRUE(manifest.warnings[1].starts_with("web.yaml:3:1: remote has no effect"));
}

TEST(Manifest, needs_a_graph_with_a_name) {
    EXPECT_EQ(refusal(""), "web.yaml:1:1: the file is empty; begin with \"graph: NAME\"");
    EXPECT_EQ(refusal("[a]"),
              "web.yaml:1:1: the file is a list; write a map with graph and resources");
    EXPECT_EQ(refusal("comment: x"), "web.yaml:1:1: the graph has no name; write \"graph: NAME\"");
    EXPECT_EQ(refusal("comment: c\ngraph:\n"), "web.yaml:2:7: graph is empty; write a name");
    EXPECT_EQ(refusal("graph: {a: b}\n"), "web.yaml:1:8: graph is a map; write text");
    EXPECT_NE(refusal("graph: \"a\\nb\"\n"), "accepted");
}

TEST(Manifest, refuses_unknown_keys_with_a_guess) {
    EXPECT_EQ(refusal("graph: g\nresorces: {}\n"),
              "web.yaml:2:1: no key \"resorces\"; did you mean \"resources\"?");
    EXPECT_EQ(refusal("graph: g\nzzz: {}\n"),
              "web.yaml:2:1: no key \"zzz\"; there are graph, comment, resources, edges, collect");
    EXPECT_EQ(refusal("graph: g\nedges:\n- {form: {}}\n").substr(0, 56),
              "web.yaml:3:3: edge: no from; write from: {kind: file, na");
    EXPECT_NE(refusal("graph: g\nresources: {}\ntypes: {}\n"), "accepted");
}

TEST(Manifest, refuses_kinds_that_are_not_there) {
    EXPECT_EQ(refusal("graph: g\nresources:\n  scv: []\n"),
              "web.yaml:3:3: no kind \"scv\"; did you mean \"svc\"?");
    EXPECT_EQ(refusal("graph: g\nresources:\n  virt: []\n"),
              "web.yaml:3:3: kind \"virt\" is not supported; use exec with a guard");
    EXPECT_EQ(refusal("graph: g\nresources:\n  quux: []\n"),
              "web.yaml:3:3: no kind \"quux\"; there are exec, file, noop, svc, virt");
    EXPECT_EQ(refusal("graph: g\nresources:\n  file: {}\n"),
              "web.yaml:3:9: file is a map; write a list of resources");
    EXPECT_EQ(refusal("graph: g\nresources: [file]\n"),
              "web.yaml:2:12: resources is a list; write a map from kind to list");
}

TEST(Manifest, needs_names_that_are_names) {
    const std::string head = "graph: g\nresources:\n  file:\n  - ";
    EXPECT_EQ(refusal(head + "path: /x\n"),
              "web.yaml:4:5: file: a resource without a name; add \"name: …\"");
    EXPECT_EQ(refusal(head + "name: ''\n"), "web.yaml:4:11: file: name is empty; write a name");
    EXPECT_EQ(refusal(head + "name: [a]\n"), "web.yaml:4:11: file: name is a list; write text");
    EXPECT_EQ(refusal(head + "x\n"),
              "web.yaml:4:5: file: a resource is text; write a map with a name");
    EXPECT_EQ(refusal(head + "name: '@@'\n"),
              "web.yaml:4:11: file: name is empty behind its \"@@\"; write a name");
    EXPECT_TRUE(
        refusal(head + "name: \"a\\nb\"\n").starts_with("web.yaml:4:11: file: name \"a\\nb\""));
    EXPECT_NE(refusal(head + "name: \"a\\0b\"\n"), "accepted");
    EXPECT_NE(refusal(head + "name: !!binary /w==\n"), "accepted");
    EXPECT_NE(refusal(head + "name: \"a\\u009bb\"\n"), "accepted");  // moves the cursor too
    EXPECT_EQ(read(head + "name: ../../etc/x\n").resources[0].id.name, "../../etc/x");
    EXPECT_EQ(read(head + "name: 0644\n").resources[0].id.name, "0644");
}

TEST(Manifest, refuses_duplicates_and_names_both_places) {
    EXPECT_EQ(refusal("graph: g\nresources:\n  svc:\n  - name: x\n  service:\n  - name: '@@x'\n"),
              "web.yaml:6:5: svc[x] is already declared at web.yaml:4:5; give one of the two "
              "another name");
    EXPECT_EQ(
        read("graph: g\nresources:\n  svc: [{name: x}]\n  file: [{name: x}]\n").resources.size(),
        2U);
}

TEST(Manifest, tells_everything_at_once_in_the_order_of_the_text) {
    const std::string told = refusal(R"(resources:
  file:
  - name: a
    meta: {retry: x}
  - name: a
  nope: []
edges:
- {from: {kind: file}, to: {kind: nope, name: b}}
)");
    std::vector<std::size_t> lines;
    for (std::size_t at = 0; at != std::string::npos; at = told.find("\nweb.yaml:", at + 1))
        lines.push_back(std::stoul(told.substr(told.find("web.yaml:", at) + 9)));
    EXPECT_EQ(lines, (std::vector<std::size_t>{1, 4, 5, 6, 8, 8})) << told;
}

TEST(Manifest, counts_errors_beyond_what_anybody_reads) {
    std::string text = "graph: g\n";
    for (int i = 0; i < 50; ++i) text += "zz" + std::to_string(i) + ": 1\n";
    ManifestLimits limits;
    limits.errors_shown = 10;
    const std::string told = refusal(text, limits);
    EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 10);
    EXPECT_TRUE(told.ends_with("web.yaml: and 40 more errors")) << told;
}

TEST(ManifestMeta, reads_every_key) {
    const Meta meta = meta_of(
        "{noop: yes, retry: -1, delay: 200, timeout: 1500, poll: 5, limit: 2.5, burst: 3, "
        "sema: [a, 'b:2'], autoedge: false, autogroup: off, reverse: true, export: [web*, db1], "
        "also_here: true, sensitive: true}");
    EXPECT_TRUE(meta.noop);
    EXPECT_EQ(meta.retry, -1);
    EXPECT_EQ(meta.delay, Milliseconds{200});
    EXPECT_EQ(meta.timeout, Milliseconds{1500});
    EXPECT_EQ(meta.poll, Seconds{5});
    EXPECT_DOUBLE_EQ(meta.limit, 2.5);
    EXPECT_EQ(meta.burst, 3U);
    EXPECT_EQ(meta.sema, (std::vector<SemaphoreUse>{{"a", 1}, {"b:2", 2}}));
    EXPECT_FALSE(meta.autoedge);
    EXPECT_FALSE(meta.autogroup);
    EXPECT_TRUE(meta.reverse);
    EXPECT_TRUE(meta.exported);
    EXPECT_EQ(meta.export_to, (std::vector<std::string>{"web*", "db1"}));
    EXPECT_TRUE(meta.also_here);
    EXPECT_TRUE(meta.sensitive);
}

TEST(ManifestMeta, is_plain_when_it_says_nothing) {
    EXPECT_EQ(meta_of("{}"), Meta{});
    EXPECT_EQ(meta_of("~"), Meta{});
    EXPECT_EQ(meta_of("{noop: ~, limit: .inf, export: false}"), Meta{});
    EXPECT_TRUE(meta_of("{export: true}").exported);
    EXPECT_EQ(meta_of("{sema: one}").sema.size(), 1U);
}

TEST(ManifestMeta, refuses_values_out_of_range) {
    EXPECT_EQ(meta_refusal("{retry: -2}"),
              "retry is \"-2\"; write a whole number from -1 to 2147483647");
    EXPECT_EQ(meta_refusal("{noop: maybe}"), "noop is \"maybe\"; write true or false");
    EXPECT_EQ(meta_refusal("{nop: true}"), "no key \"nop\"; did you mean \"noop\"?");
    EXPECT_EQ(meta_refusal("[noop]"), "meta is a list; write a map such as {noop: true}");
    for (const char* meta : {"{delay: -1}", "{delay: 1.5}", "{timeout: 1s}", "{poll: 99999999999}",
                             "{limit: -1}", "{limit: fast}", "{limit: .nan}", "{burst: -1}",
                             "{retry: 99999999999999999999}", "{poll: [1]}"})
        EXPECT_NE(meta_refusal(meta), "accepted") << meta;
}

TEST(ManifestMeta, refuses_a_limit_that_never_lets_go) {
    EXPECT_EQ(meta_refusal("{limit: 2}"),
              "limit without burst would never apply anything; write burst: 1 or more");
    EXPECT_EQ(refusal("graph: g\nresources: {noop: [{name: n, meta: {burst: 3}}]}"), "accepted");
}

TEST(ManifestMeta, refuses_semaphores_that_are_numbers_or_nothing) {
    for (const char* sema : {"[3]", "3", "['3']", "[a:0]", "[a:x]", "[':2']", "[~]", "[a, a]",
                             "[[a]]", "['a:-1']", "['a:99999999']", "[\"a\\n\"]"})
        EXPECT_TRUE(meta_refusal("{sema: " + std::string(sema) + "}").starts_with("sema "))
            << meta_refusal("{sema: " + std::string(sema) + "}");
}

TEST(ManifestMeta, knows_one_semaphore_by_one_name) {
    EXPECT_EQ(meta_of("{sema: ['lock:1', 'two:02', 'a:1:1']}").sema,
              (std::vector<SemaphoreUse>{{"lock", 1}, {"two:2", 2}, {"a:1", 1}}));
    EXPECT_TRUE(meta_refusal("{sema: [lock, 'lock:1']}").starts_with("sema \"lock:1\" is taken"));
}

TEST(ManifestMeta, warns_of_what_has_no_effect_yet) {
    const Manifest manifest =
        read("graph: g\nresources:\n  noop:\n  - {name: n, meta: {reverse: true}}\n");
    ASSERT_EQ(manifest.warnings.size(), 1U);
    EXPECT_TRUE(manifest.warnings[0].starts_with("web.yaml:4:31: noop[n]: reverse has no effect"))
        << manifest.warnings[0];
}

TEST(ManifestMeta, refuses_exports_that_contradict_themselves) {
    EXPECT_TRUE(meta_refusal("{also_here: true}").starts_with("also_here has no effect"));
    EXPECT_TRUE(meta_refusal("{export: web1}").starts_with("export is \"web1\""));
    EXPECT_TRUE(meta_refusal("{export: []}").starts_with("export is an empty list"));
    EXPECT_TRUE(meta_refusal("{export: [{}]}").starts_with("a host glob of export is a map"));
    EXPECT_NE(refusal("graph: g\nresources: {noop: [{name: '@@n', meta: {export: false}}]}"),
              "accepted");
}

// Two noops a and b, an exported-only noop x, and these edges and collects.
std::string edge_refusal(const std::string& rest) {
    return refusal("graph: g\nresources:\n  noop:\n  - name: a\n  - name: b\n  - name: '@@x'\n" +
                   rest);
}

TEST(ManifestEdges, must_name_what_is_or_may_come) {
    const std::string edge =
        "edges: [{name: e, from: {kind: noop, name: a}, to: {kind: noop, name: c}}]\n";
    EXPECT_EQ(edge_refusal(edge),
              "web.yaml:7:9: edge \"e\": names noop[c], which is neither declared here nor "
              "collected; declare it or add it to collect");
    EXPECT_EQ(edge_refusal(edge + "collect: [{kind: noop}]\n"), "accepted");
    EXPECT_EQ(edge_refusal(edge + "collect: [{kind: noop, name: 'c*'}]\n"), "accepted");
    EXPECT_NE(edge_refusal(edge + "collect: [{kind: noop, name: 'd*'}]\n"), "accepted");
    EXPECT_NE(edge_refusal(edge + "collect: [{kind: file}]\n"), "accepted");
}

TEST(ManifestEdges, cannot_name_what_is_only_exported) {
    const std::string edge =
        "edges: [{from: {kind: noop, name: a}, to: {kind: noop, name: '@@x'}}]\n";
    EXPECT_EQ(edge_refusal(edge),
              "web.yaml:7:9: edge: names noop[x], which is exported and not applied here; write "
              "also_here: true or collect it");
    EXPECT_EQ(edge_refusal(edge + "collect: [{kind: noop}]\n"), "accepted");
}

TEST(ManifestEdges, between_one_pair_are_one_with_a_warning) {
    const Manifest manifest = read(
        "graph: g\nresources: {noop: [{name: a}, {name: b}]}\n"
        "edges:\n- {name: e1, from: {kind: noop, name: a}, to: {kind: noop, name: b}}\n"
        "- {name: e2, from: {type: noop, name: a}, to: {type: noop, name: b}, notify: true}\n");
    EXPECT_EQ(manifest.warnings,
              std::vector<std::string>{
                  "web.yaml:5:3: edge \"e2\": noop[a] -> noop[b] is already written at "
                  "web.yaml:4:3; they count as one, which notifies if either does"});
}

TEST(ManifestEdges, are_refused_when_they_are_malformed) {
    for (const char* edges :
         {"edges: {}", "edges: [x]", "edges: [{}]", "edges: [{from: a, to: b}]",
          "edges: [{from: {kind: noop, name: a}}]",
          "edges: [{from: {kind: noop, type: noop, name: a}, to: {kind: noop, name: b}}]",
          "edges: [{from: {kind: noop, name: a}, to: {kind: noop, name: b}, notify: often}]",
          "edges: [{from: {kind: noop, name: a, x: 1}, to: {kind: noop, name: b}}]",
          "edges: [{from: {kind: virt, name: a}, to: {kind: noop, name: b}}]",
          "edges: [{from: {name: a}, to: {kind: noop}}]"})
        EXPECT_NE(edge_refusal(edges), "accepted") << edges;
}

TEST(ManifestCollect, is_refused_when_it_is_malformed_or_said_twice) {
    for (const char* collect :
         {"collect: {}", "collect: [file]", "collect: [{}]", "collect: [{pattern: /tmp/}]",
          "collect: [{kind: file, patern: /tmp/}]", "collect: [{kind: file, pattern: [a]}]",
          "collect: [{kind: nix}]", "collect: [{kind: file, type: file}]",
          "collect: [{kind: file, pattern: /tmp}]", "collect: [{kind: file, pattern: tmp/}]",
          "collect: [{kind: file}, {type: file, pattern: ''}]"})
        EXPECT_NE(edge_refusal(collect), "accepted") << collect;
    EXPECT_EQ(edge_refusal("collect: [{kind: file}, {kind: file, pattern: /a/}, {kind: noop}]"),
              "accepted");
}

TEST(Manifest, passes_on_what_yaml_refuses) {
    EXPECT_EQ(refusal("graph: g\ngraph: h\n"),
              "web.yaml:2:1: key \"graph\" is already written at 1:1; keep one of the two");
    ManifestLimits limits;
    limits.yaml.bytes_max = 4;
    EXPECT_TRUE(refusal("graph: g", limits).starts_with("web.yaml:1:1: the text has 8 bytes"));
}

TEST(Manifest, stays_linear_in_resources_and_edges) {
    std::string text = "graph: g\nresources:\n  noop:\n";
    for (int i = 0; i < 20'000; ++i) text += "  - {name: n" + std::to_string(i) + "}\n";
    text += "edges:\n";
    for (int i = 1; i < 20'000; ++i)
        text += "- {from: {kind: noop, name: n" + std::to_string(i - 1) +
                "}, to: {kind: noop, name: n" + std::to_string(i) + "}}\n";
    const Manifest manifest = read(text);
    EXPECT_EQ(manifest.resources.size(), 20'000U);
    EXPECT_EQ(manifest.edges.size(), 19'999U);
}

}  // namespace
}  // namespace hansa
