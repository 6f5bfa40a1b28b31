// The elastic pool of threads behind the Workers port.
//
// Small tasks share a few threads, about one per core, so that ten thousand of them cost neither
// ten thousand threads nor a wake-up each. A task that is about to wait says so (Task::blocking,
// Task::sleep) and no longer counts: the next task gets another thread at once. A task that waits
// without saying so is noticed when the queue has not moved for `patience`, and the pool grows,
// doubling, until it moves. Idle threads end after `idle_time`; at rest there is none.
//
// run() gathers what one loop callback hands in and passes it on at its end (or every 32 tasks):
// one lock and at most one wake-up per thread for the lot. Finished tasks come back in batches
// likewise.
#pragma once

#include <cstddef>
#include <memory>

#include "sys/loop.h"
#include "sys/task.h"

namespace hansa {

struct WorkersOptions {
    std::size_t limit = 512;  // threads
    Duration idle_time = Seconds{2};
    Duration patience = Milliseconds{2};
    std::size_t stack_bytes = 256 * 1024;  // files, accounts and children use under 48 KiB
};

class LinuxWorkers final : public Workers {
 public:
    // `loop` must outlive the pool.
    explicit LinuxWorkers(Loop& loop, WorkersOptions options = {});

    // Tasks that have not begun never do; running ones are cancelled and waited for; no `done`
    // runs afterwards. Loop thread only.
    ~LinuxWorkers() override;

    std::shared_ptr<Cancel> run(Work work, Action done) override;

    // Threads alive now, for tests and figures.
    std::size_t threads() const;

 private:
    struct Pool;
    std::shared_ptr<Pool> pool_;  // shared with its threads and with actions posted to the loop
};

}  // namespace hansa
