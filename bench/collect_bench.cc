// What does it cost to collect R exports, and what when one of them changes? The second must not
// depend on R. Records are folded and the graph is redrawn; nothing is written to a machine.
#include <benchmark/benchmark.h>

#include <string>

#include "base/check.h"
#include "graph/graph.h"
#include "kinds/standard.h"
#include "mesh/fold.h"
#include "mesh/keys.h"
#include "mesh/records.h"

namespace hansa {
namespace {

constexpr std::int64_t per_host = 1'000;

HostName host(const std::string& name) {
    auto parsed = HostName::parse(name);
    check(bool(parsed), "the name is good");
    return *std::move(parsed);
}

// Export `number` of a fleet in which each host exports a thousand files.
Record record(std::int64_t number, const std::string& content, Revision modified) {
    ExportRecord made;
    made.from = "h" + std::to_string(number / per_host);
    made.id = {"file", "f" + std::to_string(number)};
    made.incarnation = made.seq = 1;
    Value::Map fields;
    fields.push_back({"path", {}, Value::of_text("/srv/" + made.id.name)});
    fields.push_back({"content", {}, Value::of_text(content)});
    made.body = {Value::of_map(std::move(fields)), {}};
    auto value = encode(made);
    check(bool(value), "the record is good");
    return {keys::exported(host(made.from), made.id), *std::move(value), number + 2, modified, 0};
}

Reading reading(std::int64_t count) {
    Reading all{count + 2, {}};
    for (std::int64_t i = 0; i < count; ++i) all.records.push_back(record(i, "content", i + 2));
    return all;
}

CollectRequest everything() {
    CollectRequest request;
    request.kind = "file";
    request.pattern = "/collected/";
    return request;
}

void draw_all(benchmark::State& state) {
    const Catalog catalog = standard_kinds();
    const Reading all = reading(state.range(0));
    for (auto _ : state) {
        ExportFold fold(catalog, host("me"));
        fold.want({everything()});
        Graph graph(catalog);
        graph.amend(fold.replace(all));
        check(graph.size() == all.records.size(), "everything is collected");
    }
}

void redraw_one(benchmark::State& state) {
    const Catalog catalog = standard_kinds();
    ExportFold fold(catalog, host("me"));
    fold.want({everything()});
    Graph graph(catalog);
    graph.amend(fold.replace(reading(state.range(0))));
    Revision revision = state.range(0) + 2;
    for (auto _ : state) {
        ++revision;
        const Record changed =
            record(revision % state.range(0), "version " + std::to_string(revision), revision);
        const Delta delta = graph.amend(fold.apply({revision, {{StoreEvent::Type::put, changed}}}));
        check(delta.added.size() == 1, "one resource is redefined");
    }
}

BENCHMARK(draw_all)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(redraw_one)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace hansa

BENCHMARK_MAIN();
