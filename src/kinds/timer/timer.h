// The kind `timer`: refreshes its successors every so often.
#pragma once

#include <memory>

#include "resource/kind.h"

namespace hansa::kinds {

std::unique_ptr<const Kind> timer();

}  // namespace hansa::kinds
