// The kind `msg`: a message for the people who look after this machine.
#pragma once

#include <memory>

#include "resource/kind.h"

namespace hansa::kinds {

std::unique_ptr<const Kind> msg();

}  // namespace hansa::kinds
