// The kind `pkg`: a package of the distribution, installed or not.
#pragma once

#include <memory>

#include "resource/kind.h"

namespace hansa::kinds {

std::unique_ptr<const Kind> pkg();

}  // namespace hansa::kinds
