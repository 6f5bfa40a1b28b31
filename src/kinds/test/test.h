// The kind `test`: does nothing, as slowly and as badly as it is told; for trying graphs.
#pragma once

#include <memory>

#include "resource/kind.h"

namespace hansa::kinds {

std::unique_ptr<const Kind> test();

}  // namespace hansa::kinds
