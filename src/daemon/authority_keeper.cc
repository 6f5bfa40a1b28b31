#include "daemon/authority_keeper.h"

namespace hansa {

namespace {

constexpr Duration between_looks = Seconds{24 * 3600};

}  // namespace

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
