// The manual's pages about kinds, rendered from their tables, so that they cannot fall behind.
#pragma once

#include <string>

#include "resource/kind.h"

namespace hansa {

// The whole page docs/manual/kinds.md, in Markdown: what each kind is and a row for each field;
// kinds that are refused, with what to use instead, at the end.
std::string kinds_manual(const Catalog& catalog);

}  // namespace hansa
