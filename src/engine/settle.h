// When is a machine converged? At rest, and quiet for so many seconds. Pure.
#pragma once

#include <optional>

#include "base/time.h"

namespace hansa {

struct RestInput {
    bool runner_at_rest = false;
    bool exports_acknowledged = true;  // true where nothing is exported
    bool collect_folded = true;        // true where nothing is collected
    Instant last_activity;
    Instant rest_since;  // when the three above became true together; meaningless before
};

// The instant at which the input counts as converged, or nothing while not at rest.
std::optional<Instant> converged_at(const RestInput& input, Seconds quiet);

}  // namespace hansa
