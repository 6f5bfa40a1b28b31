// A join token as commands are given it: text, or @FILE. Errors show nothing of it.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "trust/token.h"

namespace hansa {

// Nothing where nothing was given.
Result<std::optional<Token>> token_of(const std::string& given);

}  // namespace hansa
