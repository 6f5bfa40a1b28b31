#include "daemon/answers.h"

#include "daemon/control.h"
#include "daemon/metrics.h"

namespace hansa {

Result<std::vector<Held>> serve_answers(const AnswerPorts& ports, const Settings& settings,
                                        const Residence& residence, StoreLink* store) {
    std::vector<Held> held;
    auto served =
        serve_control(ports.sockets, ports.accounts, residence.home->control_socket(), ports.report,
                      residence.readers, cluster_topics(store ? &store->desk() : nullptr));
    if (served)
        held.push_back(std::move(*served));
    else
        ports.report.publish(
            happened::Warned{"hansa status will not work: " + served.error().text});
    if (!settings.metrics) return held;
    auto shown = serve_metrics(ports.pages, *settings.metrics, ports.report, [store] {
        return store ? store->seat_figures() : std::optional<SeatFigures>{};
    });
    if (!shown) return std::move(shown).error();
    held.push_back(std::move(*shown));
    return held;
}

}  // namespace hansa
