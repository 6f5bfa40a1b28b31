// The kind `mount`: a file system at its mount point.
#pragma once

#include <memory>

#include "resource/kind.h"

namespace hansa::kinds {

std::unique_ptr<const Kind> mount();

}  // namespace hansa::kinds
