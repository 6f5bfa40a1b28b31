// Pages on the loop; what of a request is HTTP is read by Boost.Beast.
#pragma once

#include "sys/linux/loop.h"
#include "sys/pages.h"

namespace hansa {

class LinuxPages final : public Pages {
 public:
    // `loop` must outlive the pages and every handle.
    explicit LinuxPages(LinuxLoop& loop) : loop_(loop) {}

    Result<Served> serve(const HostPort& at, Show show, PageLimits limits) override;

 private:
    LinuxLoop& loop_;
};

}  // namespace hansa
