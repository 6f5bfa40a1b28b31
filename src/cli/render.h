// Events and snapshots as text for people. Pure.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "data/value.h"
#include "report/report.h"

namespace hansa {

enum class Colour { none, ansi };
enum class Detail { quiet, normal, verbose };

// One line without its end, or nothing when the event is not worth one at this detail.
// "01:52:33 file[/etc/motd] changed: content 12 B -> 18 B, mode 0600 -> 0644 (0.4 ms)"
std::optional<std::string> as_line(const Event& event, WallTime time, Detail detail, Colour colour);

// The agent's last words: what it did and what is wrong, one fact a line.
std::string as_summary(const Snapshot& snapshot, WallTime now);

// Why a resource is in its phase: what it waits for now, and the error that came before.
std::string reason_of(const std::string& detail, const std::string& last_error);

// What `hansa explain` prints; the argument is what explain() gave.
std::string as_explanation(const Value& answer);

// What `hansa status` prints; the argument is what to_value(Snapshot) gave.
std::string as_status(const Value& status);

// What `hansa cluster status` prints; the argument is the agent's answer (mesh/cluster_view.h).
std::string as_cluster(const Value& status);

// What `hansa peers` prints; the argument is the agent's answer (mesh/peers_view.h).
std::string as_peers(const Value& answer);

}  // namespace hansa
