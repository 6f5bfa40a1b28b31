// The kind `print`: says a line at start and whenever it is refreshed.
#pragma once

#include <memory>

#include "resource/kind.h"

namespace hansa::kinds {

std::unique_ptr<const Kind> print();

}  // namespace hansa::kinds
