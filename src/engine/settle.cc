#include "engine/settle.h"

#include <algorithm>

namespace hansa {

std::optional<Instant> converged_at(const RestInput& input, Seconds quiet) {
    const bool at_rest = input.runner_at_rest && input.exports_acknowledged && input.collect_folded;
    if (!at_rest) return std::nullopt;
    return std::max(input.last_activity, input.rest_since) + quiet;
}

}  // namespace hansa
