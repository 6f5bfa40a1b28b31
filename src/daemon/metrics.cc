#include "daemon/metrics.h"

#include <memory>

namespace hansa {

Result<Held> serve_metrics(Pages& pages, const HostPort& at, Report& report,
                           std::function<std::optional<SeatFigures>()> seats) {
    // Shared by the report's listener, which stays, and the page.
    const auto tally = std::make_shared<Tally>();
    auto served = pages.serve(
        at,
        [tally, &report, seats = std::move(seats)](const std::string& path) {
            if (path != "/metrics") return Page{404, "text/plain", "figures are at /metrics\n"};
            return Page{200, metrics_type, metrics_text(report.snapshot(), *tally, seats())};
        },
        {});
    if (!served) return std::move(served).error().during("--metrics");
    report.listen([tally](const Event& event, WallTime) { count(*tally, event); });
    report.publish(happened::Noted{"figures are shown at http://" +
                                   HostPort{at.host, served->port}.text() + "/metrics"});
    return std::move(served->held);
}

}  // namespace hansa
