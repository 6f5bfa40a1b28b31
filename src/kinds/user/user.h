// The kind `user`: a local account.
#pragma once

#include <memory>

#include "resource/kind.h"

namespace hansa::kinds {

std::unique_ptr<const Kind> user();

}  // namespace hansa::kinds
