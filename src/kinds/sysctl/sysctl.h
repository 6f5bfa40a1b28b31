// The kind `sysctl`: a value of the running kernel, kept over boots.
#pragma once

#include <memory>

#include "resource/kind.h"

namespace hansa::kinds {

std::unique_ptr<const Kind> sysctl();

}  // namespace hansa::kinds
