// What does it cost to collect R exports, and what when one of them changes? The second must not
// depend on R. Records are folded and the graph is redrawn; nothing is written to a machine. And
// what do signatures cost: of a whole fleet at first sight (10,000 records must be verified within
// 2 s of one core), of one change, and of one renewal that changes nothing.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "base/check.h"
#include "graph/graph.h"
#include "kinds/standard.h"
#include "mesh/fold.h"
#include "mesh/keys.h"
#include "mesh/records.h"
#include "mesh/testing.h"

namespace hansa {
namespace {

constexpr std::int64_t per_host = 1'000;

HostName host(const std::string& name) {
    auto parsed = HostName::parse(name);
    check(bool(parsed), "the name is good");
    return *std::move(parsed);
}

Value fields_of(const std::string& name, const std::string& content) {
    Value::Map fields;
    fields.push_back({"path", {}, Value::of_text("/srv/" + name)});
    fields.push_back({"content", {}, Value::of_text(content)});
    return Value::of_map(std::move(fields));
}

// Export `number` of a fleet in which each host exports a thousand files.
Record record(std::int64_t number, const std::string& content, Revision modified) {
    ExportRecord made;
    made.from = "h" + std::to_string(number / per_host);
    made.id = {"file", "f" + std::to_string(number)};
    made.version = {{fields_of(made.id.name, content), {}}, {1, 1, {}, {}}};
    auto value = encode(made);
    check(bool(value), "the record is good");
    return {keys::exported(host(made.from), made.id), *std::move(value), number + 2, modified, 0};
}

Reading reading(std::int64_t count) {
    Reading all{count + 2, {}};
    for (std::int64_t i = 0; i < count; ++i) all.records.push_back(record(i, "content", i + 2));
    return all;
}

// As testing::anything(), and more of it than a policy lets in by itself.
CollectPolicy any_number() {
    auto policy = Policy::parse(
        "rules: [{allow: '*', from: '*', path: ['/**'], forbidden_zones: true,"
        " max_number: 1000000}]",
        "policy.yaml");
    check(bool(policy), "the policy is good");
    return {std::move(*policy), {"root", "/var/lib/hansa"}};
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
        testing::Credulous judge;
        ExportFold fold(catalog, host("me"), judge, any_number());
        fold.want({everything()}, {});
        Graph graph(catalog);
        graph.amend(fold.replace(all, {}));
        check(graph.size() == all.records.size(), "everything is collected");
    }
}

void redraw_one(benchmark::State& state) {
    const Catalog catalog = standard_kinds();
    testing::Credulous judge;
    ExportFold fold(catalog, host("me"), judge, any_number());
    fold.want({everything()}, {});
    Graph graph(catalog);
    graph.amend(fold.replace(reading(state.range(0)), {}));
    Revision revision = state.range(0) + 2;
    for (auto _ : state) {
        ++revision;
        const Record changed =
            record(revision % state.range(0), "version " + std::to_string(revision), revision);
        const Delta delta =
            graph.amend(fold.apply({revision, {{StoreEvent::Type::put, changed}}}, {}));
        check(delta.added.size() == 1, "one resource is redefined");
    }
}

// A fleet that signs, and a collector that believes it.
class SignedFleet {
 public:
    explicit SignedFleet(std::int64_t count) {
        exporters_.use(testing::terms(), now_);
        fold_.want({everything()}, now_);
        for (std::int64_t first = 0; first < count; first += per_host) publish(first);
    }

    Amendment read() { return fold_.replace(reading_, now_); }

    // What the last host writes: one record and the manifest, or the manifest alone.
    Amendment write(const std::string& content) {
        const std::int64_t last = static_cast<std::int64_t>(subtrees_.size() - 1) * per_host;
        if (!content.empty()) wanted_[0].fields = fields_of(wanted_[0].id.name, content);
        const Exporter me = exporter_of(last);
        PublicationOrder next{subtrees_.back(), wanted_, me};
        next.now = since_1970(now_);
        next.fence = Fence::needed;
        const auto plan = plan_publication(next);
        check(bool(plan), "the publication is planned");
        EventBatch batch{++revision_, {}};
        for (const Operation& operation : plan->steps[0].operations)
            batch.events.push_back(
                {StoreEvent::Type::put, {operation.key, operation.value, 2, revision_, 0}});
        subtrees_.back().apply(plan->steps[0].operations, revision_, me.host);
        return fold_.apply(batch, now_);
    }

 private:
    static Exporter exporter_of(std::int64_t first) {
        return testing::exporter("h" + std::to_string(first / per_host));
    }

    void publish(std::int64_t first) {
        const Exporter me = exporter_of(first);
        const std::string& name = me.host.text();
        wanted_.clear();
        for (std::int64_t i = first; i < first + per_host; ++i) {
            const std::string file = "f" + std::to_string(i);
            wanted_.push_back({{"file", file}, fields_of(file, "content"), {}});
        }
        Subtree subtree;
        PublicationOrder order{subtree, wanted_, me, {1'000'000, std::size_t{1} << 30}};
        order.now = since_1970(now_);
        const auto plan = plan_publication(order);
        check(plan && plan->steps.size() == 1, "everything fits");
        subtree.apply(plan->steps[0].operations, ++revision_, me.host);
        for (const Operation& operation : plan->steps[0].operations)
            reading_.records.push_back({operation.key, operation.value, revision_, revision_, 0});
        reading_.revision = revision_;
        subtrees_.push_back(std::move(subtree));
        exporters_.show(
            name, make_key_set(testing::credentials(name), testing::authority().cluster()), now_);
    }

    const WallTime now_ = SimClock{}.wall();
    const Catalog catalog_ = standard_kinds();
    MemoryKeeper keeper_;
    Exporters exporters_{keeper_};
    ExportFold fold_{catalog_, host("me"), exporters_, any_number()};
    std::vector<Subtree> subtrees_;
    std::vector<Wanted> wanted_;  // of the last host
    Reading reading_;
    Revision revision_ = 1;
};

void verify_all(benchmark::State& state) {
    for (auto _ : state) {
        state.PauseTiming();
        SignedFleet fleet(state.range(0));
        state.ResumeTiming();
        const Amendment amendment = fleet.read();
        check(amendment.upserts.size() == static_cast<std::size_t>(state.range(0)),
              "everything is believed");
    }
}

// Signed, written, verified and folded.
void sign_and_verify_one(benchmark::State& state) {
    SignedFleet fleet(state.range(0));
    (void)fleet.read();
    std::uint64_t version = 0;
    for (auto _ : state)
        check(fleet.write("version " + std::to_string(++version)).upserts.size() == 1,
              "one resource is redefined");
}

void renew_one(benchmark::State& state) {
    SignedFleet fleet(state.range(0));
    (void)fleet.read();
    for (auto _ : state) check(fleet.write({}).empty(), "nothing has changed");
}

BENCHMARK(verify_all)->Arg(10'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(sign_and_verify_one)->Arg(1'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(renew_one)->Arg(1'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(draw_all)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(redraw_one)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace hansa

BENCHMARK_MAIN();
