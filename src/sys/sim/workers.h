// Workers of a simulation: each task is a fiber that pauses where it sleeps.
//
// A task starts and its end is told after a small latency that the seed decides, so that the order
// of unrelated tasks differs from seed to seed. What it computes costs no time, only sleep() does.
// Owned by SimMachine; destroyed before its loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>

#include "base/random.h"
#include "sys/sim/fiber.h"
#include "sys/sim/loop.h"
#include "sys/task.h"

namespace hansa {

struct SimWorkersOptions {
    std::size_t at_once = 512;  // further tasks wait for a worker
    Duration latency_max = std::chrono::microseconds{50};
};

class SimWorkers final : public Workers {
 public:
    SimWorkers(SimLoop& loop, std::uint64_t seed, SimWorkersOptions options = {});

    // Cancels: started work runs to its end at once, without sleeping; no `done` is called.
    ~SimWorkers() override;

    std::shared_ptr<Cancel> run(Work work, Action done) override;

    std::size_t running() const { return running_.size(); }
    std::size_t most_at_once() const { return most_at_once_; }  // so far
    std::uint64_t started() const { return started_; }          // so far

 private:
    class Job;
    class Ticket;

    Duration latency();
    void fill();
    void resume(const std::shared_ptr<Job>& job);
    void finish(const std::shared_ptr<Job>& job);

    SimLoop& loop_;
    SeededRandom random_;
    SimWorkersOptions options_;
    FiberStacks stacks_;
    std::deque<std::shared_ptr<Job>> waiting_;
    std::map<std::uint64_t, std::shared_ptr<Job>> running_;  // by number
    std::size_t most_at_once_ = 0;
    std::uint64_t started_ = 0;
};

}  // namespace hansa
