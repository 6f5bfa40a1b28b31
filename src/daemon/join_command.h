// What "hansa join" does: gives this host an identity in a cluster without starting an agent, and
// where it is asked to, makes a host of one cluster a host of another. Blocking.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "daemon/settings.h"
#include "report/report.h"

namespace hansa {

struct JoinedShown {
    std::string cluster;
    std::string host;
    std::string uuid;
    std::string abandoned;  // where the former state of this host is now; empty: it had none
};

// Where the former state of a host goes: never over anything, and the name tells when.
std::string abandoned_path(const std::string& directory, WallTime now);

// `settings`: host, prefix and token; seeds and a limit of time as well, if any. `abandon`: a host
// that belongs to another cluster leaves its state behind, beside its directory. Code::conflict
// when its agent runs, or when it belongs to another cluster and shall not abandon that; nothing
// is changed then. An empty cluster: the time was up, or a signal came. `attach`: whoever tells
// people what goes on; lives longer than the call.
Result<JoinedShown> join_as_host(const Settings& settings, bool abandon,
                                 const std::function<void(Report&)>& attach);

}  // namespace hansa
