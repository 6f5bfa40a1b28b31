// Looks at an agent, its files and its machine, for hansa doctor. Changes nothing. Blocking, for a
// few seconds at most.
#pragma once

#include <string>

#include "base/result.h"
#include "daemon/diagnosis.h"

namespace hansa {

// `host`: whose agent is asked about the cluster; empty: the first that runs.
Signs examine(const std::string& prefix, const std::string& host);

}  // namespace hansa
