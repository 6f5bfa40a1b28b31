// The kind `hostname`: the names by which the machine calls itself.
#pragma once

#include <memory>

#include "resource/kind.h"

namespace hansa::kinds {

std::unique_ptr<const Kind> hostname();

}  // namespace hansa::kinds
