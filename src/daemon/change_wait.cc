#include "daemon/change_wait.h"

namespace hansa {

ChangeWait::ChangeWait(Loop& loop, Store& store, const std::vector<std::string>& prefixes,
                       Revision seen, Duration limit, std::function<void(Ended)> ended)
    : loop_(loop), ended_(std::move(ended)) {
    timer_ = loop.after(limit, [this] { end(Ended::by_time); });
    for (const std::string& prefix : prefixes)
        watches_.push_back(
            store.watch(prefix, seen + 1,
                        {.on_events = [this](const EventBatch&) { end(Ended::by_change); },
                         .on_lost = [this](Revision) { end(Ended::by_change); }}));
}

// By way of the timer: a watch must not be destroyed from within its own callback.
void ChangeWait::end(Ended how) {
    if (!ended_) return;
    timer_ = loop_.after(Duration{0}, [ended = std::exchange(ended_, nullptr), how] {
        const auto own = ended;  // which may destroy this
        own(how);
    });
}

}  // namespace hansa
