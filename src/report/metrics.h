// An agent's figures as text for monitoring systems (Prometheus text format 0.0.4,
// prometheus.io/docs/instrumenting/exposition_formats). Names: docs/manual/metrics.md. Pure.
//
// Nothing in it grows with the number of resources or peers: the figures are sums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "report/tally.h"

namespace hansa {

// What the agent beside a voter knows of the store and its seats.
struct SeatFigures {
    bool leads = false;       // the voter beside it does
    bool is_steward = false;  // it carries changes of seats out
    std::size_t ideal = 0;
    std::size_t voters = 0;
    std::size_t learners = 0;
    std::size_t unwell = 0;  // of these members: not known to be healthy
    std::uint64_t store_bytes = 0;
    friend bool operator==(const SeatFigures&, const SeatFigures&) = default;
};

inline constexpr const char* metrics_type = "text/plain; version=0.0.4; charset=utf-8";

std::string metrics_text(const Snapshot& snapshot, const Tally& tally,
                         const std::optional<SeatFigures>& seats);

}  // namespace hansa
