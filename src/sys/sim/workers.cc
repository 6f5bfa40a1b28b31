#include "sys/sim/workers.h"

#include <algorithm>
#include <utility>

namespace hansa {

class SimWorkers::Job final : public Task, public std::enable_shared_from_this<SimWorkers::Job> {
 public:
    Job(SimWorkers& workers, Work work, Action on_done)
        : owner(workers),
          fiber(workers.stacks_, [this, work = std::move(work)] { work(*this); }),
          done(std::move(on_done)) {}

    bool cancelled() const override { return is_cancelled; }
    Instant now() const override { return owner.loop_.clock().now(); }
    int cancel_fd() const override { return -1; }

    void sleep(Duration duration) override {
        if (is_cancelled) return;
        resume_after(duration);
        asleep = true;
        fiber.pause();
        asleep = false;
    }

    // A sleep ends now, though not from within the canceller's frame.
    void cancel() {
        is_cancelled = true;
        if (asleep) resume_after(Duration{0});
    }

    void resume_after(Duration delay) {
        wake = owner.loop_.after(delay, [this] { owner.resume(shared_from_this()); });
    }

    SimWorkers& owner;
    Fiber fiber;
    Action done;
    Held wake;  // the timer that starts or resumes it, or that tells its end
    std::uint64_t number = 0;
    bool started = false;
    bool asleep = false;
    bool is_cancelled = false;
};

// Outlives its task and even the workers without harm.
class SimWorkers::Ticket final : public Cancel {
 public:
    explicit Ticket(std::weak_ptr<Job> job) : job_(std::move(job)) {}

    void cancel() override {
        auto job = job_.lock();
        if (job && !job->fiber.finished()) job->cancel();
    }

 private:
    std::weak_ptr<Job> job_;
};

SimWorkers::SimWorkers(SimLoop& loop, std::uint64_t seed, SimWorkersOptions options)
    : loop_(loop), random_(seed), options_(options) {}

SimWorkers::~SimWorkers() {
    waiting_.clear();
    for (auto& [number, job] : running_) {
        job->is_cancelled = true;
        job->wake.reset();
        while (job->started && !job->fiber.finished()) job->fiber.resume();
    }
}

Duration SimWorkers::latency() {
    const auto most = static_cast<std::uint64_t>(options_.latency_max.count());
    return Duration{static_cast<Duration::rep>(random_.below(most + 1))};
}

std::shared_ptr<Cancel> SimWorkers::run(Work work, Action done) {
    auto job = std::make_shared<Job>(*this, std::move(work), std::move(done));
    waiting_.push_back(job);
    fill();
    return std::make_shared<Ticket>(job);
}

void SimWorkers::fill() {
    while (!waiting_.empty() && running_.size() < options_.at_once) {
        std::shared_ptr<Job> job = std::move(waiting_.front());
        waiting_.pop_front();
        job->number = ++started_;
        job->resume_after(latency());
        running_.emplace(job->number, job);
        most_at_once_ = std::max(most_at_once_, running_.size());
    }
}

void SimWorkers::resume(const std::shared_ptr<Job>& job) {
    job->wake.reset();
    job->started = true;
    job->fiber.resume();
    if (job->fiber.finished()) job->wake = loop_.after(latency(), [this, job] { finish(job); });
}

void SimWorkers::finish(const std::shared_ptr<Job>& job) {
    const Action done = std::move(job->done);
    running_.erase(job->number);
    fill();
    done();
}

}  // namespace hansa
