// What has happened since the agent started, counted: what a report's snapshot does not keep, for
// programs that draw curves. Pure; fed with every event.
#pragma once

#include <cstdint>
#include <map>

#include "report/report.h"

namespace hansa {

struct Tally {
    std::map<Outcome, std::uint64_t> runs;
    std::uint64_t run_ns = 0;  // of all runs together
    std::uint64_t published = 0;
    std::uint64_t records_written = 0;
    std::uint64_t records_removed = 0;
    std::uint64_t publish_ns = 0;
    std::uint64_t collected = 0;  // news of what is collected
    std::size_t resources_collected = 0;
    std::uint64_t collected_changes = 0;
    std::uint64_t withdrawn = 0;
    std::uint64_t graphs_refused = 0;
    std::uint64_t conflicts = 0;
    std::uint64_t warnings = 0;
    bool store_is_there = false;
    std::uint64_t store_losses = 0;  // times that it was there and then was not, or read-only
};

void count(Tally& tally, const Event& event);

}  // namespace hansa
