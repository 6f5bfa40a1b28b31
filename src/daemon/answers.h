// Where a running agent answers: commands of this machine at its control socket, and monitoring
// systems at --metrics.
//
// Called by Node, on the loop thread.
#pragma once

#include <vector>

#include "daemon/residence.h"
#include "daemon/settings.h"
#include "daemon/store_link.h"
#include "report/report.h"
#include "sys/accounts.h"
#include "sys/pages.h"
#include "sys/sockets.h"

namespace hansa {

struct AnswerPorts {
    Sockets& sockets;
    Pages& pages;
    const Accounts& accounts;
    Report& report;
};

// Answers as long as the handles live; everything given must outlive them. `store` null:
// standalone. A control socket that cannot be had is told and no error; a port for figures that
// cannot be had is one, for it was asked for.
Result<std::vector<Held>> serve_answers(const AnswerPorts& ports, const Settings& settings,
                                        const Residence& residence, StoreLink* store);

}  // namespace hansa
