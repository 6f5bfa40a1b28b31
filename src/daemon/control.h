// The agent's control socket: answers what `hansa status` asks.
//
// Owned by Node; loop thread only. Only the agent's own user and root get an answer.
#pragma once

#include <string>

#include "base/result.h"
#include "report/report.h"
#include "sys/accounts.h"
#include "sys/sockets.h"

namespace hansa {

// Serves at `path` as long as the handle lives; everything must outlive it.
[[nodiscard]] Result<Held> serve_control(Sockets& sockets, const Accounts& accounts,
                                         const std::string& path, Report& report);

// The answer to a question. Pure.
std::string answer_control(const std::string& question, const Snapshot& snapshot);

}  // namespace hansa
