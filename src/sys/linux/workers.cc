#include "sys/linux/workers.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/check.h"
#include "sys/linux/worker_task.h"

namespace hansa {

namespace {

using TaskPtr = std::shared_ptr<WorkerTask>;

constexpr std::size_t gather_max = 32;

// Sanitizers need several times the stack of the plain program.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t stack_factor = 8;
#else
constexpr std::size_t stack_factor = 1;
#endif

std::size_t share_of_cores() {
    return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 2, 16);
}

}  // namespace

// Counts: `threads` alive = `idle` (waiting for work, the woken included) + busy ones; of the
// busy, `blocked` have announced that they wait. Invariant: while tasks are queued, either
// `wanted` threads are busy and not blocked (or on their way), or the limit is reached.
struct LinuxWorkers::Pool : std::enable_shared_from_this<LinuxWorkers::Pool> {
    Pool(Loop& a_loop, WorkersOptions some) : loop(a_loop), options(some) {}

    Loop& loop;
    const WorkersOptions options;
    const std::size_t fair = share_of_cores();

    // Loop thread only.
    std::vector<TaskPtr> gathered;
    Held stall_timer;
    std::uint64_t taken_before = 0;
    bool open = true;  // false once the LinuxWorkers is gone

    std::mutex mutex;  // guards all below
    std::condition_variable work_came;
    std::condition_variable thread_ended;
    std::deque<TaskPtr> queue;
    std::vector<TaskPtr> finished;
    std::unordered_set<WorkerTask*> running;
    std::uint64_t taken = 0;
    std::size_t threads = 0;
    std::size_t idle = 0;
    std::size_t woken = 0;
    std::size_t blocked = 0;
    std::size_t wanted = fair;
    bool closing = false;

    void gather(TaskPtr task);
    void pass_on();
    void watch_for_stall();
    void deliver();
    void close();

    std::size_t active() const { return threads - idle - blocked + woken; }
    void staff();       // with mutex
    bool add_thread();  // with mutex
    void serve();
    void perform(std::unique_lock<std::mutex>& lock);
    void announce_blocking();
};

void LinuxWorkers::Pool::gather(TaskPtr task) {
    gathered.push_back(std::move(task));
    if (gathered.size() >= gather_max) {
        pass_on();
    } else if (gathered.size() == 1) {
        loop.post([pool = shared_from_this()] {
            if (pool->open) pool->pass_on();
        });
    }
}

void LinuxWorkers::Pool::pass_on() {
    if (gathered.empty()) return;
    {
        std::lock_guard lock(mutex);
        for (TaskPtr& task : gathered) queue.push_back(std::move(task));
        if (!stall_timer) taken_before = taken;
        staff();
    }
    gathered.clear();
    if (!stall_timer) watch_for_stall();
}

// Armed while tasks are queued, and once more after that: at rest nothing ticks.
void LinuxWorkers::Pool::watch_for_stall() {
    stall_timer = loop.after(options.patience, [this] {
        stall_timer.reset();
        std::lock_guard lock(mutex);
        if (queue.empty()) {
            wanted = fair;
            return;
        }
        if (taken == taken_before) wanted = std::min(wanted * 2, options.limit);
        taken_before = taken;
        staff();
        watch_for_stall();
    });
}

void LinuxWorkers::Pool::staff() {
    std::size_t tasks = queue.size();
    while (tasks > 0 && active() < wanted) {
        if (idle > woken) {
            ++woken;
            work_came.notify_one();
        } else if (!add_thread()) {
            return;
        }
        --tasks;
    }
}

// A failure (no memory, no process slots) is tried again by the stall timer.
bool LinuxWorkers::Pool::add_thread() {
    if (threads >= options.limit) return false;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, options.stack_bytes * stack_factor);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigset_t all;  // signals are the loop thread's; a system call of a task is not interrupted
    sigfillset(&all);
    pthread_attr_setsigmask_np(&attributes, &all);
    auto* self = new std::shared_ptr<Pool>(shared_from_this());
    pthread_t thread;
    int failed = pthread_create(
        &thread, &attributes,
        [](void* argument) -> void* {
            std::unique_ptr<std::shared_ptr<Pool>> pool(
                static_cast<std::shared_ptr<Pool>*>(argument));
            (*pool)->serve();
            return nullptr;
        },
        self);
    pthread_attr_destroy(&attributes);
    if (failed != 0) {
        delete self;
        return false;
    }
    ++threads;
    return true;
}

void LinuxWorkers::Pool::serve() {
    std::unique_lock lock(mutex);
    while (!closing) {
        if (!queue.empty() && active() <= wanted) {
            perform(lock);
            continue;
        }
        ++idle;
        bool came =
            work_came.wait_for(lock, options.idle_time, [this] { return closing || woken > 0; });
        --idle;
        if (!came) break;
        if (woken > 0) --woken;
    }
    --threads;
    if (threads == 0) thread_ended.notify_all();
}

void LinuxWorkers::Pool::perform(std::unique_lock<std::mutex>& lock) {
    TaskPtr task = std::move(queue.front());
    queue.pop_front();
    ++taken;
    running.insert(task.get());
    lock.unlock();

    bool was_blocking = task->perform([this] { announce_blocking(); });

    lock.lock();
    running.erase(task.get());
    if (was_blocking) --blocked;
    finished.push_back(std::move(task));
    if (finished.size() == 1 && !closing) {
        loop.post([pool = shared_from_this()] {
            if (pool->open) pool->deliver();
        });
    }
}

void LinuxWorkers::Pool::announce_blocking() {
    std::lock_guard lock(mutex);
    ++blocked;
    staff();
}

void LinuxWorkers::Pool::deliver() {
    std::vector<TaskPtr> batch;
    {
        std::lock_guard lock(mutex);
        batch.swap(finished);
    }
    for (TaskPtr& task : batch) {
        if (!open) return;  // a `done` may end the pool
        task->finish();
    }
}

void LinuxWorkers::Pool::close() {
    open = false;
    stall_timer.reset();
    std::vector<TaskPtr> dropped = std::move(gathered);
    std::unique_lock lock(mutex);
    closing = true;
    dropped.insert(dropped.end(), queue.begin(), queue.end());
    queue.clear();
    for (WorkerTask* task : running) task->cancel();
    work_came.notify_all();
    thread_ended.wait(lock, [this] { return threads == 0; });
    dropped.insert(dropped.end(), finished.begin(), finished.end());
    finished.clear();
    lock.unlock();  // captures of the dropped tasks end without the lock
}

LinuxWorkers::LinuxWorkers(Loop& loop, WorkersOptions options)
    : pool_(std::make_shared<Pool>(loop, options)) {
    check(options.limit > 0, "a pool has at least one thread");
}

LinuxWorkers::~LinuxWorkers() {
    pool_->close();
}

std::shared_ptr<Cancel> LinuxWorkers::run(Work work, Action done) {
    auto task = std::make_shared<WorkerTask>(std::move(work), std::move(done));
    pool_->gather(task);
    return task;
}

std::size_t LinuxWorkers::threads() const {
    std::lock_guard lock(pool_->mutex);
    return pool_->threads;
}

}  // namespace hansa
