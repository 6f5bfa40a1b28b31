// Random graphs and random misfortunes, by the thousand: does the engine keep its promises?
//
//     HANSA_SEED=123 engine_sim_test      one seed, with everything that was done
//     HANSA_SEEDS=100000 engine_sim_test  so many, instead of 2,000
#include <gtest/gtest.h>

#include <cerrno>  // program_invocation_name
#include <cstdio>
#include <cstdlib>

#include "base/text.h"
#include "node.h"
#include "oracle.h"
#include "scenario.h"

namespace hansa {
namespace {

constexpr Duration heal_limit = std::chrono::minutes{20};
constexpr std::uint64_t failures_shown = 3;

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

// One seed from its first declaration to the last healing.
class Trial {
 public:
    explicit Trial(std::uint64_t seed) : random_(seed ^ 0x5eed), scenario_(seed) {
        SimNodeOptions options;
        options.seed = seed;
        options.witness = &oracle_;
        options.adopting = [this](const Delta& delta) { oracle_.adopted(delta); };
        if (random_.chance(0.2)) options.runner.sema = 1 + std::uint32_t(random_.below(3));
        if (random_.chance(0.2)) options.machine.workers.at_once = 1 + random_.below(4);
        options.machine.workers.latency_max = std::chrono::microseconds{random_.below(300)};
        options.machine.watch.delay_max = std::chrono::microseconds{random_.below(2000)};
        node_ = std::make_unique<SimNode>(loop_, options);
        oracle_.follow(node_->graph(), options.runner);
        scenario_.install(node_->machine());
    }

    // What went wrong, one line each.
    std::vector<std::string> run() {
        declare();
        const std::uint64_t deeds = 3 + random_.below(12);
        for (std::uint64_t i = 0; i < deeds && oracle_.violations().empty(); ++i) {
            wait();
            act();
        }
        if (oracle_.violations().empty()) heal();
        std::vector<std::string> wrong = oracle_.violations();
        wrong.insert(wrong.end(), wrong_.begin(), wrong_.end());
        return wrong;
    }

    const OracleCounts& counts() const { return oracle_.counts(); }

    std::string story() const {
        return scenario_.yaml() + "\ndeeds: " + join(scenario_.diary(), "; ") + "\n" +
               join(oracle_.log(400), "\n") + "\n";
    }

 private:
    void declare() {
        if (auto delta = node_->want(scenario_.yaml()); !delta)
            wrong_.push_back(delta.error().text);
    }

    // A moment, a while, or until nothing happens any more.
    void wait() {
        const std::uint64_t dice = random_.below(10);
        if (dice < 4) {
            for (std::uint64_t i = random_.below(60); i > 0; --i) loop_.step();
        } else if (dice < 8) {
            loop_.run_for(Milliseconds{random_.below(3000)});
        } else if (node_->settle(Seconds{60})) {
            look_at_rest();
        }
    }

    void act() {
        const std::uint64_t dice = random_.below(12);
        if (dice < 6) {
            scenario_.disturb(node_->machine());
        } else if (dice < 9) {
            random_.chance(0.7) ? scenario_.revise() : scenario_.drop_something();
            declare();
            if (!random_.chance(0.5)) return;
            for (std::uint64_t i = random_.below(20); i > 0; --i) loop_.step();
            if (scenario_.revive()) declare();
        } else if (dice < 10) {
            for (int i = 0; i < 20; ++i) {
                scenario_.pester(node_->machine());
                loop_.run_for(Milliseconds{random_.below(100)});
            }
        } else if (dice < 11) {
            redefine_a_running_notifier();
        } else {
            const std::size_t before = node_->graph().size();
            if (node_->want(scenario_.broken_yaml())) wrong_.push_back("broken graph accepted");
            if (node_->graph().size() != before) wrong_.push_back("broken graph changed the old");
        }
    }

    // Its run may end after the redefinition and leave the next one nothing to change.
    void redefine_a_running_notifier() {
        const std::string file = scenario_.spoil_a_notifier(node_->machine());
        if (file.empty()) return;
        for (std::uint64_t i = random_.below(20); i > 0; --i) loop_.step();
        scenario_.redefine_meta(file);
        declare();
    }

