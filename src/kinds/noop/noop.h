// The kind `noop`: nothing, at its place in the order; a joint for edges.
#pragma once

#include <memory>

#include "resource/kind.h"

namespace hansa::kinds {

std::unique_ptr<const Kind> noop();

}  // namespace hansa::kinds
