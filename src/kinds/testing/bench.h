// What tests of kinds run on: a simulated machine, and the real one inside a fresh directory.
// A suite that takes the bench as its parameter says the same of both.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "kinds/testing/declarations.h"
#include "sys/linux/machine.h"
#include "sys/linux/test_loop.h"
#include "sys/linux/workers.h"
#include "sys/sim/machine.h"

namespace hansa::kinds {

class Bench {
 public:
    virtual ~Bench() = default;
    virtual Machine machine() = 0;
    virtual Workers& workers() = 0;
    virtual Loop& loop() = 0;
    virtual bool run_until(const std::function<bool()>& holds) = 0;

    // An existing empty directory, without a trailing slash.
    virtual std::string root() = 0;
};

class SimBench final : public Bench {
 public:
    SimBench() { check(bool{sim_.files.make_directories("/work")}, "a fresh machine has room"); }
    Machine machine() override { return sim_.ports(); }
    Workers& workers() override { return sim_.workers; }
    bool run_until(const std::function<bool()>& holds) override {
        return loop_.run_until(holds, std::chrono::hours{1});
    }
    std::string root() override { return "/work"; }
    SimMachine& sim() { return sim_; }
    Loop& loop() override { return loop_; }

 private:
    SimLoop loop_;
    SimMachine sim_{loop_, 1};
};

class LinuxBench final : public Bench {
 public:
    Machine machine() override { return machine_.ports(); }
    Workers& workers() override { return workers_; }
    Loop& loop() override { return loop_; }
    bool run_until(const std::function<bool()>& holds) override {
        return hansa::test::run_until(loop_, holds);
    }
    std::string root() override { return directory_.path(); }

 private:
    hansa::test::FreshDirectory directory_;
    LinuxLoop loop_;
    // Its messages go nowhere: there is nobody in the directory who would listen.
    LinuxMachine machine_{
        loop_, {.notices = {directory_.path() + "/journal", directory_.path() + "/log"}}};
    LinuxWorkers workers_{loop_};
};

template <class B>
std::unique_ptr<Bench> make_bench() {
    return std::make_unique<B>();
}

struct Circumstances {
    bool refresh = false;
    std::optional<Duration> deadline = {};  // from now
    KeyValue* store = nullptr;
    Speaker* speaker = nullptr;
    std::optional<Duration> cancel_after = {};
    std::vector<std::string> claimed = {};  // in byte order
};

// Runs `work` in a worker with a context as the engine would make it, and waits for its end.
inline void perform(Bench& bench, const Circumstances& around,
                    const std::function<void(const Context&)>& work) {
    bool ended = false;
    const Machine machine = bench.machine();
    std::optional<Instant> deadline;
    if (around.deadline) deadline = machine.clock.now() + *around.deadline;
    auto cancel = bench.workers().run(
        [&](Task& task) {
            work({machine, task, deadline, around.refresh, around.store, around.speaker,
                  around.claimed});
        },
        [&ended] { ended = true; });
    Held cut;
    if (around.cancel_after)
        cut = bench.loop().after(*around.cancel_after, [cancel] { cancel->cancel(); });
    ASSERT_TRUE(bench.run_until([&ended] { return ended; })) << "the work never ended";
}

inline Result<Difference> look(Bench& bench, const ResourcePtr& resource,
                               const Circumstances& around = {}) {
    std::optional<Result<Difference>> found;
    perform(bench, around, [&](const Context& context) { found = resource->check(context); });
    return *found;
}

// Check, then apply where there is a difference: "ok", "changed", or the error's text.
inline std::string run(Bench& bench, const ResourcePtr& resource,
                       const Circumstances& around = {}) {
    std::string outcome = "ok";
    perform(bench, around, [&](const Context& context) {
        auto difference = resource->check(context);
        if (!difference) {
            outcome = difference.error().text;
            return;
        }
        if (difference->empty()) return;
        auto applied = resource->apply(context, *difference);
        outcome = applied ? "changed" : applied.error().text;
    });
    return outcome;
}

// "content: "a" -> "b"; mode: 0644 -> 0600"
inline std::string text_of(const Result<Difference>& difference) {
    if (!difference) return difference.error().text;
    std::string text;
    for (const Change& change : *difference) {
        if (!text.empty()) text += "; ";
        text += change.field + ": " + change.from + " -> " + change.to;
    }
    return text;
}

}  // namespace hansa::kinds
