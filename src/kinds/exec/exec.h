// The kind `exec`: a command that is run when its guards ask for it.
#pragma once

#include <memory>

#include "resource/kind.h"

namespace hansa::kinds {

std::unique_ptr<const Kind> exec();

}  // namespace hansa::kinds
