// The kind `kv`: a key and its value in the store that all peers share.
#pragma once

#include <memory>

#include "resource/kind.h"

namespace hansa::kinds {

std::unique_ptr<const Kind> kv();

}  // namespace hansa::kinds
