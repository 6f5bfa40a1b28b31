// One run of one resource: check, and apply where the check found something to do.
//
// A Run is made on the loop, worked by one task and read on the loop when the task is done. The
// two sides never touch it at once, except for `began`.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "report/event.h"
#include "resource/meta.h"
#include "resource/resource.h"
#include "sys/machine.h"
#include "sys/task.h"

namespace hansa {

struct Run {
    Run(Machine ports, ResourcePtr what) : machine(ports), resource(std::move(what)) {}

    // What to do.
    Machine machine;
    ResourcePtr resource;  // shared: the graph may be replaced meanwhile
    KeyValue* store = nullptr;
    std::shared_ptr<Speaker> speaker;  // shared: may be spoken to after the runner has gone
    std::vector<std::string> claimed;  // as Context has it
    bool noop = false;
    bool sensitive = false;  // nothing of it is told
    bool refresh = false;
    Milliseconds timeout{0};  // 0: none

    // When the check or apply under way began, as a count of nanoseconds, or one of these. Whoever
    // changes `queued` first decides whether there is a run at all.
    static constexpr std::int64_t queued = 0;  // waits for a worker
    static constexpr std::int64_t called_off = -1;
    std::atomic<std::int64_t> began{queued};

    // What has not begun never will. On the loop.
    void call_off();

    // What came of it.
    Outcome outcome = Outcome::unchanged;
    Difference difference;
    std::optional<Error> error;
    bool applied = false;  // apply was called
    Duration took{0};
};

// In a worker. A run that was called off ends as cancelled at once. Check and apply have the
// same time each.
void perform(Run& run, Task& task);

// What may be told of it: cut, printable, secrets hidden.
std::vector<ShownChange> shown_changes(const Run& run);
std::string shown_error(const Run& run);  // empty: there was none

}  // namespace hansa
