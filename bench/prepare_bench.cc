// How long does it take to prepare a graph: parse, link, find automatic edges, order, compare?
//
// Each measurement runs with 10,000 and 100,000 resources, so that growth can be seen; figures.py
// reads the medians. Resources are files, as in most graphs.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "base/check.h"
#include "graph/graph.h"
#include "kinds/standard.h"
#include "manifest/parse.h"

namespace hansa {
namespace {

Declaration file(std::string name, std::string path) {
    Declaration declaration;
    declaration.id = {"file", std::move(name)};
    Value::Map fields;
    fields.push_back({"path", {}, Value::of_text(std::move(path))});
    if (fields.back().value.scalar().text.back() != '/')
        fields.push_back({"content", {}, Value::of_text("content\n")});
    declaration.fields = Value::of_map(std::move(fields));
    return declaration;
}

Manifest flat(std::int64_t count) {
    Manifest manifest;
    manifest.name = "flat";
    for (std::int64_t i = 0; i < count; ++i) {
        const std::string name = "f" + std::to_string(i);
        manifest.resources.push_back(file(name, "/srv/" + name));
    }
    return manifest;
}

// Each after the one before it.
Manifest chain(std::int64_t count) {
    Manifest manifest = flat(count);
    for (std::size_t i = 1; i < manifest.resources.size(); ++i) {
        EdgeDeclaration edge;
        edge.name = "e" + std::to_string(i);
        edge.from = manifest.resources[i - 1].id;
        edge.to = manifest.resources[i].id;
        manifest.edges.push_back(std::move(edge));
    }
    return manifest;
}

// A directory tree of ten entries each, every tenth a directory: the order comes from automatic
// edges alone.
Manifest tree(std::int64_t count) {
    Manifest manifest;
    manifest.name = "tree";
    std::vector<std::string> directories = {"/srv/"};
    for (std::size_t next = 0; static_cast<std::int64_t>(manifest.resources.size()) < count;
         ++next) {
        const std::string parent = directories[next];
        for (int i = 0; i < 10; ++i) {
            std::string path = parent + std::to_string(i);
            if (i < 2) {
                path += "/";
                directories.push_back(path);
            }
            manifest.resources.push_back(file("t" + path, path));
        }
    }
    return manifest;
}

// The flat one as people would write it.
std::string text_of_flat(std::int64_t count) {
    std::string text = "graph: flat\nresources:\n  file:\n";
    for (std::int64_t i = 0; i < count; ++i) {
        const std::string name = "f" + std::to_string(i);
        text += "  - name: " + name + "\n    path: /srv/" + name + "\n    content: content\n";
    }
    return text;
}

// The floor of growth: what the caches of this machine make of an index of as many small objects,
// each made on the heap and looked up by name once.
void index_floor(benchmark::State& state) {
    const Manifest manifest = flat(state.range(0));
    for (auto _ : state) {
        std::unordered_map<std::string, std::unique_ptr<Declaration>> index;
        for (const Declaration& each : manifest.resources)
            index.emplace(each.id.text(), std::make_unique<Declaration>(each));
        std::size_t found = 0;
        for (const Declaration& each : manifest.resources) found += index.count(each.id.text());
        check(found == manifest.resources.size(), "everything is found");
    }
}

void parse(benchmark::State& state) {
    const Catalog catalog = standard_kinds();
    const std::string text = text_of_flat(state.range(0));
    for (auto _ : state) {
        auto manifest = parse_manifest(text, "bench.yaml", catalog);
        check(manifest && manifest->resources.size() == static_cast<std::size_t>(state.range(0)),
              "the text is good");
    }
}

void declare(benchmark::State& state, Manifest (*make)(std::int64_t)) {
    const Catalog catalog = standard_kinds();
    const Manifest manifest = make(state.range(0));
    for (auto _ : state) {
        Graph graph(catalog);
        auto delta = graph.declare(manifest);
        check(bool(delta), "the graph is good");
        benchmark::DoNotOptimize(topological_order(graph).size());
    }
}

void declare_chain(benchmark::State& state) {
    declare(state, chain);
}
void declare_tree(benchmark::State& state) {
    declare(state, tree);
}
void declare_flat(benchmark::State& state) {
    declare(state, flat);
}

// The file was edited: one resource of a tree differs.
void declare_again(benchmark::State& state) {
    const Catalog catalog = standard_kinds();
    Manifest manifests[] = {tree(state.range(0)), tree(state.range(0))};
    Declaration& edited = manifests[1].resources.back();
    edited.fields.map().back().value = Value::of_text("edited\n");
    Graph graph(catalog);
    check(bool(graph.declare(manifests[0])), "the graph is good");
    std::size_t turn = 0;
    for (auto _ : state) {
        auto delta = graph.declare(manifests[++turn % 2]);
        check(delta && delta->added.size() == 1, "one resource is redefined");
    }
}

constexpr std::int64_t small = 10'000;
constexpr std::int64_t large = 100'000;

BENCHMARK(index_floor)->Arg(small)->Arg(large)->Unit(benchmark::kMicrosecond);
BENCHMARK(parse)->Arg(small)->Arg(large)->Unit(benchmark::kMicrosecond);
BENCHMARK(declare_chain)->Arg(small)->Arg(large)->Unit(benchmark::kMicrosecond);
BENCHMARK(declare_tree)->Arg(small)->Arg(large)->Unit(benchmark::kMicrosecond);
BENCHMARK(declare_flat)->Arg(small)->Arg(large)->Unit(benchmark::kMicrosecond);
BENCHMARK(declare_again)->Arg(small)->Arg(large)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace hansa

BENCHMARK_MAIN();
