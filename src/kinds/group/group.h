// The kind `group`: a local group.
#pragma once

#include <memory>

#include "resource/kind.h"

namespace hansa::kinds {

std::unique_ptr<const Kind> group();

}  // namespace hansa::kinds
