// The kind `line`: one line of a text file that somebody else writes.
#pragma once

#include <memory>

#include "resource/kind.h"

namespace hansa::kinds {

std::unique_ptr<const Kind> line();

}  // namespace hansa::kinds
