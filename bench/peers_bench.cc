// A hundred peers in one process exchange files through a real etcd: simulated machines, but the
// mesh, the graph, the engine and the store's connection are those of the product.
//
//     peers_bench HOST:PORT TRUST N K
//
// TRUST holds ca.pem, tls.pem and tls.key, which all of them show.
// N peers export K files each and collect what everyone exports. Prints the microseconds from
// the first request until each machine holds all N × K files. 60 s without that end the program
// with status 1. Compare with exchange_floor.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "engine/runner.h"
#include "graph/graph.h"
#include "kinds/standard.h"
#include "mesh/etcd/store.h"
#include "mesh/mesh.h"
#include "mesh/testing.h"
#include "sys/linux/loop.h"
#include "sys/linux/random.h"
#include "sys/sim/machine.h"

namespace hansa {
namespace {

// What all peers share. The machines' loop is simulated and driven from the real one.
struct Surroundings {
    LinuxLoop loop;
    SimLoop machines;
    LinuxRandom random;
    Authority authority = Authority::make("bench", loop.clock().wall()).issuing;
    Catalog catalog = standard_kinds();
    StoreIdentity identity;
};

std::string text_of(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

HostName host(std::size_t number) {
    auto parsed = HostName::parse("h" + std::to_string(number));
    check(bool(parsed), "the name is good");
    return *std::move(parsed);
}

std::vector<Wanted> exports_of(std::size_t number, std::size_t count) {
    std::vector<Wanted> all;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string name = "f" + std::to_string(number) + "-" + std::to_string(i);
        Value::Map fields;
        fields.push_back({"path", {}, Value::of_text("/elsewhere/" + name)});
        fields.push_back({"content", {}, Value::of_text(std::string(200, 'x') + name)});
        all.push_back({{"file", name}, Value::of_map(std::move(fields)), {}});
    }
    return all;
}

CollectRequest everything() {
    CollectRequest request;
    request.kind = "file";
    request.pattern = "/collected/";
    return request;
}

class Peer {
 public:
    Peer(Surroundings& here, const std::string& endpoint, std::size_t number, std::size_t exports)
        : machine_(here.machines, number),
          graph_(here.catalog),
          report_(here.machines.clock()),
          runner_(graph_,
                  {here.machines, machine_.workers, machine_.watcher, machine_.ports(), report_},
                  {}, [] {}),
          store_(make_etcd_store(here.loop, here.random, {{}, {}, here.identity})),
          mesh_(here.loop, *store_, here.random, here.catalog, report_, host(number),
                options(here, number, memory_),
                {.on_amendment = [this](const Amendment& change) { take(change); },
                 .on_entered = [](const std::string&, std::uint64_t) {},
                 .on_refused = [](const Error& error) { give_up(error); },
                 .on_moved = [] {}}) {
        check(bool(machine_.files.make_directories("/collected")), "a fresh machine takes it");
        store_->use_endpoints({endpoint});
        mesh_.publish(exports_of(number, exports));
        mesh_.collect({everything()});
    }

    void start() { mesh_.start(); }

    bool holds(std::size_t files) const {
        return graph_.size() == files && runner_.standing().at_rest();
    }

    // What really lies on its disk.
    std::size_t files() const {
        auto found = machine_.files.list("/collected");
        return found ? found->size() : 0;
    }

 private:
    static MeshOptions options(Surroundings& here, std::size_t number, TrustKeeper& memory) {
        const Credentials mine = testing::credentials_of({host(number).text()}, here.authority,
                                                         here.loop.clock().wall());
        MeshOptions made{{mine, testing::anything(), memory}};
        made.membership.uuid = mine.uuid;
        made.membership.incarnation = 1;
        made.membership.version = HANSA_VERSION;
        made.membership.where = "peer " + std::to_string(number);
        made.membership.admission.founding = Founding::if_empty;
        return made;
    }

    [[noreturn]] static void give_up(const Error& error) {
        std::fprintf(stderr, "peers_bench: %s\n", error.text.c_str());
        std::exit(1);
    }

    void take(const Amendment& change) { runner_.adopt(graph_.amend(change)); }

    SimMachine machine_;
    Graph graph_;
    Report report_;
    Runner runner_;
    std::unique_ptr<EtcdStore> store_;
    MemoryKeeper memory_;
    Mesh mesh_;
};

int run(const std::string& endpoint, const std::string& trust, std::size_t peers,
        std::size_t exports) {
    Surroundings here;
    here.identity = {text_of(trust + "/ca.pem"), text_of(trust + "/tls.pem"),
                     text_of(trust + "/tls.key"), ""};
    std::vector<std::unique_ptr<Peer>> all;
    for (std::size_t i = 0; i < peers; ++i)
        all.push_back(std::make_unique<Peer>(here, endpoint, i, exports));
    const Instant begun = here.loop.clock().now();
    for (auto& peer : all) peer->start();
    std::size_t complete = 0;  // peers before this one hold everything
    while (complete < peers && here.loop.clock().now() - begun < Seconds(60)) {
        here.loop.step(Milliseconds(20));
        here.machines.run_until_idle(Seconds(3600));
        while (complete < peers && all[complete]->holds(peers * exports)) ++complete;
    }
    const Duration took = here.loop.clock().now() - begun;
    for (auto& peer : all) {
        if (peer->files() == peers * exports) continue;
        std::fprintf(stderr, "a machine holds %zu files\n", peer->files());
        return 1;
    }
    std::printf("%lld\n", static_cast<long long>(took.count() / 1000));
    return 0;
}

}  // namespace
}  // namespace hansa

int main(int argc, char** argv) {
    const auto number = [&](int at) {
        return argc == 5 ? hansa::to_int(argv[at]).value_or(0) : std::int64_t{0};
    };
    if (number(3) < 1 || number(4) < 1) {
        std::fprintf(stderr, "usage: peers_bench HOST:PORT TRUST N K\n");
        return 2;
    }
    return hansa::run(argv[1], argv[2], static_cast<std::size_t>(number(3)),
                      static_cast<std::size_t>(number(4)));
}