    void look_at_rest() {
        oracle_.at_rest(node_->runner().standing(), node_->report().snapshot());
        std::size_t wanted = 0;
        const Graph& graph = node_->graph();
        for (Slot slot = 0; slot < graph.slot_count(); ++slot)
            if (graph.at(slot).alive) wanted += graph.at(slot).resource->watches().size();
        if (node_->machine().watcher.size() > wanted)
            wrong_.push_back("more paths are watched than resources ask for");
    }

    void heal() {
        scenario_.heal(node_->machine());
        declare();
        node_->machine().watcher.overflow();
        const bool healed = loop_.run_until(
            [this] {
                const Standing standing = node_->runner().standing();
                return standing.at_rest() && standing.failed == 0 && standing.blocked == 0 &&
                       scenario_.difference(node_->machine()).empty();
            },
            heal_limit);
        if (!healed)
            return wrong_.push_back("does not converge: " + scenario_.difference(node_->machine()));
        if (!node_->settle(heal_limit)) return wrong_.push_back("does not come to rest");
        look_at_rest();
        oracle_.all_well();
        const std::uint64_t writes = node_->files().writes();
        loop_.run_for(Seconds{30});
        if (node_->files().writes() != writes) wrong_.push_back("goes on writing when all is well");
        if (auto differs = scenario_.difference(node_->machine()); !differs.empty())
            wrong_.push_back(differs);
    }

    SimLoop loop_;
    SeededRandom random_;
    Scenario scenario_;
    Oracle oracle_{loop_.clock()};
    std::unique_ptr<SimNode> node_;
    std::vector<std::string> wrong_;
};

void add(OracleCounts& sum, const OracleCounts& counts) {
    sum.runs += counts.runs;
    sum.dirtyings += counts.dirtyings;
    sum.failures += counts.failures;
    sum.retries += counts.retries;
    sum.refreshes += counts.refreshes;
    sum.rests += counts.rests;
    sum.blocked += counts.blocked;
}

void print(std::uint64_t seeds, const OracleCounts& sum) {
    const auto shown = [](std::uint64_t count) { return static_cast<unsigned long long>(count); };
    std::printf(
        "%llu seeds: %llu runs (%llu failed, %llu retries) for %llu dirtyings (%llu "
        "refreshes); %llu rests looked at, %llu blocked resources in them\n",
        shown(seeds), shown(sum.runs), shown(sum.failures), shown(sum.retries),
        shown(sum.dirtyings), shown(sum.refreshes), shown(sum.rests), shown(sum.blocked));
}

TEST(EngineSim, random_graphs_and_misfortunes_break_no_promise) {
    const bool one = std::getenv("HANSA_SEED") != nullptr;
    const std::uint64_t first = number_from("HANSA_SEED", 1);
    const std::uint64_t count = one ? 1 : number_from("HANSA_SEEDS", 2000);
    OracleCounts sum;
    std::uint64_t failed = 0;
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        Trial trial(seed);
        const std::vector<std::string> wrong = trial.run();
        add(sum, trial.counts());
        if (!wrong.empty()) ++failed;
        const bool told = one || (!wrong.empty() && failed <= failures_shown);
        if (told) std::fputs(trial.story().c_str(), stderr);
        if (!wrong.empty() && told)
            ADD_FAILURE() << join(wrong, "\n") << "\nreplay: HANSA_SEED=" << seed << " "
                          << program_invocation_name;
    }
    EXPECT_EQ(failed, 0u) << "of " << count << " seeds";
    print(count, sum);
}

// A simulation that never meets a case proves nothing about it.
TEST(EngineSim, meets_every_sort_of_trouble) {
    OracleCounts sum;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        Trial trial(seed);
        EXPECT_TRUE(trial.run().empty()) << seed;
        add(sum, trial.counts());
    }
    EXPECT_GT(sum.runs, 1000u);
    EXPECT_GT(sum.failures, 100u);
    EXPECT_GT(sum.retries, 50u);
    EXPECT_GT(sum.refreshes, 100u);
    EXPECT_GT(sum.rests, 100u);
    EXPECT_GT(sum.blocked, 10u);
}

TEST(EngineSim, a_seed_replays_to_the_letter) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Trial first(seed);
        Trial second(seed);
        EXPECT_TRUE(first.run().empty());
        EXPECT_TRUE(second.run().empty());
        EXPECT_EQ(first.story(), second.story());
    }
}

}  // namespace
}  // namespace hansa
