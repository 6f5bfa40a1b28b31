// The option --label KEY=VALUE, which may be given often. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace hansa {

// Code::invalid for what is no KEY=VALUE, and for a key that is given twice.
Result<std::map<std::string, std::string>> parse_labels(const std::vector<std::string>& texts);

}  // namespace hansa
