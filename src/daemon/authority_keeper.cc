#include "daemon/authority_keeper.h"

namespace hansa {

namespace {

// An agent starts without waiting for this.
constexpr Duration after_start = Seconds{1};
constexpr Duration between_looks = Seconds{24 * 3600};

}  // namespace

void AuthorityKeeper::look_soon() {
    timer_ = ports_.loop.after(after_start, [this] { look(); });
}

void AuthorityKeeper::look() {
    timer_ = ports_.loop.after(between_looks, [this] { look(); });
    const WallTime now = ports_.loop.clock().wall();
    auto authority = files_.keep(now);
    if (!authority && authority.error().code == Code::missing) return;
    if (!authority) return ports_.report.publish(happened::Warned{authority.error().text});
    if (auto warning = issuing_warning(*authority, now))
        ports_.report.publish(happened::Warned{*warning});
}

}  // namespace hansa
