// A Source gives declarations, now and whenever they change: text and mesh enter by this door, so
// `graph` never learns where one came from. Text gives a whole Manifest, mesh an Amendment.
#pragma once

#include <vector>

#include "resource/declaration.h"

namespace hansa {

// What changed since the last call: `upserts` replace what has the same instance id; a removal of
// what is not there changes nothing.
struct Amendment {
    std::vector<Declaration> upserts;
    std::vector<InstanceId> removals;
    bool empty() const { return upserts.empty() && removals.empty(); }
};

}  // namespace hansa
