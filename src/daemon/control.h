// The agent's control socket: answers what `hansa status` and `hansa explain` ask. Nothing here
// changes anything.
//
// Owned by Node; loop thread only. The agent's own user and root get an answer, and the members of
// one group if there is one (--control-group).
#pragma once

#include <string>

#include "base/result.h"
#include "report/report.h"
#include "sys/accounts.h"
#include "sys/sockets.h"

namespace hansa {

// Serves at `path` as long as the handle lives; everything must outlive it.
[[nodiscard]] Result<Held> serve_control(Sockets& sockets, const Accounts& accounts,
                                         const std::string& path, Report& report,
                                         std::optional<GroupId> group);

// Whether whoever asks is one of those. Pure.
bool may_ask(const LocalPeer& peer, UserId self, std::optional<GroupId> group);

// The answer to a question. Pure.
std::string answer_control(const std::string& question, const Snapshot& snapshot);

}  // namespace hansa
