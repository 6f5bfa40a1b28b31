// The agent's figures for monitoring systems (--metrics): counts what is told, and shows it at
// /metrics. Loop thread only. Nothing is counted where nobody asked for it.
#pragma once

#include <functional>
#include <optional>

#include "report/metrics.h"
#include "sys/pages.h"

namespace hansa {

// Shows them as long as the handle lives; everything given must outlive it. Says in the report
// where. Errors as those of Pages::serve().
[[nodiscard]] Result<Held> serve_metrics(Pages& pages, const HostPort& at, Report& report,
                                         std::function<std::optional<SeatFigures>()> seats);

}  // namespace hansa
