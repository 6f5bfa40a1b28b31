#include "engine/run.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace hansa {
namespace {

Error cut_short(const Run& run, const Task& task, std::optional<Instant> deadline) {
    if (deadline && task.now() >= *deadline)
        return Error{Code::unavailable, "timed out after " + readable(run.timeout)};
    return Error{Code::cancelled, "cancelled"};
}

bool is_over(const Task& task, std::optional<Instant> deadline) {
    return task.cancelled() || (deadline && task.now() >= *deadline);
}

Result<Outcome> check_and_apply(Run& run, const Context& context) {
    auto found = run.resource->check(context);
    if (!found) return std::move(found).error();
    run.difference = std::move(*found);
    const bool differs = !run.difference.empty();
    if (run.noop) return differs ? Outcome::would_change : Outcome::unchanged;
    const bool acts = context.refresh && run.resource->acts_on_refresh();
    if (!differs && !acts) return Outcome::unchanged;

    if (is_over(context.task, context.deadline))
        return cut_short(run, context.task, context.deadline);
    run.applied = true;
    auto applied = run.resource->apply(context, run.difference);
    if (!applied) return std::move(applied).error();
    return Outcome::changed;
}

std::string shown(const std::string& text, bool sensitive) {
    if (text.empty()) return {};
    return sensitive ? "(hidden)" : printable(text);
}

}  // namespace

void Run::call_off() {
    std::int64_t expected = queued;
    began.compare_exchange_strong(expected, called_off);
}

void perform(Run& run, Task& task) {
    const Instant began = task.now();
    std::int64_t expected = Run::queued;
    const std::int64_t moment = std::max<std::int64_t>(1, began.time_since_epoch().count());
    if (!run.began.compare_exchange_strong(expected, moment)) {
        run.outcome = Outcome::failed;
        run.error = Error{Code::cancelled, "called off"};
        return;
    }
    std::optional<Instant> deadline;
    if (run.timeout > Milliseconds{0}) deadline = began + run.timeout;
    const Context context{run.machine,       task,       deadline, run.refresh, run.store,
                          run.speaker.get(), run.claimed};
    auto outcome = check_and_apply(run, context);
    run.took = task.now() - began;
    if (outcome) {
        run.outcome = *outcome;
        return;
    }
    run.outcome = Outcome::failed;
    // Whatever a resource says when it is cut off, the deadline is the cause.
    const bool late = deadline && task.now() >= *deadline;
    run.error = late ? cut_short(run, task, deadline) : std::move(outcome).error();
}

std::vector<ShownChange> shown(const Difference& difference) {
    std::vector<ShownChange> changes;
    changes.reserve(difference.size());
    for (const Change& change : difference)
        changes.push_back({change.field, shown(change.from, change.sensitive),
                           shown(change.to, change.sensitive)});
    return changes;
}

}  // namespace hansa
