#include "engine/run.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace hansa {
namespace {

// The time of one check or apply.
class Deadline {
 public:
    Deadline(Run& run, const Task& task) : run_(run), task_(task) {}

    // A step begins now; the loop, which cuts it off, is told by `began`.
    std::optional<Instant> renew() {
        const Instant now = task_.now();
        run_.began = moment(now);
        if (run_.timeout > Milliseconds{0}) end_ = now + run_.timeout;
        return end_;
    }
    static std::int64_t moment(Instant now) {
        return std::max<std::int64_t>(1, now.time_since_epoch().count());
    }

    bool passed() const { return end_ && task_.now() >= *end_; }
    bool over() const { return task_.cancelled() || passed(); }
    Error cut_short() const {
        if (!passed()) return Error{Code::cancelled, "cancelled"};
        return Error{Code::unavailable, "timed out after " + readable(run_.timeout)};
    }

 private:
    Run& run_;
    const Task& task_;
    std::optional<Instant> end_;
};

Result<Outcome> check_and_apply(Run& run, Context& context, Deadline& deadline) {
    context.deadline = deadline.renew();
    auto found = run.resource->check(context);
    if (!found) return std::move(found).error();
    run.difference = std::move(*found);
    const bool differs = !run.difference.empty();
    if (run.noop) return differs ? Outcome::would_change : Outcome::unchanged;
    const bool acts = context.refresh && run.resource->acts_on_refresh();
    if (!differs && !acts) return Outcome::unchanged;

    if (deadline.over()) return deadline.cut_short();
    context.deadline = deadline.renew();
    run.applied = true;
    auto applied = run.resource->apply(context, run.difference);
    if (!applied) return std::move(applied).error();
    return Outcome::changed;
}

constexpr std::size_t error_shown_max = 2000;  // bytes: room for the end of a command's output

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
    if (!run.began.compare_exchange_strong(expected, Deadline::moment(began))) {
        run.outcome = Outcome::failed;
        run.error = Error{Code::cancelled, "called off"};
        return;
    }
    Deadline deadline(run, task);
    Context context{run.machine, task, {}, run.refresh, run.store, run.speaker.get(), run.claimed};
    auto outcome = check_and_apply(run, context, deadline);
    run.took = task.now() - began;
    if (outcome) {
        run.outcome = *outcome;
        return;
    }
    run.outcome = Outcome::failed;
    // Whatever a resource says when it is cut off, the deadline is the cause.
    run.error = deadline.passed() ? deadline.cut_short() : std::move(outcome).error();
}

std::vector<ShownChange> shown_changes(const Run& run) {
    std::vector<ShownChange> changes;
    changes.reserve(run.difference.size());
    for (const Change& change : run.difference) {
        const bool sensitive = run.sensitive || change.sensitive;
        changes.push_back(
            {change.field, shown(change.from, sensitive), shown(change.to, sensitive)});
    }
    return changes;
}

std::string shown_error(const Run& run) {
    if (!run.error) return {};
    // It may quote what a file holds or a command printed; what kind of trouble it is does not.
    if (run.sensitive)
        return std::string(name_of(run.error->code)) +
               " (the text is hidden: the resource is sensitive)";
    return printable(run.error->text, error_shown_max);
}

}  // namespace hansa
