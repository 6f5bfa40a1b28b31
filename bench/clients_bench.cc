// What N clients of the store cost it: three voters, each client with a connection of its own, a
// watch of all exports and a lease, as every agent has.
//
//     clients_bench N
//
// Prints five numbers: the memory of the largest voter (KiB); the microseconds from a commit's
// call until the last client has its event, median of 21; then, of ten seconds of rest, the
// processor time of all voters together and of all clients together (microseconds a second); and
// the memory of all clients together (KiB).
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/text.h"
#include "mesh/etcd/testing/client.h"
#include "servers/testing/etcd_rig.h"

namespace hansa {
namespace {

constexpr std::size_t rounds = 21;
constexpr Seconds rest{10};
constexpr Seconds patience{120};
const std::string watched = "/hansa/v1/exports/";

std::int64_t resident_kib(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("VmRSS:")) return std::strtoll(line.c_str() + 6, nullptr, 10);
    return 0;
}

// User and system time of the process, proc(5): fields 14 and 15, after the name in parentheses.
std::int64_t cpu_us(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    std::int64_t user = 0;
    std::int64_t system = 0;
    fields >> user >> system;
    return (user + system) * 1'000'000 / ::sysconf(_SC_CLK_TCK);
}

struct Watcher {
    Watcher(LinuxLoop& loop, const test::EtcdRig& rig, const StoreIdentity& identity,
            std::size_t number)
        : random(number + 1) {
        EtcdOptions options;
        options.identity = identity;
        store = make_etcd_store(loop, random, options);
        std::vector<std::string> urls = rig.urls();
        std::rotate(urls.begin(), urls.begin() + static_cast<std::ptrdiff_t>(number % rig.size()),
                    urls.end());
        store->use_endpoints(urls);
        lease = store->keep_lease(
            Seconds{30}, {.on_granted = [this](LeaseId) { leased = true; }, .on_lost = [] {}});
        watch = store->watch(watched, 0,
                             {.on_events = [this](const EventBatch&) { ++events; },
                              .on_lost = [](Revision) {},
                              .on_begun = [this](Revision) { begun = true; }});
    }

    SeededRandom random;
    std::unique_ptr<EtcdStore> store;
    Held lease;
    Held watch;
    bool leased = false;
    bool begun = false;
    std::size_t events = 0;
};

class Crowd {
 public:
    explicit Crowd(std::size_t count) : rig_(loop_, 3, EtcdTiming{}) {
        rig_.start_all();
        const StoreIdentity identity = test::peer_of(rig_);
        writer_.emplace(loop_, rig_);
        for (std::size_t number = 0; number < count; ++number)
            all_.push_back(std::make_unique<Watcher>(loop_, rig_, identity, number));
        await([](const Watcher& one) { return one.leased && one.begun; }, "stands");
    }

    std::int64_t fan_out_us() {
        std::vector<std::int64_t> took;
        for (std::size_t round = 1; round <= rounds; ++round) {
            const Instant begun = loop_.clock().now();
            writer_->store().commit(
                {{}, {Operation::put(watched + "h/file/f", "round " + std::to_string(round))}},
                [](const Result<Committed>& done) { check(bool(done), "the store takes it"); });
            await([round](const Watcher& one) { return one.events >= round; }, "is told");
            took.push_back((loop_.clock().now() - begun).count() / 1000);
        }
        std::nth_element(took.begin(), took.begin() + rounds / 2, took.end());
        return took[rounds / 2];
    }

    // Microseconds a second of all voters, and of ourselves.
    std::pair<std::int64_t, std::int64_t> at_rest() {
        const std::int64_t voters = voters_us();
        const std::int64_t own = cpu_us(::getpid());
        const Instant end = loop_.clock().now() + rest;
        while (loop_.clock().now() < end) (void)loop_.step(Milliseconds{100});
        return {(voters_us() - voters) / rest.count(), (cpu_us(::getpid()) - own) / rest.count()};
    }

    std::int64_t largest_kib() const {
        std::int64_t most = 0;
        for (std::size_t at = 0; at < rig_.size(); ++at)
            most = std::max(most, resident_kib(rig_.pid(at)));
        return most;
    }

 private:
    std::int64_t voters_us() const {
        std::int64_t sum = 0;
        for (std::size_t at = 0; at < rig_.size(); ++at) sum += cpu_us(rig_.pid(at));
        return sum;
    }

    template <class Holds>
    void await(Holds holds, const char* what) {
        const Instant end = loop_.clock().now() + patience;
        std::size_t done = 0;  // those before this one do
        while (done < all_.size()) {
            check(loop_.clock().now() < end, what);
            (void)loop_.step(Milliseconds{1});
            while (done < all_.size() && holds(*all_[done])) ++done;
        }
    }

    LinuxLoop loop_;
    test::EtcdRig rig_;
    std::optional<test::Client> writer_;
    std::vector<std::unique_ptr<Watcher>> all_;
};

int run(std::size_t count) {
    Crowd crowd(count);
    const std::int64_t fan_out = crowd.fan_out_us();
    const auto [voters, clients] = crowd.at_rest();
    std::printf("%lld %lld %lld %lld %lld\n", static_cast<long long>(crowd.largest_kib()),
                static_cast<long long>(fan_out), static_cast<long long>(voters),
                static_cast<long long>(clients), static_cast<long long>(resident_kib(::getpid())));
    return 0;
}

}  // namespace
}  // namespace hansa

int main(int argc, char** argv) {
    const auto count = argc == 2 ? hansa::to_int(argv[1]).value_or(0) : std::int64_t{0};
    if (count < 1 || count > 10'000) {
        std::fprintf(stderr, "usage: clients_bench N\n");
        return 2;
    }
    return hansa::run(static_cast<std::size_t>(count));
}
