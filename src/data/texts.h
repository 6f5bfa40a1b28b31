// Texts as a list of values: what Members::texts() reads again. Pure.
#pragma once

#include <string>
#include <vector>

#include "data/value.h"

namespace hansa {

Value list_of_texts(const std::vector<std::string>& texts);

}  // namespace hansa
